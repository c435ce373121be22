// Package worker makes renditions: it receives jobs from a queue, and for each it
// reads the source, has it rendered, and publishes what was wanted. job.go tells
// the life of one job; this file runs many side by side. It decides neither what a
// viewer gets nor how pixels are made.
package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"calotype"
	"calotype/queue"
	"calotype/worker/render"
	"calotype/worker/store"
)

// The lease of a message: how long it is hidden from other workers, how often that
// is extended while its job runs, and when its job has run too long.
const (
	visibility  = 30 * time.Second
	extendEvery = 10 * time.Second
	longestJob  = 15 * time.Minute
)

// settleTime bounds an acknowledgement: it goes on when all else is to end.
const settleTime = 10 * time.Second

// Settings are what an operator decides.
type Settings struct {
	Presets calotype.Presets
	Prefix  calotype.Prefix
	// Quality from 1 to 100 holds where a job brings none.
	Quality int
	// Siblings are what a job makes beside what it was asked for.
	Siblings Siblings
	// Concurrency is how many jobs run at once.
	Concurrency int
	// MaxBytes bounds a source's size; Limits what its header promises.
	MaxBytes int64
	Limits   render.Limits
	// CacheControl is what renditions carry, KeptCacheControl what copies of
	// broken sources carry.
	CacheControl, KeptCacheControl string
	// Grace is how long jobs may still run once the worker is told to stop.
	Grace time.Duration
	// Name tells workers apart in dead letters and logs.
	Name string
}

// Defaults returns the settings that hold where an operator says nothing else.
func Defaults() Settings {
	return Settings{
		Presets:          calotype.DefaultPresets(),
		Prefix:           "resized",
		Quality:          80,
		Siblings:         SiblingsFormat,
		Concurrency:      runtime.GOMAXPROCS(0),
		MaxBytes:         100 << 20,
		Limits:           render.Limits{Pixels: 150_000_000, Frames: 1000},
		CacheControl:     "public, max-age=300, s-maxage=86400",
		KeptCacheControl: "public, max-age=0, s-maxage=300",
		Grace:            25 * time.Second,
		Name:             "worker",
	}
}

// Worker is a pool of slots over one queue and one bucket.
type Worker struct {
	Settings
	jobs    *queue.Queue
	dead    *queue.Queue
	bucket  *store.Bucket
	log     zerolog.Logger
	poll    time.Duration // How long an empty queue is waited on.
	sources keyedLock
	alone   sync.RWMutex // Held whole by a message that may be what kills workers.
}

// New returns a worker that takes jobs from one queue and buries what it gives up
// in another.
func New(s Settings, jobs, dead *queue.Queue, bucket *store.Bucket, log zerolog.Logger) *Worker {
	return &Worker{Settings: s, jobs: jobs, dead: dead, bucket: bucket, log: log, poll: queue.MaxWait}
}

var (
	errGraceOver = errors.New("grace period over")
	errTooLong   = fmt.Errorf("job ran for %v", longestJob)
)

// Run works until the context ends, and then stops in two phases: it receives
// nothing more, but gives what has begun the grace period to finish. What has not
// begun, or does not finish, goes back to the queue. Run returns when no job runs.
func (w *Worker) Run(ctx context.Context) {
	working, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(nil)
	context.AfterFunc(ctx, func() {
		time.AfterFunc(w.Grace, func() { abort(errGraceOver) })
	})

	slots := semaphore.NewWeighted(int64(w.Concurrency))
	var running sync.WaitGroup
	defer running.Wait()
	var pause backoff
	for {
		// Slots first: a leased message never waits for a worker.
		if slots.Acquire(ctx, 1) != nil {
			return
		}
		free := 1
		for free < queue.MaxBatch && slots.TryAcquire(1) {
			free++
		}
		// Not on ctx: a poll that is cut off strands what it would have brought.
		messages, err := w.jobs.Receive(working, free, w.poll, visibility)
		slots.Release(int64(free - len(messages)))
		if err != nil {
			w.log.Error().Err(err).Msg("receive")
			pause.wait(ctx)
			continue
		}
		pause = backoff{}
		for _, m := range messages {
			if ctx.Err() != nil {
				w.release(working, m)
				slots.Release(1)
				continue
			}
			running.Go(func() {
				defer slots.Release(1)
				w.handle(working, m)
			})
		}
	}
}

// release gives a message back to the queue, for another worker.
func (w *Worker) release(ctx context.Context, m queue.Message) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := w.jobs.Release(ctx, m); err != nil {
		w.log.Warn().Err(err).Msg("release") // It returns by itself a little later.
	}
}

// backoff waits longer and longer between the polls of a queue that fails, on top
// of the SDK's own retries.
type backoff struct{ failures int }

func (b *backoff) wait(ctx context.Context) {
	longest := min(time.Second<<min(b.failures, 5), 30*time.Second)
	b.failures++
	select {
	case <-ctx.Done():
	case <-time.After(jitter(longest)):
	}
}

// jitter returns a random part of a duration, at least half of it.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}
