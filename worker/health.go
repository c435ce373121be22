package worker

import (
	"context"
	"errors"
	"sync"
)

// health holds whether a worker is ready and healthy.
type health struct {
	// sound is cancelled when a job is stuck.
	sound   context.Context
	unsound context.CancelFunc

	mu  sync.Mutex
	why error // Why the worker is not ready, or nil.
}

var (
	errNotYet   = errors.New("has not received from the queue yet")
	errStopping = errors.New("is stopping")
)

func newHealth() *health {
	h := &health{why: errNotYet}
	h.sound, h.unsound = context.WithCancel(context.Background())
	return h
}

// unready records why the worker takes no jobs (nil: it does). Once stopping, it stays
// unready.
func (h *health) unready(why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.why != errStopping {
		h.why = why
	}
}

// Ready returns why the worker takes no jobs, or nil: the last poll of the queue
// succeeded, and nothing is stuck.
func (w *Worker) Ready() error {
	if err := w.Healthy(); err != nil {
		return err
	}
	w.health.mu.Lock()
	defer w.health.mu.Unlock()
	return w.health.why
}

// Healthy returns why the worker's process should be replaced, or nil.
func (w *Worker) Healthy() error {
	if w.health.sound.Err() != nil {
		return ErrStuck
	}
	return nil
}
