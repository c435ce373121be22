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

// unwinding is how long work may take to end once its context has. What takes longer
// is in the midst of a picture, where nothing interrupts it.
const unwinding = 2 * time.Second

// attend has a job's work done under a lease, and leaves the place when the work
// has ended. It returns before that where the context ends and the work does not,
// so that the message need not wait for it; then what the work reports is lost, and
// what it could still publish is up to the context. Work that does not even end when
// the longest lease is over is stuck.
func (w *Worker) attend(ctx context.Context, r *report, p *place) (*report, error) {
	leased, lease := hold(ctx, r.lane.Queue, r.message)
	defer lease.letGo()
	left := w.report(r.lane, r.message)
	left.job = r.job
	ended := make(chan error, 1)
	w.atWork.Add(1)
	stuck := time.AfterFunc(longestJob+unwinding, func() { w.stuck(left) })
	go func() {
		err := w.work(leased, r, p)
		if cause := context.Cause(leased); err != nil && cause != nil {
			err = cause
		}
		stuck.Stop()
		p.leave()
		w.atWork.Add(-1)
		ended <- err
	}()
	select {
	case err := <-ended:
		return r, err
	case <-leased.Done():
	}
	select {
	case err := <-ended:
		return r, err
	case <-time.After(unwinding):
		return left, context.Cause(leased)
	}
}

// stuck gives up on the process: libvips has no way to stop what it does, and a slot,
// its memory and a thread are lost to it.
func (w *Worker) stuck(r *report) {
	w.log.Error().Str("source", r.job.Source).Str("message_id", r.message.ID).
		Msg("a job is stuck in native code: this worker takes no more jobs and ends")
	w.health.unsound()
}

// hold extends the message's lease again and again until it is let go. The context
// it returns ends, with the cause, when the lease is lost or the job has run for
// too long; what comes of the job then is up to who receives the message next.
func hold(ctx context.Context, q *queue.Queue, m queue.Message) (context.Context, *lease) {
	ctx, cancel := context.WithCancelCause(ctx)
	l := &lease{cancel, make(chan struct{})}
	go func() {
		defer close(l.ended)
		l.extend(ctx, q, m)
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
			case errors.Is(err, queue.ErrLeaseLost), time.Since(held) >= Visibility:
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
	return q.Extend(ctx, m, Visibility)
}

// letGo stops extending and waits for the extension in flight, so that none comes
// after the acknowledgement.
func (l *lease) letGo() {
	l.cancel(nil)
	<-l.ended
}
