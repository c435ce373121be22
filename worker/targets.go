package worker

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/worker/failure"
	"calotype/worker/store"
)

// A target is a rendition that should be current, and the object now stored under its key.
type target struct {
	variant   calotype.Variant
	preset    calotype.Preset // Zero if this worker does not know it.
	key       string
	requested bool         // By the job, or because it exists; otherwise it is a sibling.
	existing  store.Object // Without an ETag if there is none.
}

// headAll looks up what is stored under the keys of variants. Those whose key is too long
// for S3 are left out: they cannot exist.
func (p *publication) headAll(ctx context.Context, variants []calotype.Variant) ([]target, error) {
	variants = slices.DeleteFunc(slices.Clone(variants), func(v calotype.Variant) bool {
		return calotype.CheckKey(p.worker.Prefix.RenditionKey(v, p.job.Source)) != nil
	})
	targets := make([]target, len(variants))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, v := range variants {
		g.Go(func() error {
			t := target{variant: v, key: p.worker.Prefix.RenditionKey(v, p.job.Source)}
			t.preset, _ = p.worker.Presets.Lookup(v.Preset)
			t.requested = slices.Contains(p.job.Variants, v)
			existing, err := p.worker.bucket.Head(ctx, t.key)
			if err == nil {
				t.existing = existing
			} else if !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			targets[i] = t
			return nil
		})
	}
	return targets, g.Wait()
}

// addExisting adds the source's other existing renditions to the targets. Renditions that
// were published before the source changed are of a variant in use. Later ones are verified
// by the job that publishes them.
func (p *publication) addExisting(ctx context.Context) error {
	variants, err := p.worker.bucket.Variants(ctx, p.worker.Prefix)
	if err != nil {
		return err
	}
	variants = slices.DeleteFunc(variants, func(v calotype.Variant) bool { return slices.Contains(p.job.Variants, v) })
	targets, err := p.headAll(ctx, variants)
	for _, t := range targets {
		if t.existing.ETag != "" {
			t.requested = true // For a broken source, a fallback copy must replace it.
			p.targets = append(p.targets, t)
		}
	}
	return err
}

// stale returns the targets that are not current for the source's version.
func (p *publication) stale() []target {
	var stale []target
	for _, t := range p.targets {
		if p.isStale(t) {
			stale = append(stale, t)
		}
	}
	return stale
}

func (p *publication) isStale(t target) bool {
	want := calotype.Target{SourceETag: p.source.ETag, Preset: t.preset, Focal: p.focal(), RetryFallback: p.job.Again}
	if p.job.Exact {
		want.Quality, want.Encoder = cmp.Or(p.job.Quality, p.worker.Quality), p.worker.Engine.Encoder()
	}
	return calotype.ParseLineage(t.existing.Metadata).Staleness(want) != calotype.Current && !p.isUnknown(t)
}

// isUnknown reports whether the object is the fallback copy of this version for a preset
// that this worker does not know. The job for it has its dead letter.
func (p *publication) isUnknown(t target) bool {
	lineage := calotype.ParseLineage(t.existing.Metadata)
	return t.preset.Name == "" && t.requested && !p.job.Again && slices.Contains(p.job.Variants, t.variant) &&
		lineage.CopyReason == failure.UnknownVariant && lineage.SourceETag == calotype.TrimETag(p.source.ETag)
}

// removeAll removes the renditions of a source that no longer exists, which an earlier
// attempt or its last version may have left. They are looked up before the source is found
// missing a second time, so they belong to a version that no longer exists.
func (p *publication) removeAll(ctx context.Context) error {
	variants, err := p.worker.bucket.Variants(ctx, p.worker.Prefix)
	if err != nil {
		return err
	}
	targets, err := p.headAll(ctx, variants)
	if err != nil {
		return err
	}
	if err := p.findMarker(ctx); err != nil {
		return err
	}
	if err := p.headInfo(ctx); err != nil {
		return err
	}
	targets = append(targets, target{key: p.info.key, existing: p.info.existing})
	if _, err := p.worker.bucket.Head(ctx, p.job.Source); err == nil {
		return errChanged
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	p.end(sourceMissing)
	p.missing = true
	p.removeOldMarker(ctx)
	return p.removeStale(ctx, targets)
}

// removeStale deletes outdated renditions, each only if it has not changed since it was
// looked up.
func (p *publication) removeStale(ctx context.Context, targets []target) error {
	for _, t := range targets {
		if calotype.ParseLineage(t.existing.Metadata).SourceETag == "" {
			continue // Not ours, or missing.
		}
		err := p.worker.bucket.Delete(ctx, t.key, t.existing.ETag)
		switch {
		case err == nil:
			p.removed++
			p.changed = true
		case !errors.Is(err, store.ErrConflict):
			return err
		}
	}
	return nil
}
