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
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/queue"
	"calotype/worker/render"
	"calotype/worker/store"
)

// What the job queue must have: how long a message that was received is hidden from
// other workers, and how often it is received before the redrive policy ends it.
const (
	Visibility  = 30 * time.Second
	MaxReceives = 5
)

// The lease of a message is its visibility: how often that is extended while its job
// runs, and when its job has run too long.
const (
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
	// Memory bounds the bytes that decoding takes, in all jobs together, as it is
	// predicted.
	Memory int64
	// MaxReceives is how often the queue lets a message be received.
	MaxReceives int
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
		Memory:           defaultMemory(),
		MaxReceives:      MaxReceives,
		MaxBytes:         100 << 20,
		Limits:           render.Limits{Pixels: 150_000_000, Frames: 1000, Time: 5 * time.Minute},
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
	acks    acknowledger
	poll    time.Duration // How long an empty queue is waited on.
	room    *room
	sources keyedLock
	health  *health
	metrics *metrics
	atWork  atomic.Int32 // Jobs whose work has not ended, left behind or not.
	open    func([]byte, render.Limits) (*render.Picture, error)
}

// New returns a worker that takes jobs from one queue and buries what it gives up
// in another.
func New(s Settings, jobs, dead *queue.Queue, bucket *store.Bucket, log zerolog.Logger) *Worker {
	room := newRoom(s.Concurrency, s.Memory)
	return &Worker{
		Settings: s,
		jobs:     jobs,
		dead:     dead,
		bucket:   bucket,
		log:      log,
		acks:     acknowledger{queue: jobs},
		poll:     min(queue.MaxWait, max(firstPoll, s.Grace-pollSlack)),
		room:     room,
		health:   newHealth(),
		metrics:  newMetrics(room),
		open:     render.Open,
	}
}

// A stop waits for the poll in flight, so a poll fits into the grace period, with
// some time to give back what it brought. A poll of a worker that is not known to
// receive is short, so that it is known soon.
const (
	firstPoll = time.Second
	pollSlack = 5 * time.Second
)

var (
	// ErrStuck is the error of a worker that left work behind, which does not end and
	// cannot be interrupted: its process should end.
	ErrStuck = errors.New("a job is stuck")

	errGraceOver = errors.New("grace period over")
	errTooLong   = fmt.Errorf("job ran for %v", longestJob)
)

// Run works until the context ends, and then stops in two phases: it receives
// nothing more, but gives what has begun the grace period to finish. What has not
// begun, or does not finish, goes back to the queue. A job that is stuck makes it
// stop as well. Run returns when every message is dealt with.
func (w *Worker) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(w.health.sound, func() { stop(ErrStuck) })()
	working, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(nil)
	context.AfterFunc(ctx, func() {
		w.health.unready(errStopping)
		time.AfterFunc(w.Grace, func() { abort(errGraceOver) })
	})
	w.takeJobs(ctx, working)
	if n := w.atWork.Load(); n > 0 {
		return fmt.Errorf("%w: left behind: %d", ErrStuck, n)
	}
	return nil
}

// takeJobs receives jobs until the context ends, and waits for those that work.
func (w *Worker) takeJobs(ctx, working context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	var pause backoff
	for {
		// Slots first: a leased message never waits for a worker.
		if w.room.slots.Acquire(ctx, 1) != nil {
			return
		}
		free := 1
		for free < queue.MaxBatch && w.room.slots.TryAcquire(1) {
			free++
		}
		messages, err := w.receive(working, free)
		w.room.slots.Release(int64(free - len(messages)))
		w.health.unready(err)
		if err != nil {
			w.log.Error().Err(err).Msg("receive")
			pause.wait(ctx)
			continue
		}
		pause = backoff{}
		for _, m := range messages {
			if ctx.Err() != nil {
				w.room.slots.Release(1)
				running.Go(func() { w.giveBackUnbegun(working, m) })
				continue
			}
			running.Go(func() { w.handle(working, m, w.room.place()) })
		}
	}
}

// receive lets the poll end even if all work is to end: a poll that is cut off
// strands what it would have brought.
func (w *Worker) receive(ctx context.Context, most int) ([]queue.Message, error) {
	wait := w.poll
	if w.Ready() != nil {
		wait = min(wait, firstPoll)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait+pollSlack)
	defer cancel()
	return w.jobs.Receive(ctx, most, wait, Visibility)
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
