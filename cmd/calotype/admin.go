package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
)

// adminFlags are the flags of commands that serve health and metrics.
type adminFlags struct {
	AdminListen string `help:"The address to serve /healthz, /readyz and /metrics on; none if empty." placeholder:"ADDRESS"`
}

func (f adminFlags) check() []error {
	if f.AdminListen == "" {
		return nil
	}
	return checkAddress("admin-listen", f.AdminListen)
}

// admin serves /healthz (503 if the process should be replaced), /readyz (503 while it does
// no work), each with the reason, and /metrics for Prometheus.
type admin struct {
	*http.ServeMux
	checks  atomic.Pointer[checks]
	metrics *prometheus.Registry
}

// checks are the health checks of what the process runs.
type checks struct{ healthy, ready func() error }

var (
	errStarting = errors.New("is starting")
	errStopping = errors.New("is stopping")
)

// newAdmin returns the handler of a process that is starting.
func newAdmin() *admin {
	a := &admin{ServeMux: http.NewServeMux()}
	a.setChecks(isHealthy, func() error { return errStarting })
	a.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { respond(w, a.checks.Load().healthy()) })
	a.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { respond(w, a.checks.Load().ready()) })
	a.metrics = newRegistry(a)
	a.Handle("GET /metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{}))
	return a
}

// isHealthy is the health check of a process that cannot break permanently.
func isHealthy() error { return nil }

// setChecks replaces the health checks.
func (a *admin) setChecks(healthy, ready func() error) {
	a.checks.Store(&checks{healthy, ready})
}

func respond(w http.ResponseWriter, err error) {
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// serve listens on the address until end is called, which waits at most a second for
// responses in progress. Without an address it does nothing.
func (a *admin) serve(f adminFlags, log zerolog.Logger) (end func(), err error) {
	if f.AdminListen == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", f.AdminListen)
	if err != nil {
		return nil, fmt.Errorf("--admin-listen: %w%w", err, markErr(errUsage))
	}
	server := &http.Server{Handler: a, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // It returns when the server is shut down.
	}()
	log.Info().Stringer("admin", listener.Addr()).Msg("admin listens")
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
		<-served
	}, nil
}
