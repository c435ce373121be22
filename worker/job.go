package worker

import (
	"context"
	"errors"
	"strings"
	"time"

	"calotype"
	"calotype/queue"
	"calotype/worker/failure"
)

// retryFor is how long a job is put off and tried again before it is given up: as
// long as SQS can keep a message.
const retryFor = 14 * 24 * time.Hour

// crowdedDelay is about how long a big picture is given back for where too many wait
// for their turn.
const crowdedDelay = time.Minute

// The classes of failures that are the job's own; a picture's are in package render.
const (
	classMalformedJob   = "malformed-job"
	classUnknownVersion = "unknown-job-version"
	classUnknownVariant = "unknown-variant"
	classForbidden      = "forbidden"
	classRetriedTooLong = "retried-too-long"
	classPoison         = "poison-message"
	classTooMuchMemory  = "too-much-memory"
)

// handle is the life of a job. It ends in one of four ways. Done: the renditions
// are stored, or need not be, and the message is deleted. Rejected: it is buried,
// then deleted. Put off, on any other error: a fresh message with a delay is sent,
// then the old one deleted. Interrupted: a fresh message is sent at once. The
// place is left before the message is acknowledged.
func (w *Worker) handle(ctx context.Context, l *lane, m queue.Message, p *place) {
	report := w.report(l, m)
	defer func() { report.tell() }()
	jobs, err := w.parse(m)
	if err == nil && len(jobs) != 1 {
		p.leave()
		report.err = w.spread(ctx, report, jobs)
		return
	}
	if err == nil {
		report.job = jobs[0]
		report, err = w.attend(ctx, report, p)
	} else {
		p.leave()
	}
	report.err = w.settle(ctx, report, err)
}

// settle does with the message what its job's end asks for.
func (w *Worker) settle(ctx context.Context, r *report, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	var failed *failure.Failure
	switch {
	case err == nil:
		return w.delete(ctx, r)
	case errors.Is(err, queue.ErrLeaseLost), errors.Is(err, errTooLong):
		r.outcome = interrupted // Somebody else's by now, or soon.
		return err
	case errors.Is(err, errGraceOver):
		r.outcome = interrupted
		return errors.Join(err, w.giveBack(ctx, r))
	case errors.Is(err, errCrowded):
		r.outcome = crowded
		return w.sendAgain(ctx, r, jitter(crowdedDelay))
	case errors.As(err, &failed):
		if err := w.deadLetter(ctx, r, failed); err != nil {
			return err
		}
		return w.delete(ctx, r)
	default:
		r.outcome = putOff
		r.job.Attempt++
		return errors.Join(err, w.sendAgain(ctx, r, retryDelay(r.job.Attempt)))
	}
}

// parse reads a message: a job, or what S3 tells of objects, of which each may be one.
func (w *Worker) parse(m queue.Message) ([]calotype.Job, error) {
	job, err := calotype.ParseJob(m.Body)
	if err != nil {
		if events, ok, err := calotype.ParseEvents(m.Body); ok {
			return w.jobsOf(events, m), reject(classMalformedJob, err)
		}
		if errors.Is(err, calotype.ErrJobVersion) {
			return nil, reject(classUnknownVersion, err)
		}
		return nil, reject(classMalformedJob, err)
	}
	if job.FirstSeen.IsZero() {
		job.FirstSeen = m.Sent
	}
	if age := time.Since(job.FirstSeen); job.Attempt > 0 && age > retryFor {
		err = failure.New(classRetriedTooLong, "retried %d times in %v", job.Attempt, age.Round(time.Hour))
	}
	return []calotype.Job{job}, err
}

func reject(class string, err error) error {
	if err == nil {
		return nil
	}
	return failure.New(class, "%s", shortened(err.Error()))
}

// mostDetail is as much of a message as its dead letter and the log repeat of it, in
// bytes: a body with a detail as long as itself would be more than SQS takes.
const mostDetail = 1 << 10

func shortened(detail string) string {
	if len(detail) <= mostDetail {
		return detail
	}
	return strings.ToValidUTF8(detail[:mostDetail], "") + "…"
}

