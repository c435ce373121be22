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
	"iter"

	"golang.org/x/sync/errgroup"

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
	// Keys, if not nil, are the keys of the sources to inspect, in any order, instead of a
	// listing. Keys without an image file extension, or not under Sources, are skipped.
	Keys iter.Seq2[string, error]
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

// Position is the progress of a run: all sources up to the key After are done; of Keys, the
// first Line.
type Position struct {
	After   string  `json:"after"`
	Line    int     `json:"line,omitempty"`
	Summary Summary `json:"summary"`
}

// Summary counts sources, and renditions by result.
type Summary struct {
	// Seen counts the sources. Each is Current in every variant, or its job was Enqueued,
	// or its inspection Failed. Sources over the limit are not among them.
	Seen, Current, Enqueued, Failed int
	// Renditions counts the reasons why renditions are made. TooLarge counts the skipped
	// sources. NotFound counts the Keys that are not in the bucket.
	Renditions map[calotype.Staleness]int
	TooLarge   int
	NotFound   int
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
	// TooLarge reports that the source is skipped, NotFound that it does not exist.
	TooLarge, NotFound bool
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
	etag      string
	toInspect []calotype.Variant // The renditions that exist or may exist.
	line      int                // Of Keys.
	ready     chan struct{}
}

// Run scans the bucket from a position; the zero position is its beginning. The summary
// includes what was done before an error or before the end of the context.
func (b *Backfill) Run(ctx context.Context, from Position) (Summary, error) {
	if from.Summary.Renditions == nil {
		from.Summary.Renditions = map[calotype.Staleness]int{}
	}
	s := newSender(b, from)
	g, running := errgroup.WithContext(ctx)
	findings := make(chan *finding, 4*b.Concurrency)
	g.Go(func() error {
		defer close(findings)
		if b.Keys != nil {
			return b.scanKeys(running, from.Line, findings)
		}
		return b.scan(running, from.After, findings)
	})
	g.Go(func() error { return s.dispatch(running, findings) })
	g.Go(s.completeAll) // It ends after dispatch, and completes what was sent.
	err := g.Wait()
	if saveErr := s.save(); saveErr != nil {
		err = errors.Join(err, saveErr)
	}
	return s.position.Summary, err
}

func (s *Summary) count(f Finding) {
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
	case f.NotFound:
		s.NotFound++
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
