package worker

import (
	"context"
	"errors"
	"time"

	"calotype"
	"calotype/internal/backoff"
	"calotype/queue"
	"calotype/worker/failure"
)

// completeTimeout bounds the calls that complete a message. They also run after the
// shutdown timeout.
const completeTimeout = 10 * time.Second

// complete handles the message according to the job's outcome.
func (w *Worker) complete(ctx context.Context, a *attempt, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), completeTimeout)
	defer cancel()
	switch {
	case err == nil:
		return w.conclude(ctx, a)
	case errors.Is(err, queue.ErrLeaseLost), errors.Is(err, errTooLong):
		a.outcome = interrupted // Another worker has the message, or soon will.
		return err
	case errors.Is(err, errShutdownTimeout):
		a.outcome = interrupted
		return errors.Join(err, w.requeue(ctx, a))
	case errors.Is(err, errThrottled):
		a.outcome = throttled
		return w.resend(ctx, a, backoff.Jitter(throttledDelay))
	}
	var newer *calotype.NewerJobError
	if errors.As(err, &newer) {
		return w.deferNewer(ctx, a, newer)
	}
	switch failure.KindOf(err) {
	case failure.Transient:
		if !errors.As(err, new(*failure.Failure)) { // RetriedTooLong ends up here.
			return errors.Join(err, w.retry(ctx, a, backoff.Delay(a.job.Attempt+1, firstRetry, maxRetry)))
		}
	case failure.Unknown:
		f := exhausted(a.job, err)
		if f == nil {
			a.job.Unknown++
			return errors.Join(err, w.retry(ctx, a, backoff.Jitter(unknownRetry)))
		}
		err = f
	}
	var f *failure.Failure
	errors.As(err, &f)
	return w.reject(ctx, a, f)
}

// reject dead-letters the job, announces it and deletes its message. The version of the
// source that failed is remembered, where publish has not done so.
func (w *Worker) reject(ctx context.Context, a *attempt, f *failure.Failure) error {
	a.reject(f)
	a.announcedFailure = f
	first, takeBack := w.firstOfSender(a)
	if !first {
		a.outcome = remembered
		return w.delete(ctx, a)
	}
	if !a.job.DeadLettered {
		if err := w.deadLetter(ctx, a.message, a.job, f); err != nil {
			takeBack()
			return err
		}
		a.job.DeadLettered = true
	}
	if f.Class == failure.Internal {
		w.failedVersions.remember(failedKey(a.job.Source, ""), f, time.Now().Add(rememberFor))
	}
	return w.conclude(ctx, a)
}

// retry sends the job again with a delay. A job that is delayed already by this worker is
// not sent a second time, so that the messages for a picture do not grow with its views.
func (w *Worker) retry(ctx context.Context, a *attempt, delay time.Duration) error {
	a.job.Attempt++
	key := identity(a.job)
	if _, pending := w.delayed.recall(key); pending {
		a.outcome = merged
		return w.delete(ctx, a)
	}
	a.outcome = retried
	until := time.Now().Add(delay) // Before the send, so that it is over when the message returns.
	if err := w.resend(ctx, a, delay); err != nil {
		return err
	}
	w.delayed.remember(key, nil, until)
	return nil
}

// identity returns the body that jobs with the same request share, whatever viewer sent it
// and however often it was tried.
func identity(job calotype.Job) string {
	job.Request, job.Attempt, job.Unknown, job.FirstSeen, job.DeadLettered = "", 0, 0, time.Time{}, false
	return job.Encode()
}

// delete acknowledges the message.
func (w *Worker) delete(ctx context.Context, a *attempt) (err error) {
	a.deleteRetried, err = a.queue.acks.delete(ctx, a.message)
	return err
}

// resend sends the job in a new message, to be received after the delay, and deletes the
// old one. SQS's receive count therefore counts only crashes: an outage or a stop uses up
// no receives.
func (w *Worker) resend(ctx context.Context, a *attempt, delay time.Duration) error {
	return w.resendTo(ctx, a, a.queue, delay)
}

// resendTo does the same with a queue of its own for the new message.
func (w *Worker) resendTo(ctx context.Context, a *attempt, q *jobQueue, delay time.Duration) error {
	if err := q.Send(ctx, a.job.Encode(), delay); err != nil {
		return err // The message returns by itself when its lease ends.
	}
	return w.delete(ctx, a)
}

// requeue sends the job again, for another worker that can receive it at once. Releasing
// the message would count as a receive, so that is done only if sending fails.
func (w *Worker) requeue(ctx context.Context, a *attempt) error {
	err := w.resend(ctx, a, 0)
	if err != nil && !errors.Is(err, queue.ErrLeaseLost) {
		return errors.Join(err, a.queue.Release(ctx, a.message))
	}
	return err
}

// requeueUnstarted requeues a message that a poll returned after the stop.
func (w *Worker) requeueUnstarted(ctx context.Context, q *jobQueue, m queue.Message) {
	jobs, err := w.parse(m)
	if err != nil || len(jobs) != 1 {
		w.handle(ctx, q, m, w.admission.none()) // It needs no work.
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), completeTimeout)
	defer cancel()
	a := w.newAttempt(q, m)
	a.job, a.outcome = jobs[0], requeued
	a.err = w.requeue(ctx, a)
	a.finish()
}

// deadLetter sends the job to the dead-letter queue with the reason. The body stays
// unchanged. An S3 event is sent as the job that it became, so that it can be replayed.
func (w *Worker) deadLetter(ctx context.Context, m queue.Message, job calotype.Job, f *failure.Failure) error {
	body := m.Body
	if _, isEvent, _ := calotype.ParseEvents(body); isEvent && job.Source != "" {
		body = job.Encode()
	}
	return w.dead.DeadLetter(ctx, body, queue.Reason{
		Class:     f.Class,
		Detail:    f.Detail,
		Attempts:  job.Attempt + 1,
		Worker:    w.Name,
		FirstSeen: job.FirstSeen,
	})
}

// A message of a newer version waits this long for a newer worker: an upgrade or a rollback
// of the fleet takes less.
const (
	waitForNewer = 24 * time.Hour
	firstDefer   = 15 * time.Second
)

// deferNewer sends a message for a newer worker again, unchanged except for the number of
// attempts. After waitForNewer it is dead-lettered.
func (w *Worker) deferNewer(ctx context.Context, a *attempt, newer *calotype.NewerJobError) error {
	firstSeen := newer.FirstSeen
	if firstSeen.IsZero() {
		firstSeen = a.message.Sent
	}
	if time.Since(firstSeen) > waitForNewer {
		a.job.Attempt, a.job.FirstSeen = newer.Attempt, firstSeen
		return w.reject(ctx, a, failure.New(failure.UnknownJobVersion, "%s; no newer worker received it in %v", shortened(newer.Error()), waitForNewer))
	}
	a.outcome = deferred
	attempt := newer.Attempt + 1
	delay := backoff.Delay(attempt, firstDefer, queue.MaxDelay)
	if err := a.queue.Send(ctx, newer.Retry(attempt, firstSeen), delay); err != nil {
		return errors.Join(newer, err)
	}
	return errors.Join(newer, w.delete(ctx, a))
}