// work makes and publishes the renditions, when nobody else in this process is at
// the same source, and a big picture when it is its turn. What it finds wrong with
// the picture itself it buries.
func (w *Worker) work(ctx context.Context, r *report, p *place) error {
	if err := w.Prefix.CheckSource(r.job.Source); err != nil {
		return failure.New(classMalformedJob, "%s", err)
	}
	if r.message.Receives >= w.quarantineAfter() {
		if err := p.alone(ctx); err != nil {
			return err
		}
	}
	for {
		err := w.workOnSource(ctx, r, p)
		if !errors.Is(err, errOutOfTurn) {
			return err
		}
		// Whatever was seen of the bucket is old when the turn comes.
		if err := p.waitTurn(ctx); err != nil {
			return err
		}
	}
}

func (w *Worker) workOnSource(ctx context.Context, r *report, p *place) error {
	unlock, err := w.sources.lock(ctx, r.job.Source)
	if err != nil {
		return err
	}
	defer unlock()
	return w.publish(ctx, r, p)
}

// quarantineAfter is the receive from which on a message is worked on with nothing beside
// it: SQS counts receives, and only what crashes leaves a message to be received
// again, so this one may be what kills workers. It comes before the last receive,
// since that ends without any work.
func (w *Worker) quarantineAfter() int { return max(2, min(3, w.MaxReceives-1)) }

// isPoison reports whether this is the last receive of a message that the
// redrive policy permits. If the job were begun once more and once more took the
// worker along, the policy would move it to the dead letters without a reason, and
// without a copy in the rendition's place that would keep it from coming back.
func (w *Worker) isPoison(m queue.Message) bool {
	return m.Receives > 1 && m.Receives >= w.MaxReceives
}

// retryDelay is 5 s doubling to 15 min, of which at least half.
func retryDelay(attempt int) time.Duration {
	return jitter(min(5*time.Second<<min(attempt-1, 10), queue.MaxDelay))
}

// delete acknowledges the message.
func (w *Worker) delete(ctx context.Context, r *report) (err error) {
	r.deleteRetried, err = r.lane.acks.delete(ctx, r.message)
	return err
}

// sendAgain sends the job in a fresh message, to be received after the delay, and
// deletes the one that it came in. So SQS's count of receives is left to count what
// kills workers: an outage, a stop or a crowd uses up none.
func (w *Worker) sendAgain(ctx context.Context, r *report, delay time.Duration) error {
	if err := r.lane.Send(ctx, r.job.Encode(), delay); err != nil {
		return err // The message returns by itself when its lease ends.
	}
	return w.delete(ctx, r)
}

// giveBack sends the job again for another worker, which can receive it at once.
// To release the message would count as a receive: that is done only where nothing
// can be sent.
func (w *Worker) giveBack(ctx context.Context, r *report) error {
	err := w.sendAgain(ctx, r, 0)
	if err != nil && !errors.Is(err, queue.ErrLeaseLost) {
		return errors.Join(err, r.lane.Release(ctx, r.message))
	}
	return err
}

// giveBackUnbegun gives back a message that came with a poll after the stop.
func (w *Worker) giveBackUnbegun(ctx context.Context, l *lane, m queue.Message) {
	jobs, err := w.parse(m)
	if err != nil || len(jobs) != 1 {
		w.handle(ctx, l, m, w.room.none()) // That takes no work.
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	r := w.report(l, m)
	r.job, r.outcome = jobs[0], unbegun
	r.err = w.giveBack(ctx, r)
	r.tell()
}

// deadLetter sends the job, as it came, to the dead-letter queue, with the first reason that
// there is. What came as an event is sent as the job that it is, to be replayed. A job
// has one dead letter, whatever else is wrong with it, and however often it is put off
// after that: the message that it is sent again in says so.
func (w *Worker) deadLetter(ctx context.Context, r *report, f *failure.Failure) error {
	r.reject(f)
	if r.job.DeadLettered {
		return nil
	}
	err := w.dead.DeadLetter(ctx, r.body(), queue.Reason{
		Class:     f.Class,
		Detail:    f.Detail,
		Attempts:  r.job.Attempt + 1,
		Worker:    w.Name,
		FirstSeen: r.job.FirstSeen,
	})
	r.job.DeadLettered = err == nil
	return err
}
