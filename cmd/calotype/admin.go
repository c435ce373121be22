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

// adminFlags are those of every command that tells how it is.
type adminFlags struct {
	AdminListen string `help:"The address to serve /healthz, /readyz and /metrics on; none if empty." placeholder:"ADDRESS"`
}

func (f adminFlags) check() []error {
	if f.AdminListen == "" {
		return nil
	}
	return checkAddress("admin-listen", f.AdminListen)
}

// admin answers for whoever runs the process: /healthz is 503 when it should be
// replaced, /readyz when it does no work, each with the reason; /metrics is for
// Prometheus.
type admin struct {
	*http.ServeMux
	subject atomic.Pointer[subject]
	metrics *prometheus.Registry
}

// subject is what there is to say of what the process does.
type subject struct{ healthy, ready func() error }

var (
	errStarting = errors.New("is starting")
	errStopping = errors.New("is stopping")
)

// newAdmin answers for a process that is starting.
func newAdmin() *admin {
	a := &admin{ServeMux: http.NewServeMux()}
	a.answerFor(isHealthy, func() error { return errStarting })
	a.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, a.subject.Load().healthy()) })
	a.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, a.subject.Load().ready()) })
	a.metrics = newRegistry(a)
	a.Handle("GET /metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{}))
	return a
}

// isHealthy is the answer of what has nothing that could break for good.
func isHealthy() error { return nil }

// answerFor changes whom the answers are for.
func (a *admin) answerFor(healthy, ready func() error) {
	a.subject.Store(&subject{healthy, ready})
}

func answer(w http.ResponseWriter, err error) {
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// serve serves at the address until it is ended, which takes no answer's time: an
// answer is there at once, or never. Without an address it does nothing.
func (a *admin) serve(f adminFlags, log zerolog.Logger) (end func(), err error) {
	if f.AdminListen == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", f.AdminListen)
	if err != nil {
		return nil, fmt.Errorf("--admin-listen: %w%w", err, quiet(errUsage))
	}
	server := &http.Server{Handler: a, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // It ends with the listener.
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
