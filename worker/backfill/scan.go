package backfill

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/worker/store"
)

// scan finds every source, starting after a key, and which of its renditions are missing.
// It inspects existing renditions concurrently, before a finding is ready.
func (b *Backfill) scan(ctx context.Context, after string, findings chan<- *finding) error {
	h := handoff{ctx: ctx, findings: findings}
	h.inspections.SetLimit(b.Concurrency)
	defer h.inspections.Wait() //nolint:errcheck // Each finding has its own error.
	orphan := func(key, source string) {
		if !b.DeleteOrphans {
			return
		}
		f := &finding{Finding: Finding{Orphan: key, Source: source}}
		h.over(f, func() { b.deleteOrphan(ctx, &f.Finding) })
	}
	return b.merge(ctx, after, orphan, func(s store.Listed, existing []calotype.Variant) error {
		f := b.finding(s, existing)
		if len(f.toInspect) == 0 {
			h.over(f, nil)
		} else {
			h.over(f, func() { b.inspect(ctx, f) })
		}
		return context.Cause(ctx)
	})
}

// merge lists the sources, and in step with them the renditions of each variant. It calls
// found with each source and the variants that exist of it, and orphan with each rendition
// whose source was not listed.
func (b *Backfill) merge(ctx context.Context, after string, orphan func(key, source string), found func(store.Listed, []calotype.Variant) error) error {
	ctx, stop := context.WithCancel(ctx)
	var listings sync.WaitGroup
	defer listings.Wait()
	defer stop()
	cursors, err := b.cursors(ctx, after, &listings)
	if err != nil {
		return err
	}
	for s, err := range b.sources(ctx, after) {
		if err != nil {
			return err
		}
		var existing []calotype.Variant
		for _, c := range cursors {
			exists, err := c.find(s.Key, orphan)
			if err != nil {
				return err
			}
			if exists && c.variant != (calotype.Variant{}) {
				existing = append(existing, c.variant)
			}
		}
		if err := found(s, existing); err != nil {
			return err
		}
	}
	if !b.DeleteOrphans {
		return nil
	}
	for _, c := range cursors {
		if err := c.finish(orphan); err != nil {
			return err
		}
	}
	return nil
}

// handoff passes findings on, while their objects may still be under inspection.
type handoff struct {
	ctx         context.Context
	findings    chan<- *finding
	inspections errgroup.Group
}

func (h *handoff) over(f *finding, inspect func()) {
	f.ready = make(chan struct{})
	select {
	case h.findings <- f:
	case <-h.ctx.Done():
		return
	}
	if inspect == nil {
		close(f.ready)
		return
	}
	h.inspections.Go(func() error {
		defer close(f.ready)
		inspect()
		return nil
	})
}

// finding returns what the listings contain about a source.
func (b *Backfill) finding(s store.Listed, existing []calotype.Variant) *finding {
	f := &finding{Finding: Finding{Source: s.Key, TooLarge: s.Size > b.MaxBytes}, etag: s.ETag}
	f.Job = calotype.Job{Source: s.Key, Quality: b.Quality, Exact: true}
	if f.TooLarge {
		return f
	}
	own, _ := calotype.FormatOfKey(s.Key)
	for _, v := range b.Presets.Variants(b.Variants, own) {
		if slices.Contains(existing, v) {
			f.toInspect = append(f.toInspect, v)
		} else {
			f.need(v, calotype.Missing)
		}
	}
	return f
}

// sources lists the keys with an image file extension that can be sources. Renditions, of
// which there may be many times as many, lie in between; the listing skips them.
func (b *Backfill) sources(ctx context.Context, after string) func(func(store.Listed, error) bool) {
	folder, behind := string(b.Prefix)+"/", string(b.Prefix)+"0" // The character after "/".
	return func(yield func(store.Listed, error) bool) {
		for again := true; again; {
			again = false
			for s, err := range b.Bucket.List(ctx, b.Sources, after) {
				if err == nil && after < behind && strings.HasPrefix(s.Key, folder) {
					after, again = behind, true
					break
				}
				if err == nil {
					if _, isPicture := calotype.FormatOfKey(s.Key); !isPicture || b.Prefix.CheckSource(s.Key) != nil {
						continue
					}
				}
				if !yield(s, err) {
					return
				}
			}
		}
	}
}

// Count counts the sources, so that progress can be shown. It calls so far repeatedly with
// the count.
func (b *Backfill) Count(ctx context.Context, soFar func(n int)) error {
	n := 0
	for _, err := range b.sources(ctx, "") {
		if err != nil {
			return err
		}
		if n++; n%1000 == 0 {
			soFar(n)
		}
	}
	soFar(n)
	return nil
}

// need adds a variant to the job.
func (f *finding) need(v calotype.Variant, why calotype.Staleness) {
	f.Job.Variants = append(f.Job.Variants, v)
	f.Reasons = append(f.Reasons, why)
}

// inspect inspects the renditions that exist.
func (b *Backfill) inspect(ctx context.Context, f *finding) {
	focal, err := b.focal(ctx, f)
	if err != nil {
		f.Err = err
		return
	}
	for _, v := range f.toInspect {
		o, err := b.Bucket.Head(ctx, b.Prefix.RenditionKey(v, f.Source))
		if errors.Is(err, fs.ErrNotExist) {
			f.need(v, calotype.Missing)
			continue
		}
		if err != nil {
			f.Err = err
			return
		}
		preset, _ := b.Presets.Lookup(v.Preset)
		target := calotype.Target{SourceETag: f.etag, Preset: preset, Focal: focal, Quality: b.Quality, Encoder: b.Encoder}
		if why := calotype.ParseLineage(o.Metadata).Staleness(target); why != calotype.Current {
			f.need(v, why)
		}
	}
}

// focal returns the source's focal point if a rendition depends on it. Listings do not
// contain it.
func (b *Backfill) focal(ctx context.Context, f *finding) (calotype.Focal, error) {
	depends := func(v calotype.Variant) bool {
		preset, _ := b.Presets.Lookup(v.Preset)
		return preset.Gravity == calotype.GravityFocal
	}
	if !slices.ContainsFunc(f.toInspect, depends) {
		return "", nil
	}
	source, err := b.Bucket.Head(ctx, f.Source)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil // It was deleted since it was listed, and its job will find that.
	}
	focal, _ := calotype.FocalOf(source.Metadata) // Workers log one that is not valid.
	return focal, err
}

// deleteOrphan deletes a rendition whose source no longer exists. A listing may be out of date, so
// it checks again: first the rendition, then the source. A rendition that is not an orphan,
// or that Calotype did not make, is not a finding.
func (b *Backfill) deleteOrphan(ctx context.Context, f *Finding) {
	rendition, err := b.Bucket.Head(ctx, f.Orphan)
	if err == nil && calotype.ParseLineage(rendition.Metadata).SourceETag != "" {
		_, err = b.Bucket.Head(ctx, f.Source)
		gone := errors.Is(err, fs.ErrNotExist)
		if gone && b.DryRun {
			return
		}
		if gone {
			err = b.Bucket.Delete(ctx, f.Orphan, rendition.ETag)
			f.Deleted = err == nil
		}
	}
	switch {
	case f.Deleted:
	case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, store.ErrConflict):
		*f = Finding{}
	default:
		f.Err = err
	}
}
