package worker

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/worker/render"
	"calotype/worker/store"
)

// want is a rendition that is to be current, and what stands at its key now.
type want struct {
	variant calotype.Variant
	preset  calotype.Preset
	key     string
	asked   bool // By the job itself, or it stands; else it is a sibling.
	there   store.Object
}

// look reports whether there is nothing to do: the source is gone, or what the job
// asks for is current. It costs one HEAD for the source and one for each variant
// asked for; only then are siblings looked at. What stands at the keys is noted
// before the source is read: it is the condition of the writes.
func (p *publication) look(ctx context.Context) (done bool, err error) {
	source, err := p.worker.bucket.Head(ctx, p.job.Source)
	if errors.Is(err, fs.ErrNotExist) {
		return true, p.remove(ctx)
	} else if err != nil {
		return false, forbidden(err)
	}
	p.source = source
	if p.wants, err = p.lookAt(ctx, p.job.Variants); err != nil {
		return false, err
	}
	if p.job.Reconcile {
		if err := p.lookAtStanding(ctx); err != nil {
			return false, err
		}
	}
	if len(p.stale(source.ETag)) == 0 && p.report.starts == 0 {
		p.report.end(current)
		return true, nil
	}
	variants := p.worker.Siblings.of(p.job, p.worker.Presets)
	siblings, err := p.lookAt(ctx, variants[len(p.job.Variants):])
	p.wants = append(p.wants, siblings...)
	return err == nil && len(p.stale(source.ETag)) == 0, err
}

// lookAtStanding adds the renditions that stand, beside those the job names, to what is
// wanted. What was published before the source changed is of a variant that is in use;
// what is published later is verified by who does that.
func (p *publication) lookAtStanding(ctx context.Context) error {
	variants, err := p.worker.bucket.Variants(ctx, p.worker.Prefix)
	if err != nil {
		return forbidden(err)
	}
	variants = slices.DeleteFunc(variants, func(v calotype.Variant) bool { return slices.Contains(p.job.Variants, v) })
	wants, err := p.lookAt(ctx, variants)
	for _, w := range wants {
		if w.there.ETag != "" {
			w.asked = true // Of a broken source, a copy has to take its place.
			p.wants = append(p.wants, w)
		}
	}
	return err
}

// remove takes away the renditions of a source that is gone: an earlier attempt, or
// its last version, may have left some. What is seen before the source is missed a
// second time is of a version that is gone, whatever comes after.
func (p *publication) remove(ctx context.Context) error {
	variants, err := p.worker.bucket.Variants(ctx, p.worker.Prefix)
	if err != nil {
		return forbidden(err)
	}
	wants, err := p.lookAt(ctx, variants)
	if err != nil {
		return err
	}
	if _, err := p.worker.bucket.Head(ctx, p.job.Source); err == nil {
		return errChanged
	} else if !errors.Is(err, fs.ErrNotExist) {
		return forbidden(err)
	}
	p.report.end(gone)
	return p.takeAway(ctx, wants)
}

// takeAway deletes renditions that are not right any more, where they still are what
// was seen.
func (p *publication) takeAway(ctx context.Context, wants []want) error {
	for _, w := range wants {
		if calotype.ParseLineage(w.there.Metadata).SourceETag == "" {
			continue // Not ours, or nothing.
		}
		err := p.worker.bucket.Delete(ctx, w.key, w.there.ETag)
		switch {
		case err == nil:
			p.report.removed++
			p.report.changed = true
		case !errors.Is(err, store.ErrConflict):
			return forbidden(err)
		}
	}
	return nil
}

// lookAt sees what stands at the keys of variants.
func (p *publication) lookAt(ctx context.Context, variants []calotype.Variant) ([]want, error) {
	wants := make([]want, len(variants))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, v := range variants {
		g.Go(func() error {
			w := want{variant: v, key: p.worker.Prefix.RenditionKey(v, p.job.Source)}
			w.preset, _ = p.worker.Presets.Lookup(v.Preset)
			w.asked = slices.Contains(p.job.Variants, v)
			there, err := p.worker.bucket.Head(ctx, w.key)
			if err == nil {
				w.there = there
			} else if !errors.Is(err, fs.ErrNotExist) {
				return forbidden(err)
			}
			wants[i] = w
			return nil
		})
	}
	return wants, g.Wait()
}

// stale returns the wants that are not current for a version of the source.
func (p *publication) stale(sourceETag string) []want {
	var stale []want
	for _, w := range p.wants {
		target := calotype.Target{SourceETag: sourceETag, Preset: w.preset, RetryFallback: p.job.Again}
		if p.job.Exact {
			target.Quality, target.Encoder = cmp.Or(p.job.Quality, p.worker.Quality), render.Encoder()
		}
		if calotype.ParseLineage(w.there.Metadata).Staleness(target) != calotype.Current {
			stale = append(stale, w)
		}
	}
	return stale
}
