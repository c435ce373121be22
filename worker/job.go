package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"calotype"
	"calotype/queue"
)

// aloneFrom is the receive from which on a message is worked on with nothing
// beside it: SQS counts receives, and only crashes and releases leave a message
// to be received again, so this one may be what kills workers.
const aloneFrom = 3

// retryFor is how long a job is put off and tried again before it is given up: as
// long as SQS can keep a message.
const retryFor = 14 * 24 * time.Hour

// Reject is the error of a job that no other attempt will do: it is buried with
// the reason.
type Reject struct {
	Class  string // At most 64 ASCII characters.
	Detail string
}

func (r *Reject) Error() string { return r.Class + ": " + r.Detail }

// The classes of rejects that are the job's own; a picture's are in package render.
const (
	classMalformedJob   = "malformed-job"
	classUnknownVersion = "unknown-job-version"
	classUnknownVariant = "unknown-variant"
	classForbidden      = "forbidden"
	classRetriedTooLong = "retried-too-long"
)

// handle is the life of a job. It ends in one of four ways. Done: the renditions
// are stored, or need not be, and the message is deleted. Rejected: it is buried,
// then deleted. Put off, on any other error: a fresh message with a delay is sent,
// then the old one deleted. Interrupted: the message goes back as it is.
func (w *Worker) handle(ctx context.Context, m queue.Message) {
	report := w.report(m)
	defer report.log()

	job, err := parse(m)
	report.job = job
	if err == nil {
		leased, lease := w.hold(ctx, m)
		err = w.work(leased, m, job, report)
		if cause := context.Cause(leased); err != nil && cause != nil {
			err = cause
		}
		lease.letGo()
	}

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	var reject *Reject
	switch {
	case err == nil:
		err = w.jobs.Delete(ctx, m)
	case errors.Is(err, errGraceOver):
		report.outcome = interrupted
		err = errors.Join(err, w.jobs.Release(ctx, m))
	case errors.Is(err, queue.ErrLeaseLost), errors.Is(err, errTooLong):
		report.outcome = interrupted // Somebody else's by now, or soon.
	case errors.As(err, &reject):
		report.reject(reject)
		err = w.bury(ctx, m, job, reject)
		if err == nil {
			err = w.jobs.Delete(ctx, m)
		}
	default:
		report.outcome = putOff
		err = errors.Join(err, w.putOff(ctx, m, job))
	}
	report.err = err
}

func parse(m queue.Message) (calotype.Job, error) {
	job, err := calotype.ParseJob(m.Body)
	switch {
	case errors.Is(err, calotype.ErrJobVersion):
		return job, &Reject{classUnknownVersion, err.Error()}
	case err != nil:
		return job, &Reject{classMalformedJob, err.Error()}
	}
	if job.FirstSeen.IsZero() {
		job.FirstSeen = m.Sent
	}
	if age := time.Since(job.FirstSeen); job.Attempt > 0 && age > retryFor {
		return job, &Reject{classRetriedTooLong, fmt.Sprintf("put off %d times in %v", job.Attempt, age.Round(time.Hour))}
	}
	return job, nil
}

// work makes and publishes the renditions, when nobody else in this process is at
// the same source. What it finds wrong with the picture itself it buries.
func (w *Worker) work(ctx context.Context, m queue.Message, job calotype.Job, report *report) error {
	if err := w.Prefix.CheckSource(job.Source); err != nil {
		return &Reject{classMalformedJob, err.Error()}
	}
	if m.Receives >= aloneFrom {
		w.alone.Lock()
		defer w.alone.Unlock()
	} else {
		w.alone.RLock()
		defer w.alone.RUnlock()
	}
	unlock, err := w.sources.lock(ctx, job.Source)
	if err != nil {
		return err
	}
	defer unlock()
	buried := false
	return w.publish(ctx, job, report, func(reject *Reject) error {
		if buried {
			return nil // One dead letter a job, whatever else is wrong with it.
		}
		report.reject(reject)
		err := w.bury(ctx, m, job, reject)
		buried = err == nil
		return err
	})
}

// putOff sends the job again, to be received after a delay that grows with every
// attempt, and deletes the message. So an outage uses up no receives: the redrive
// policy is left to count what kills workers.
func (w *Worker) putOff(ctx context.Context, m queue.Message, job calotype.Job) error {
	job.Attempt++
	if err := w.jobs.Send(ctx, job.Encode(), retryDelay(job.Attempt)); err != nil {
		return err // The message returns by itself when its lease ends.
	}
	return w.jobs.Delete(ctx, m)
}

// retryDelay is 5 s doubling to 15 min, of which at least half.
func retryDelay(attempt int) time.Duration {
	return jitter(min(5*time.Second<<min(attempt-1, 10), queue.MaxDelay))
}

// bury sends the job, as it came, to the dead letters.
func (w *Worker) bury(ctx context.Context, m queue.Message, job calotype.Job, reject *Reject) error {
	return w.dead.Bury(ctx, m.Body, queue.Reason{
		Class:     reject.Class,
		Detail:    reject.Detail,
		Attempts:  job.Attempt + 1,
		Worker:    w.Name,
		FirstSeen: job.FirstSeen,
	})
}
