// Package worker makes renditions: it receives jobs from queues, and for each it reads the
// source, renders it, and publishes the renditions. This file runs many jobs concurrently;
// job.go handles one message, lease.go runs its job, publish.go reads, renders and stores,
// and complete.go ends it. The package decides neither what a viewer gets nor how pixels are
// made.
package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/internal/backoff"
	"calotype/queue"
	"calotype/worker/decoder"
	"calotype/worker/render"
	"calotype/worker/store"
)

// Visibility and MaxReceives are the required settings of the job queue: for how long a
// received message is hidden from other workers, and how often it may be received before
// the redrive policy moves it.
const (
	Visibility  = 30 * time.Second
	MaxReceives = 5
)

// A message's lease is its visibility timeout: how often it is extended while the job runs,
// and how long a job may run.
const (
	extendEvery = 10 * time.Second
	maxJobTime  = 15 * time.Minute
)

// Settings are an operator's settings.
type Settings struct {
	Presets calotype.Presets
	Prefix  calotype.Prefix
	// Quality, 1 to 100, is used for jobs without one.
	Quality int
	// Siblings says which variants a job makes in addition.
	Siblings Siblings
	// Info stores the [calotype.Info] of every source that is decoded, and of every upload
	// that S3 reports. Without it, that of sources for which a job asks.
	Info bool
	// OnUpload lists the variants to make of a source when S3 reports an upload, before a
	// viewer asks.
	OnUpload []calotype.Variant
	// Invalidate, if not nil, is called with a source's key when cached renditions of it are
	// no longer right: they are of an older version, or of a source that was removed.
	Invalidate func(source string)
	// Notify, if not nil, announces how each job ended.
	Notify Notify
	// Concurrency is how many jobs of the viewers' queue run concurrently.
	Concurrency int
	// Memory bounds the predicted bytes that all jobs together need for decoding.
	Memory int64
	// MaxReceives is the queue's maxReceiveCount.
	MaxReceives int
	// MaxBytes bounds a source's size; Limits bounds what its header declares.
	MaxBytes int64
	Limits   render.Limits
	// Engine renders the pictures.
	Engine decoder.Engine
	// CacheControl is the header of renditions, FallbackCacheControl that of fallback
	// copies.
	CacheControl, FallbackCacheControl string
	// Grace is how long jobs may still run after a stop.
	Grace time.Duration
	// Name identifies the worker in dead letters and logs.
	Name string
}

// Defaults returns the settings of an operator who sets none.
func Defaults() Settings {
	return Settings{
		Presets:              calotype.DefaultPresets(),
		Prefix:               "resized",
		Quality:              80,
		Siblings:             SiblingsFormat,
		Concurrency:          runtime.GOMAXPROCS(0),
		Memory:               DefaultMemory(runtime.GOMAXPROCS(0)),
		MaxReceives:          MaxReceives,
		MaxBytes:             100 << 20,
		Limits:               render.Limits{Pixels: 150_000_000, Frames: 1000, Lenient: true},
		CacheControl:         "public, max-age=300, s-maxage=86400, stale-while-revalidate=60, stale-if-error=86400",
		FallbackCacheControl: "public, max-age=1, s-maxage=300",
		Grace:                25 * time.Second,
		Name:                 "worker",
	}
}

// Queues are the queues that a worker receives from and sends to.
type Queues struct {
	// Jobs has the viewers' jobs. S3's events may be among them.
	Jobs *queue.Queue
	// Events has S3's events, and Backfill jobs without a waiting viewer. Both are received
	// only while viewers' jobs leave slots free. Either may be nil.
	Events, Backfill *queue.Queue
	// Dead is the dead-letter queue.
	Dead *queue.Queue
}

// Worker is a pool of slots over some queues and one bucket.
type Worker struct {
	Settings
	queues         []*jobQueue // The first is the viewers'.
	dead           *queue.Queue
	bucket         *store.Bucket
	log            zerolog.Logger
	poll           time.Duration // How long a poll of an empty queue lasts.
	admission      *admission
	sources        sourceLock
	failedVersions recent // Of sources whose failure no object records.
	badFocal       recent // Versions of sources whose focal point is not valid.
	unsent         recent // Versions of sources that failed, and whose dead letter could not be sent.
	services       outage // Of what jobs call.
	delayed        recent // Jobs that this worker sent again, while they are delayed.
	foreign        recent // Senders of messages that are not jobs, while they have a dead letter.
	health         *health
	metrics        *metrics
	running        atomic.Int32 // Jobs that have not returned, abandoned ones included.
}

