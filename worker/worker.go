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
	// OnUpload are the variants that are made of a source when S3 tells that it was
	// put, before anyone asks.
	OnUpload []calotype.Variant
	// Invalidate, where it is set, is called with the key of a source of which viewers may
	// hold renditions that are no longer right: of an older version, or of one that is
	// gone.
	Invalidate func(source string)
	// Concurrency is how many of the jobs run at once that viewers wait for.
	Concurrency int
	// Memory bounds the bytes that decoding takes, in all jobs together, as it is
	// predicted.
	Memory int64
	// MaxReceives is how often the queue lets a message be received.
	MaxReceives int
	// MaxBytes bounds a source's size; Limits what its header promises.
	MaxBytes int64
	Limits   render.Limits
	// CacheControl is what renditions carry, FallbackCacheControl what copies of
	// broken sources carry.
	CacheControl, FallbackCacheControl string
	// Grace is how long jobs may still run once the worker is told to stop.
	Grace time.Duration
	// Name tells workers apart in dead letters and logs.
	Name string
}

// Defaults returns the settings that hold where an operator says nothing else.
func Defaults() Settings {
	return Settings{
		Presets:              calotype.DefaultPresets(),
		Prefix:               "resized",
		Quality:              80,
		Siblings:             SiblingsFormat,
		Concurrency:          runtime.GOMAXPROCS(0),
		Memory:               defaultMemory(),
		MaxReceives:          MaxReceives,
		MaxBytes:             100 << 20,
		Limits:               render.Limits{Pixels: 150_000_000, Frames: 1000, Time: 5 * time.Minute},
		CacheControl:         "public, max-age=300, s-maxage=86400",
		FallbackCacheControl: "public, max-age=0, s-maxage=300",
		Grace:                25 * time.Second,
		Name:                 "worker",
	}
}

// Queues are where jobs come from, and where those go that are given up.
type Queues struct {
	// Jobs are what viewers wait for. S3's events may be among them.
	Jobs *queue.Queue
	// Events are S3's, and Backfill is what nobody waits for: both are worked on as
	// far as viewers' jobs leave slots free. Either may be nil.
	Events, Backfill *queue.Queue
	// Dead are the jobs that were given up.
	Dead *queue.Queue
}

// Worker is a pool of slots over some queues and one bucket.
type Worker struct {
	Settings
	lanes   []*lane // The first is what viewers wait for.
	dead    *queue.Queue
	bucket  *store.Bucket
	log     zerolog.Logger
	poll    time.Duration // How long an empty queue is waited on.
	room    *room
	sources keyedLock
	health  *health
	metrics *metrics
	atWork  atomic.Int32 // Jobs whose work has not ended, left behind or not.
	open    func([]byte, render.Limits) (*render.Picture, error)
}

// New returns a worker for a bucket, which takes jobs from some queues and buries in
// another what it gives up.
func New(s Settings, q Queues, bucket *store.Bucket, log zerolog.Logger) *Worker {
	w := &Worker{
		Settings: s,
		dead:     q.Dead,
		bucket:   bucket,
		log:      log,
		poll:     min(queue.MaxWait, max(firstPoll, s.Grace-pollSlack)),
		health:   newHealth(),
		open:     render.Open,
	}
	w.lanes, w.room = newLanes(s, q)
	w.metrics = newMetrics(w.lanes, w.room)
	return w
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
	var lanes sync.WaitGroup
	for _, l := range w.lanes {
		lanes.Go(func() { w.takeJobs(ctx, working, l) })
	}
	lanes.Wait()
	if n := w.atWork.Load(); n > 0 {
		return fmt.Errorf("%w: left behind: %d", ErrStuck, n)
	}
	return nil
}

// takeJobs receives a lane's jobs until the context ends, and waits for those that
// work.
func (w *Worker) takeJobs(ctx, working context.Context, l *lane) {
	var running sync.WaitGroup
	defer running.Wait()
	var pause backoff
	for {
		// Slots first: a leased message never waits for a worker.
		if l.awaitTurn(ctx) != nil || l.slots.Acquire(ctx, 1) != nil {
			return
		}
		free := 1
		for free < queue.MaxBatch && l.slots.TryAcquire(1) {
			free++
		}
		messages, err := w.receive(working, l, free)
		l.slots.Release(int64(free - len(messages)))
		if !l.yields() {
			w.health.unready(err)
		}
		if err != nil {
			w.log.Error().Err(err).Str("lane", l.name).Msg("receive")
			pause.wait(ctx)
			continue
		}
		pause = backoff{}
		for _, m := range messages {
			if ctx.Err() != nil {
				l.slots.Release(1)
				running.Go(func() { w.giveBackUnbegun(working, l, m) })
				continue
			}
			running.Go(func() { w.handle(working, l, m, w.room.place(l.slots)) })
		}
	}
}

// receive lets the poll end even if all work is to end: a poll that is cut off
// strands what it would have brought.
func (w *Worker) receive(ctx context.Context, l *lane, most int) ([]queue.Message, error) {
	wait := w.poll
	if w.Ready() != nil {
		wait = min(wait, firstPoll)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait+pollSlack)
	defer cancel()
	return l.Receive(ctx, most, wait, Visibility)
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
