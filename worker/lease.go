package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"calotype"
	"calotype/queue"
)

// lease keeps a message hidden from other workers while its job runs.
type lease struct {
	cancel context.CancelCauseFunc
	ended  chan struct{}
}

// cancelGrace is how long a job may take to return after its context is cancelled. A job
// that takes longer is abandoned.
const cancelGrace = 2 * time.Second

// runLeased runs a job under a lease and releases its grant when the job returns. If the
// context ends and the job does not return, runLeased returns without a result, so that the
// message need not wait; the context limits what the job can still publish. A job that does
// not return when the longest lease is over is stuck.
func (w *Worker) runLeased(ctx context.Context, a *attempt, g *grant) (result, error) {
	leased, lease := newLease(ctx, a.queue.Queue, a.message)
	defer lease.stop()
	type end struct {
		result
		err error
	}
	ended := make(chan end, 1)
	m, job := a.message, a.job
	w.running.Add(1)
	stuck := time.AfterFunc(maxJobTime+cancelGrace, func() { w.stuck(m, job) })
	go func() {
		r, err := w.run(leased, m, job, g)
		if cause := context.Cause(leased); err != nil && cause != nil {
			err = cause
		}
		stuck.Stop()
		g.release()
		w.running.Add(-1)
		ended <- end{r, err}
	}()
	select {
	case e := <-ended:
		return e.result, e.err
	case <-leased.Done():
	}
	select {
	case e := <-ended:
		return e.result, e.err
	case <-time.After(cancelGrace):
		return result{}, context.Cause(leased)
	}
}

// run renders and publishes. A big picture waits for its turn.
func (w *Worker) run(ctx context.Context, m queue.Message, job calotype.Job, g *grant) (result, error) {
	if err := w.Prefix.CheckSource(job.Source); err != nil {
		return result{}, malformed(err)
	}
	for _, v := range job.Variants {
		if err := calotype.CheckKey(w.Prefix.RenditionKey(v, job.Source)); err != nil {
			return result{}, malformed(err)
		}
	}
	for {
		r, err := w.withSourceLock(ctx, m, job, g)
		if !errors.Is(err, errBigSlotTaken) {
			return r, err
		}
		// The objects seen before the wait are out of date.
		if err := g.waitBigSlot(ctx); err != nil {
			return r, err
		}
	}
}

// withSourceLock publishes while no other job of this process works on the same source. A
// panic becomes an error of unknown kind.
func (w *Worker) withSourceLock(ctx context.Context, m queue.Message, job calotype.Job, g *grant) (r result, err error) {
	unlock, err := w.sources.lock(ctx, job.Source)
	if err != nil {
		return result{}, err
	}
	defer unlock()
	defer func() {
		if v := recover(); v != nil {
			err = panicError(v)
		}
	}()
	return w.publish(ctx, m, job, g)
}

// newLease extends the message's lease until it is stopped. The returned context ends, with
// the cause, when the lease is lost or the job has run too long. The next receiver of the
// message then decides.
func newLease(ctx context.Context, q *queue.Queue, m queue.Message) (context.Context, *lease) {
	ctx, cancel := context.WithCancelCause(ctx)
	l := &lease{cancel, make(chan struct{})}
	go func() {
		defer close(l.ended)
		l.extend(ctx, q, m)
	}()
	return ctx, l
}

func (l *lease) extend(ctx context.Context, q *queue.Queue, m queue.Message) {
	valid := time.Now() // The last time the lease was known to be valid.
	every := time.NewTicker(extendEvery)
	defer every.Stop()
	limit := time.NewTimer(maxJobTime)
	defer limit.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-limit.C:
			l.cancel(errTooLong)
			return
		case <-every.C:
			start := time.Now()
			err := extendOnce(ctx, q, m)
			switch {
			case err == nil:
				valid = start
			case errors.Is(err, queue.ErrLeaseLost), time.Since(valid) >= Visibility:
				l.cancel(fmt.Errorf("%w: %w", queue.ErrLeaseLost, err))
				return
			}
		}
	}
}

// extendOnce times out early enough for another try before the lease ends.
func extendOnce(ctx context.Context, q *queue.Queue, m queue.Message) error {
	ctx, cancel := context.WithTimeout(ctx, extendEvery/2)
	defer cancel()
	return q.Extend(ctx, m, Visibility)
}

// stop stops extending and waits for the extension in flight, so that none comes after
// the acknowledgement.
func (l *lease) stop() {
	l.cancel(nil)
	<-l.ended
}
