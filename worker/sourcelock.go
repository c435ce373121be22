package worker

import (
	"context"
	"sync"
)

// sourceLock is a lock for each key. The zero value is ready.
type sourceLock struct {
	mu   sync.Mutex
	held map[string]*holder
}

type holder struct {
	token   chan struct{} // Holds one token: the goroutine that receives it has the lock.
	waiting int           // The number of goroutines that hold the lock or wait for it.
}

// lock waits for the key's lock until the context ends. Unlock must be called once.
func (l *sourceLock) lock(ctx context.Context, key string) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = make(map[string]*holder)
	}
	h := l.held[key]
	if h == nil {
		h = &holder{token: make(chan struct{}, 1)}
		h.token <- struct{}{}
		l.held[key] = h
	}
	h.waiting++
	l.mu.Unlock()

	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if h.waiting--; h.waiting == 0 {
			delete(l.held, key)
		}
	}
	select {
	case <-h.token:
		return func() { h.token <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, context.Cause(ctx)
	}
}
