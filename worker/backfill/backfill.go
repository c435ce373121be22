// Package backfill finds, in a whole bucket, the renditions that are missing or were made
// of another version or by another recipe, and sends jobs for them. It also finds and
// deletes renditions whose source no longer exists. It makes no renditions itself.
//
//	b := backfill.Backfill{Bucket: bucket, Jobs: jobs, Variants: variants, …}
//	summary, err := b.Run(ctx, backfill.Position{})
//
// A rendition's key ends with its source's key, so the bucket lists the sources and the
// renditions of a variant in the same order, and the listings are merged. A missing
// rendition therefore costs no call of its own; only existing ones are inspected. A
// repeated run finds less to do, and in the end nothing.
package backfill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"calotype"
	"calotype/queue"
	"calotype/worker/store"
)

// Backfill describes which renditions should exist.
type Backfill struct {
	Bucket  *store.Bucket
	Prefix  calotype.Prefix
	Presets calotype.Presets
	// Sources is the prefix of the sources' keys; empty for the whole bucket.
	Sources string
	// Variants are made of each source.
	Variants []calotype.Variant
	// Quality is the quality of the renditions, 1 to 100. Encoder is the encoder that must
	// have made them; if it is empty, any will do.
	Quality int
	Encoder string
	// MaxBytes is the largest source that workers read. Larger ones are skipped.
	MaxBytes int64
	// Jobs is the queue for the jobs, and Rate how many are sent per second.
	Jobs *queue.Queue
	Rate float64
	// DeleteOrphans deletes the renditions, of any variant, whose source no longer exists.
	DeleteOrphans bool
	// DryRun changes nothing.
	DryRun bool
	// Concurrency is the number of objects that are inspected concurrently.
	Concurrency int
	// OnResult, if not nil, is called with each source and each orphan, in key order.
	OnResult func(Finding)
	// Save, if not nil, is called from time to time with a position from which another run
	// can resume.
	Save func(Position) error
}

// Position is the progress of a run: all sources up to the key After are done.
type Position struct {
	After   string  `json:"after"`
	Summary Summary `json:"summary"`
}

// Summary counts sources, and renditions by result.
type Summary struct {
	// Seen counts the sources. Each is Current in every variant, or its job was Enqueued,
	// or its inspection Failed. Sources over the limit are none of the three.
	Seen, Current, Enqueued, Failed int
	// Renditions counts the reasons why renditions are made. TooLarge counts the skipped
	// sources.
	Renditions map[calotype.Staleness]int
	TooLarge   int
	// Orphans counts the orphans found, and Deleted those that were deleted.
	Orphans, Deleted int
}

// Finding is the result for a source, or an orphan.
type Finding struct {
	Source string
	// Job is what will be made. It has no variants if all are current.
	Job calotype.Job
	// Reasons are the reasons of the job's variants, in the same order.
	Reasons []calotype.Staleness
	// TooLarge reports that the source is skipped.
	TooLarge bool
	// Orphan is the key of a rendition whose source no longer exists. Deleted reports that
	// it was deleted.
	Orphan  string
	Deleted bool
	// Err is why the inspection or the deletion failed.
	Err error
}

// finding is a Finding being determined. Several are determined concurrently; they are
// reported in key order.
type finding struct {
	Finding
	etag  string
	look  []calotype.Variant // The renditions that exist or may exist.
	ready chan struct{}
}

// saveEvery is the maximum time between two saved positions.
const saveEvery = time.Second

// Run scans the bucket from a position; the zero position is its beginning. The summary
// includes what was done before an error or before the end of the context.
func (b *Backfill) Run(ctx context.Context, from Position) (Summary, error) {
	if from.Summary.Renditions == nil {
		from.Summary.Renditions = map[calotype.Staleness]int{}
	}
	d := dealer{Backfill: b, position: from, pace: rate.NewLimiter(rate.Limit(b.Rate), queue.MaxBatch)}
	g, running := errgroup.WithContext(ctx)
	findings := make(chan *finding, 4*b.Concurrency)
	g.Go(func() error {
		defer close(findings)
		return b.scan(running, from.After, findings)
	})
	g.Go(func() error { return d.dealWith(running, findings) })
	err := g.Wait()
	if saveErr := d.save(); saveErr != nil {
		err = errors.Join(err, saveErr)
	}
	return d.position.Summary, err
}

// dealer handles findings in order.
type dealer struct {
	*Backfill
	position Position // Everything up to it is done.
	pace     *rate.Limiter
	saved    time.Time

	waiting []*finding // Findings whose jobs will be sent together, and those in between.
	jobs    int        // How many of them have a job.
}

func (d *dealer) dealWith(ctx context.Context, findings <-chan *finding) error {
	for f := range findings {
		select {
		case <-f.ready:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		d.waiting = append(d.waiting, f)
		if f.Err == nil && len(f.Job.Variants) > 0 {
			d.jobs++
		}
		// A job waits for others to share its call, though not for long.
		if d.jobs == queue.MaxBatch || d.jobs == 0 || time.Since(d.saved) > saveEvery {
			if err := d.settle(ctx); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return d.settle(ctx)
}

// settle sends the waiting jobs. Afterwards every earlier finding is done.
func (d *dealer) settle(ctx context.Context) error {
	sent := d.jobs > 0
	if sent && !d.DryRun {
		if err := d.send(ctx); err != nil {
			return err
		}
	}
	for _, f := range d.waiting {
		if f.Source == "" {
			continue // It was not an orphan after all.
		}
		d.count(f.Finding)
		if d.OnResult != nil {
			d.OnResult(f.Finding)
		}
		if f.Orphan == "" {
			d.position.After = f.Source
		}
	}
	d.waiting, d.jobs = d.waiting[:0], 0
	// A run that is killed sends again what it sent after the last position.
	if sent || time.Since(d.saved) > saveEvery {
		return d.save()
	}
	return nil
}

// send sends the waiting jobs in one call, and retries the failed ones alone.
func (d *dealer) send(ctx context.Context) error {
	if err := d.pace.WaitN(ctx, d.jobs); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // Whether a call that was cut off took effect is unknown.
	var bodies []string
	for _, f := range d.waiting {
		if f.Err == nil && len(f.Job.Variants) > 0 {
			bodies = append(bodies, f.Job.Encode())
		}
	}
	for i, err := range d.Jobs.SendBatch(ctx, bodies) {
		if err != nil {
			err = d.Jobs.Send(ctx, bodies[i], 0)
		}
		if err != nil {
			return fmt.Errorf("enqueue: %w", err)
		}
	}
	return nil
}

func (d *dealer) save() error {
	d.saved = time.Now()
	if d.Save == nil || d.DryRun {
		return nil
	}
	if err := d.Save(d.position); err != nil {
		return fmt.Errorf("save the position: %w", err)
	}
	return nil
}

func (d *dealer) count(f Finding) {
	s := &d.position.Summary
	switch {
	case f.Orphan != "":
		s.Orphans++
		if f.Deleted {
			s.Deleted++
		}
		if f.Err != nil {
			s.Failed++
		}
		return
	case f.Err != nil:
		s.Failed++
	case f.TooLarge:
		s.TooLarge++
	case len(f.Job.Variants) == 0:
		s.Current++
	default:
		s.Enqueued++
		for _, r := range f.Reasons {
			s.Renditions[r]++
		}
	}
	s.Seen++
}
