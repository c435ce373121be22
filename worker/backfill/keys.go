package backfill

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"calotype"
	"calotype/worker/store"
)

// scanKeys finds which renditions of [Backfill.Keys] are missing or outdated, after a line.
// Nothing is listed: each source and each of its renditions is inspected.
func (b *Backfill) scanKeys(ctx context.Context, after int, findings chan<- *finding) error {
	h := handoff{ctx: ctx, findings: findings}
	h.inspections.SetLimit(b.Concurrency)
	defer h.inspections.Wait() //nolint:errcheck // Each finding has its own error.
	line, last := 0, ""
	for key, err := range b.Keys {
		if err != nil {
			return err
		}
		line++
		// An inventory of a bucket with versions has a key once for each.
		if line <= after || key == last || !strings.HasPrefix(key, b.Sources) {
			continue
		}
		if _, isPicture := calotype.FormatOfKey(key); !isPicture || b.Prefix.CheckSource(key) != nil {
			continue
		}
		last = key
		f := &finding{Finding: Finding{Source: key}, line: line}
		h.over(f, func() { b.inspectSource(ctx, f) })
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// inspectSource inspects a source and its renditions.
func (b *Backfill) inspectSource(ctx context.Context, f *finding) {
	o, err := b.Bucket.Head(ctx, f.Source)
	if errors.Is(err, fs.ErrNotExist) {
		f.NotFound = true
		return
	}
	if err != nil {
		f.Err = err
		return
	}
	own, _ := calotype.FormatOfKey(f.Source)
	found := b.finding(store.Listed{Key: f.Source, ETag: o.ETag, Size: o.Size}, b.Presets.Variants(b.Variants, own))
	f.Finding, f.etag, f.toInspect = found.Finding, found.etag, found.toInspect
	b.inspect(ctx, f)
}
