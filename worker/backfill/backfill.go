// Package backfill finds, in a whole bucket, the renditions that are missing or were
// made of another version or by another recipe, and sends jobs for them; and it finds
// renditions whose source is gone, and deletes them. It makes no renditions itself.
//
//	b := backfill.Backfill{Bucket: bucket, Jobs: jobs, Variants: variants, …}
//	summary, err := b.Run(ctx, backfill.Position{})
//
// A source's key is the whole end of its renditions' keys, so the bucket lists the
// sources and the renditions of a variant in the same order. The listings are gone
// through side by side: what is missing is known without a call of its own, and only
// what is there is looked at. A run that follows finds less to do, and in the end
// nothing.
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

// Backfill is what is to be there.
type Backfill struct {
	Bucket  *store.Bucket
	Prefix  calotype.Prefix
	Presets calotype.Presets
	// Sources is what the keys of the sources begin with; empty for the whole bucket.
	Sources string
	// Variants are wanted of each source.
	Variants []calotype.Variant
	// Quality is what renditions are made in, 1 to 100; Encoder is who makes them, and
	// empty where any will do.
	Quality int
	Encoder string
	// MaxBytes is the largest source that workers read: larger ones are left out.
	MaxBytes int64
	// Jobs takes the jobs, so many in a second.
	Jobs *queue.Queue
	Rate float64
	// DeleteOrphans deletes the renditions, of any variant, whose source is gone.
	DeleteOrphans bool
	// DryRun changes nothing.
	DryRun bool
	// Concurrency is how many objects are looked at side by side.
	Concurrency int
	// OnResult, where it is set, is called with each source, and each orphan, in the order
	// of their keys.
	OnResult func(Finding)
	// Save, where it is set, is called now and then with a position from which another
	// run can go on.
	Save func(Position) error
}

// Position is how far a run is: all sources up to the key After are dealt with.
type Position struct {
	After   string  `json:"after"`
	Summary Summary `json:"summary"`
}

// Summary counts sources, and renditions by what was found.
type Summary struct {
	// Seen sources are Current in every variant, or their job is Enqueued, or they Failed
	// to be looked at. Those over the limit are none of the three.
	Seen, Current, Enqueued, Failed int
	// Renditions says why renditions are to be made, and TooLarge how many sources are
	// left out.
	Renditions map[calotype.Staleness]int
	TooLarge   int
	// Orphans were found, of which Deleted went.
	Orphans, Deleted int
}

// Finding is a source that was looked at, or an orphan.
type Finding struct {
	Source string
	// Job is what is to be made; it has no variants where all is current.
	Job calotype.Job
	// Reasons are those of the job's variants, in their order.
	Reasons []calotype.Staleness
	// TooLarge says that the source is left out.
	TooLarge bool
	// Orphan is the key of a rendition whose source is gone, and Deleted that it went.
	Orphan  string
	Deleted bool
	// Err is why it could not be looked at, or deleted.
	Err error
}

// finding is a Finding being determined. Several are at once; they are reported in key order.
type finding struct {
	Finding
	etag  string
	look  []calotype.Variant // That exist, or may exist.
	ready chan struct{}
}

// saveEvery is how long a run may go on without a position that is saved.
const saveEvery = time.Second

// Run goes through the bucket from a position on; the zero one is its beginning. What
// was done before an error, or before the end of the context, is in the summary.
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

// dealer deals with findings in their order.
type dealer struct {
	*Backfill
	position Position // All up to it is dealt with.
	pace     *rate.Limiter
	saved    time.Time

	waiting []*finding // Whose jobs are to be sent together, and those between them.
	jobs    int        // How many of them have one.
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
		// A job waits for others to go with it, though not for long.
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

// settle sends the jobs that wait. After that all is dealt with that was found before.
func (d *dealer) settle(ctx context.Context) error {
	sent := d.jobs > 0
	if sent && !d.DryRun {
		if err := d.send(ctx); err != nil {
			return err
		}
	}
	for _, f := range d.waiting {
		if f.Source == "" {
			continue // An orphan that was none.
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

// send sends the waiting jobs in one call, and what fails of it by itself.
func (d *dealer) send(ctx context.Context) error {
	if err := d.pace.WaitN(ctx, d.jobs); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // The effect of a call that is cut off is unknown.
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
