package worker

import (
	"time"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/queue"
	"calotype/worker/failure"
)

// outcome is how a job ended.
type outcome string

const (
	done        outcome = "done"        // Renditions were stored.
	current     outcome = "current"     // They stood there already.
	gone        outcome = "gone"        // The source is not there.
	rejected    outcome = "rejected"    // Buried.
	putOff      outcome = "put-off"     // Sent again, with a delay.
	interrupted outcome = "interrupted" // Given back, or left to be received again.
	unbegun     outcome = "unbegun"     // Given back: the worker stops.
	crowded     outcome = "crowded"     // Given back: too many big pictures wait.
	spread      outcome = "spread"      // Several events of S3: each sent as a job.
	ignored     outcome = "ignored"     // Events of S3 that ask for nothing.
)

// report is what is told of a job at its end: one event in the log, and the metrics.
type report struct {
	to      *zerolog.Logger
	metrics *metrics
	lane    *lane
	message queue.Message
	job     calotype.Job
	outcome outcome
	err     error
	class   string // Of the reject.
	detail  string

	deleteRetried bool

	began       time.Time
	get         time.Duration
	render, put time.Duration
	firstStored time.Duration // From the first request to the first rendition.
	renditions  int
	removed     int  // Renditions that were deleted.
	changed     bool // Of what viewers may have seen of another version.
	starts      int
	bytesIn     int64
	bytesOut    int64
}

func (w *Worker) report(l *lane, m queue.Message) *report {
	return &report{to: &w.log, metrics: w.metrics, lane: l, message: m, outcome: done, began: time.Now()}
}

// end says how the job ended, unless it was buried on the way.
func (r *report) end(o outcome) {
	if r.outcome != rejected {
		r.outcome = o
	}
}

// reject says why the job is buried. The first reason stands.
func (r *report) reject(f *failure.Failure) {
	if r.outcome = rejected; r.class == "" {
		r.class, r.detail = f.Class, f.Detail
	}
}

func (r *report) stored(bytes int64) {
	if r.renditions == 0 {
		r.firstStored = time.Since(r.job.FirstSeen)
	}
	r.renditions++
	r.bytesOut += bytes
}

// age is how long a job waited to be received. It is known of a message that is the
// job's first and is received for the first time: others were hidden for a while, by
// a delay or a lease. SQS tells nobody the age of what still waits.
func (r *report) age() (age time.Duration, ok bool) {
	first := r.message.Receives == 1 && r.job.FirstSeen.Equal(r.message.Sent)
	return max(0, r.began.Sub(r.message.Sent)), first // Clocks differ.
}

// waitedFor reports whether a viewer may have waited for what was stored.
func (r *report) waitedFor() bool { return r.renditions > 0 && !r.job.Reconcile && !r.job.Exact }

// tell is the one place where a job's end is told.
func (r *report) tell() {
	r.metrics.count(r)
	r.log()
}

func (r *report) log() {
	level := zerolog.InfoLevel
	switch {
	case r.outcome == rejected:
		level = zerolog.WarnLevel
	case r.outcome == ignored && r.err == nil: // One for each rendition that is put, where S3 tells of all.
		level = zerolog.DebugLevel
	case r.err != nil:
		level = zerolog.ErrorLevel
	}
	e := r.to.WithLevel(level).
		Str("outcome", string(r.outcome)).
		Str("lane", r.lane.name).
		Str("source", r.job.Source).
		Strs("variants", names(r.job.Variants)).
		Int("renditions", r.renditions).
		Dur("ms", time.Since(r.began)).
		Dur("get_ms", r.get).
		Dur("render_ms", r.render).
		Dur("put_ms", r.put).
		Int64("bytes_in", r.bytesIn).
		Int64("bytes_out", r.bytesOut).
		Int("receives", r.message.Receives).
		Str("message_id", r.message.ID)
	if r.waitedFor() {
		e.Dur("miss_to_rendition_ms", r.firstStored)
	}
	if r.job.Request != "" {
		e.Str("request", r.job.Request)
	}
	if r.job.Attempt > 0 {
		e.Int("attempt", r.job.Attempt)
	}
	if r.removed > 0 {
		e.Int("removed", r.removed)
	}
	if r.starts > 0 {
		e.Int("started_over", r.starts)
	}
	if r.deleteRetried {
		e.Bool("delete_retried", true)
	}
	if r.class != "" {
		e.Str("class", r.class).Str("detail", r.detail)
	}
	e.Err(r.err).Msg("job")
}

// body is what the message asks for: a job, as it came or as it was made of an event.
func (r *report) body() string {
	if _, isEvent, _ := calotype.ParseEvents(r.message.Body); isEvent && r.job.Source != "" {
		return r.job.Encode()
	}
	return r.message.Body
}

func names(variants []calotype.Variant) []string {
	names := make([]string, len(variants))
	for i, v := range variants {
		names[i] = v.String()
	}
	return names
}
