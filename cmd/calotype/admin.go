package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// admin answers for whoever runs the process: /healthz is 503 when it should be
// replaced, /readyz when it does no work, each with the reason.
type admin struct {
	*http.ServeMux
	subject atomic.Pointer[subject]
}

// subject is what there is to say of what the process does.
type subject struct{ healthy, ready func() error }

var errStarting = errors.New("is starting")

// newAdmin answers for a process that is starting.
func newAdmin() *admin {
	a := &admin{ServeMux: http.NewServeMux()}
	a.answerFor(func() error { return nil }, func() error { return errStarting })
	a.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, a.subject.Load().healthy()) })
	a.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, a.subject.Load().ready()) })
	return a
}

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

// serve serves at an address until it is ended, which takes no answer's time: an
// answer is there at once, or never. Without an address it does nothing.
func (a *admin) serve(address string) (at net.Addr, end func(), err error) {
	if address == "" {
		return nil, func() {}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, nil, fmt.Errorf("--admin-listen: %w%w", err, quiet(errUsage))
	}
	server := &http.Server{Handler: a, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // It ends with the listener.
	}()
	return listener.Addr(), func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
		<-served
	}, nil
}
