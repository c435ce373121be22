package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"calotype/queue"
)

// lease keeps a message hidden from other workers while its job runs.
type lease struct {
	cancel context.CancelCauseFunc
	ended  chan struct{}
}

// hold extends the message's lease again and again until it is let go. The context
// it returns ends, with the cause, when the lease is lost or the job has run for
// too long; what comes of the job then is up to who receives the message next.
func (w *Worker) hold(ctx context.Context, m queue.Message) (context.Context, *lease) {
	ctx, cancel := context.WithCancelCause(ctx)
	l := &lease{cancel, make(chan struct{})}
	go func() {
		defer close(l.ended)
		l.extend(ctx, w.jobs, m)
	}()
	return ctx, l
}

func (l *lease) extend(ctx context.Context, q *queue.Queue, m queue.Message) {
	held := time.Now() // When the lease was surely ours for a visibility timeout.
	every := time.NewTicker(extendEvery)
	defer every.Stop()
	cap := time.NewTimer(longestJob)
	defer cap.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-cap.C:
			l.cancel(errTooLong)
			return
		case <-every.C:
			began := time.Now()
			err := extendOnce(ctx, q, m)
			switch {
			case err == nil:
				held = began
			case errors.Is(err, queue.ErrLeaseLost), time.Since(held) >= visibility:
				l.cancel(fmt.Errorf("%w: %w", queue.ErrLeaseLost, err))
				return
			}
		}
	}
}

// extendOnce gives up in time for another try before the lease ends.
func extendOnce(ctx context.Context, q *queue.Queue, m queue.Message) error {
	ctx, cancel := context.WithTimeout(ctx, extendEvery/2)
	defer cancel()
	return q.Extend(ctx, m, visibility)
}

// letGo stops extending and waits for the extension in flight, so that none comes
// after the acknowledgement.
func (l *lease) letGo() {
	l.cancel(nil)
	<-l.ended
}
