package worker

import (
	"time"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/queue"
	"calotype/worker/failure"
	"calotype/worker/notify"
)

// outcome is how an attempt ended.
type outcome string

const (
	done          outcome = "done"           // Renditions were stored.
	current       outcome = "current"        // The renditions were current already.
	sourceMissing outcome = "source-missing" // The source does not exist.
	rejected      outcome = "rejected"       // The job was dead-lettered.
	remembered    outcome = "remembered"     // This version of the source, or this foreign sender, failed before and has its dead letter.
	retried       outcome = "retried"        // The job was sent again, with a delay.
	merged        outcome = "merged"         // It failed, and the same job is delayed already.
	deferred      outcome = "deferred"       // A newer worker has to read the message.
	interrupted   outcome = "interrupted"    // Requeued at the shutdown timeout, or the lease was lost.
	requeued      outcome = "requeued"       // Requeued before it started: the worker stops.
	throttled     outcome = "throttled"      // Requeued: too many big pictures wait.
	split         outcome = "split"          // Several S3 events, each sent as a job.
	delivered     outcome = "delivered"      // A notification that waited in the queue was sent.
	undelivered   outcome = "undelivered"    // The same was refused, and sent again with a delay.
	ignored       outcome = "ignored"        // Nothing to do: S3 events of no source, or the source is a rendition.
)

// attempt records one execution of a job: the message, what happened, and how long each
// stage took. One goroutine owns it.
type attempt struct {
	worker  *Worker
	queue   *jobQueue
	message queue.Message
	job     calotype.Job
	started time.Time

	result        // The result of publish, if it ran.
	err           error
	deleteRetried bool

	notified  notify.Type // The type of the notification, if one was due.
	notifyErr error       // Why the bus did not accept it, so that it waits in the queue.
}

// result is what publish did. The outcome is done unless it says otherwise.
type result struct {
	outcome      outcome
	failure      *failure.Failure // Why the job was rejected: the first failure.
	deadLettered bool

	getTime, renderTime, putTime time.Duration
	firstStored                  time.Time
	renditions                   int
	damaged                      int  // Renditions of a damaged picture.
	removed                      int  // Renditions that were deleted.
	changed                      bool // Viewers may have cached a rendition that was replaced or removed.
	startedOver                  int
	bytesIn, bytesOut            int64
	thumbHash                    []byte // Of the source's current version, if it is known: see info.go.

	announced
}

func (w *Worker) newAttempt(q *jobQueue, m queue.Message) *attempt {
	return &attempt{worker: w, queue: q, message: m, started: time.Now(), result: result{outcome: done}}
}

// reject records why the job is rejected. The first failure counts.
func (a *attempt) reject(f *failure.Failure) {
	if a.outcome = rejected; a.failure == nil {
		a.failure = f
	}
}

// age returns how long the job waited to be received. It is known for a job's first
// message that is received for the first time: others were hidden for a while, by a delay
// or a lease.
func (a *attempt) age() (age time.Duration, ok bool) {
	first := a.message.Receives == 1 && a.job.FirstSeen.Equal(a.message.Sent)
	return max(0, a.started.Sub(a.message.Sent)), first // Clocks differ.
}

// missToRendition returns the time from a viewer's first request to the first rendition.
// It is false for jobs that no viewer waits for.
func (a *attempt) missToRendition() (time.Duration, bool) {
	return a.firstStored.Sub(a.job.FirstSeen), a.renditions > 0 && !a.job.Reconcile && !a.job.Exact
}

// logStart logs the start of a job that was received before, so that the log names the
// job that a worker crashed with.
func (a *attempt) logStart() {
	if a.message.Receives > 1 {
		a.worker.log.Info().Str("queue", a.queue.name).Str("source", a.job.Source).Strs("variants", names(a.job.Variants)).
			Int("receives", a.message.Receives).Str("message_id", a.message.ID).Msg("job starts")
	}
}

// finish logs the job's outcome and updates the metrics. It is the only place that does.
func (a *attempt) finish() {
	a.worker.metrics.count(a)
	level := zerolog.InfoLevel
	switch {
	case a.outcome == rejected, a.outcome == deferred:
		level = zerolog.WarnLevel
	case a.outcome == ignored && a.err == nil: // One for each rendition, where S3 reports all of the bucket.
		level = zerolog.DebugLevel
	case a.err != nil:
		level = zerolog.ErrorLevel
	}
	e := a.worker.log.WithLevel(level).
		Str("outcome", string(a.outcome)).
		Str("queue", a.queue.name).
		Str("source", a.job.Source).
		Strs("variants", names(a.job.Variants)).
		Int("renditions", a.renditions).
		Dur("ms", time.Since(a.started)).
		Dur("get_ms", a.getTime).
		Dur("render_ms", a.renderTime).
		Dur("put_ms", a.putTime).
		Int64("bytes_in", a.bytesIn).
		Int64("bytes_out", a.bytesOut).
		Int("receives", a.message.Receives).
		Str("message_id", a.message.ID)
	a.logOptional(e)
	e.Err(a.err).Msg("job")
	a.logOutage()
}

// manyFailures is how many jobs in a row fail for a service until that is an outage. One
// object that cannot be read is not an outage.
const manyFailures = 3

// logOutage logs when jobs begin to fail for a service, and when one succeeds again.
func (a *attempt) logOutage() {
	switch {
	case a.job.Notification != nil: // The bus is not what jobs need.
	case a.err == nil && a.outcome != ignored && a.outcome != requeued:
		if length, ended := a.worker.services.succeeded(); ended {
			a.worker.log.Info().Dur("ms", length).Msg("jobs succeed again")
		}
	case a.err != nil && (a.outcome == retried || a.outcome == merged) && failure.KindOf(a.err) == failure.Transient:
		if a.worker.services.failed(manyFailures) {
			a.worker.log.Error().Err(a.err).Msg("a service fails: jobs are retried until it recovers")
		}
	}
}

// logOptional adds the fields that most jobs do not have.
func (a *attempt) logOptional(e *zerolog.Event) {
	if waited, ok := a.missToRendition(); ok {
		e.Dur("miss_to_rendition_ms", waited)
	}
	if a.job.Request != "" {
		e.Str("request", a.job.Request)
	}
	if a.job.Attempt > 0 {
		e.Int("attempt", a.job.Attempt)
	}
	if a.damaged > 0 {
		e.Int("damaged", a.damaged)
	}
	if a.removed > 0 {
		e.Int("removed", a.removed)
	}
	if a.startedOver > 0 {
		e.Int("started_over", a.startedOver)
	}
	if a.deleteRetried {
		e.Bool("delete_retried", true)
	}
	if a.notified != "" {
		e.Str("notification", string(a.notified))
	}
	if a.notifyErr != nil {
		e.AnErr("notify_error", a.notifyErr)
	}
	if a.failure != nil {
		e.Str("class", a.failure.Class).Str("kind", a.failure.Kind().String()).Str("detail", a.failure.Detail)
	}
}

func names(variants []calotype.Variant) []string {
	names := make([]string, len(variants))
	for i, v := range variants {
		names[i] = v.String()
	}
	return names
}
