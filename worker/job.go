package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"calotype"
	"calotype/queue"
	"calotype/worker/failure"
)

// retryFor is how long a job is retried before it is rejected: as long as SQS keeps a
// message.
const retryFor = 14 * 24 * time.Hour

// The delays of a retry after a transient failure double from the first to the longest.
const (
	firstRetry = 5 * time.Second
	maxRetry   = queue.MaxDelay
)

// A failure of unknown kind is tried this often, with this delay in between.
const (
	maxUnknown   = 3
	unknownRetry = 4 * time.Minute
)

// throttledDelay is the delay of a big picture that is requeued because too many wait.
const throttledDelay = time.Minute

// handle runs one message's job and completes the message. These are the main ends of a job;
// [outcome] has all of them. Done: the renditions are stored, or need not be, and the message
// is deleted. Rejected: it is dead-lettered, then deleted. Both are announced before the
// delete. Retried: a new message with a delay is sent, then the old one deleted. Interrupted:
// a new message is sent at once. The grant is released before the job is announced.
func (w *Worker) handle(ctx context.Context, q *jobQueue, m queue.Message, g *grant) {
	a := w.newAttempt(q, m)
	defer a.finish()
	jobs, err := w.parse(m)
	switch {
	case err == nil && len(jobs) != 1:
		g.release()
		a.err = w.split(ctx, a, jobs)
		return
	case err == nil && jobs[0].Notification != nil:
		g.release()
		a.job = jobs[0]
		a.err = w.deliver(ctx, a)
		return
	case err == nil:
		a.job = jobs[0]
		a.logStart()
		a.result, err = w.runLeased(ctx, a, g)
		a.job.DeadLettered = a.job.DeadLettered || a.deadLettered
	default:
		g.release()
		if len(jobs) == 1 { // A job that was retried too long.
			a.job = jobs[0]
		}
	}
	a.err = w.complete(ctx, a, err)
}

// parse reads a message: a job, or S3 events, each of which can become one.
func (w *Worker) parse(m queue.Message) ([]calotype.Job, error) {
	job, err := calotype.ParseJob(m.Body)
	if err != nil {
		if events, ok, err := calotype.ParseEvents(m.Body); ok {
			return w.jobsOf(events, m), malformed(err)
		}
		if errors.As(err, new(*calotype.NewerJobError)) {
			return nil, err
		}
		return nil, malformed(err)
	}
	if queue.ReasonOf(m).Class != "" {
		// The message came back from the dead letters without a replay, for example by the
		// console's redrive, which keeps its attributes.
		job = job.Replayed()
	}
	if job.FirstSeen.IsZero() {
		job.FirstSeen = m.Sent
	}
	if age := time.Since(job.FirstSeen); job.Attempt > 0 && age > retryFor {
		err = failure.New(failure.RetriedTooLong, "retried %d times in %v", job.Attempt, age.Round(time.Hour))
	}
	return []calotype.Job{job}, err
}

// exhausted returns the failure of a job whose attempts all ended in an error of unknown
// kind, or nil if the job is tried again.
func exhausted(job calotype.Job, err error) *failure.Failure {
	if job.Unknown+1 < maxUnknown {
		return nil
	}
	return failure.New(failure.Internal, "%d attempts ended in an error of this program, the last: %s", maxUnknown, shortened(err.Error()))
}

func malformed(err error) error {
	if err == nil {
		return nil
	}
	return failure.New(failure.MalformedJob, "%s", shortened(err.Error()))
}

// maxDetail bounds the part of a message that its dead letter and the log repeat, in
// bytes: a body with a detail as long as itself would exceed SQS's limit.
const maxDetail = 1 << 10

func shortened(detail string) string {
	if len(detail) <= maxDetail {
		return detail
	}
	return strings.ToValidUTF8(detail[:maxDetail], "") + "…"
}

// panicError returns the error of a recovered panic. A deferred function calls it.
func panicError(v any) error {
	return fmt.Errorf("panic: %v at %s", v, panicOrigin(string(debug.Stack())))
}

// panicOrigin returns the file and line of a recovered panic: the frame that follows the
// runtime's own.
func panicOrigin(stack string) string {
	_, after, ok := strings.Cut(stack, "\npanic(")
	lines := strings.Split(after, "\n")
	if !ok || len(lines) < 4 {
		return "an unknown location"
	}
	file, _, _ := strings.Cut(strings.TrimSpace(lines[3]), " ")
	return file
}

// isPoison reports whether this is the last receive of a message that the redrive policy
// permits. If the job crashed its worker once more, the policy would move the message to
// the dead-letter queue without a reason, and no fallback copy would stop its return.
func (w *Worker) isPoison(m queue.Message) bool {
	return m.Receives > 1 && m.Receives >= w.MaxReceives
}