// New returns a worker for a bucket that receives from queues and sends dead letters to
// another.
func New(s Settings, q Queues, bucket *store.Bucket, log zerolog.Logger) *Worker {
	w := &Worker{
		Settings: s,
		dead:     q.Dead,
		bucket:   bucket,
		log:      log,
		poll:     min(queue.MaxWait, max(firstPoll, s.Grace-pollSlack)),
		health:   newHealth(),
	}
	w.queues, w.admission = newQueues(s, q)
	w.metrics = newMetrics(w.queues, w.admission)
	return w
}

// A stop waits for the poll in flight, so a poll fits into the grace period, with time to
// requeue its messages. The first poll is short, so that readiness is known soon.
const (
	firstPoll = time.Second
	pollSlack = 5 * time.Second
)

// The wait between the polls of a queue that fails, in addition to the SDK's retries.
const (
	firstPollRetry = time.Second
	maxPollRetry   = 30 * time.Second
)

var (
	// ErrStuck is the error of a worker that abandoned a job which did not return after its
	// context was cancelled: its process should end.
	ErrStuck = errors.New("a job is stuck")

	errShutdownTimeout = errors.New("shutdown timeout")
	errTooLong         = fmt.Errorf("job ran for %v", maxJobTime)
)

// Run receives and runs jobs until the context ends, and then stops in two phases: it
// receives nothing more, but jobs that have started have the grace period to finish. A job
// that has not started, or does not finish, is requeued. A stuck job stops the worker as
// well. Run returns when every message is completed or requeued.
func (w *Worker) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(w.health.sound, func() { stop(ErrStuck) })()
	working, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(nil)
	context.AfterFunc(ctx, func() {
		w.health.unready(errStopping)
		time.AfterFunc(w.Grace, func() { abort(errShutdownTimeout) })
	})
	var queues sync.WaitGroup
	for _, q := range w.queues {
		queues.Go(func() { w.receiveJobs(ctx, working, q) })
	}
	queues.Wait()
	if n := w.running.Load(); n > 0 {
		return fmt.Errorf("%w: abandoned: %d", ErrStuck, n)
	}
	return nil
}

// receiveJobs receives and starts a queue's jobs until the context ends, and waits for the
// running ones.
func (w *Worker) receiveJobs(ctx, working context.Context, q *jobQueue) {
	var running sync.WaitGroup
	defer running.Wait()
	failures := 0
	for {
		// Slots first: a leased message never waits for a slot.
		if q.awaitCapacity(ctx) != nil || q.slots.Acquire(ctx, 1) != nil {
			return
		}
		free := 1
		for free < queue.MaxBatch && q.slots.TryAcquire(1) {
			free++
		}
		messages, err := w.receive(working, q, free)
		q.slots.Release(int64(free - len(messages)))
		if !q.lowPriority() {
			w.health.unready(err)
		}
		if err != nil {
			if q.outage.failed(1) {
				w.log.Error().Err(err).Str("queue", q.name).Msg("receive fails: retrying until it succeeds")
			}
			failures++
			backoff.Wait(ctx, backoff.Delay(failures, firstPollRetry, maxPollRetry))
			continue
		}
		if length, ended := q.outage.succeeded(); ended {
			w.log.Info().Str("queue", q.name).Dur("ms", length).Msg("receive succeeds again")
		}
		failures = 0
		for _, m := range messages {
			if ctx.Err() != nil {
				q.slots.Release(1)
				running.Go(func() { w.requeueUnstarted(working, q, m) })
				continue
			}
			running.Go(func() { w.handle(working, q, m, w.admission.grant(q.slots)) })
		}
	}
}

// receive lets the poll end even if all jobs must end: the messages of an interrupted poll
// would stay hidden.
func (w *Worker) receive(ctx context.Context, q *jobQueue, limit int) ([]queue.Message, error) {
	wait := w.poll
	if w.Ready() != nil {
		wait = min(wait, firstPoll)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait+pollSlack)
	defer cancel()
	return q.Receive(ctx, limit, wait, Visibility)
}

// stuck marks the worker unhealthy. A job that does not return after its context is
// cancelled keeps its slot and its memory, which only the end of the process frees.
func (w *Worker) stuck(m queue.Message, job calotype.Job) {
	w.log.Error().Str("source", job.Source).Str("message_id", m.ID).
		Msg("a job did not return after its context was cancelled: this worker receives no more jobs and exits")
	w.health.unsound()
}
