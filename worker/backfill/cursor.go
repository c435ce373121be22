package backfill

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"calotype"
)

// ahead is how many keys of a listing are read ahead: a page.
const ahead = 1000

// cursor iterates over one variant's renditions in step with the sources, or over the
// sources' descriptions, which are of the zero Variant.
type cursor struct {
	variant calotype.Variant
	prefix  string // "resized/M/"
	listed  <-chan listed
	now     listed
	started bool
	last    string // The key last searched for.
}

type listed struct {
	source string // Empty at the end.
	err    error
}

// cursors makes one for each wanted variant and, if orphans are wanted, for every variant
// that is in use.
func (b *Backfill) cursors(ctx context.Context, after string, listings *sync.WaitGroup) ([]*cursor, error) {
	inUse, err := b.Bucket.Variants(ctx, b.Prefix)
	if err != nil {
		return nil, err
	}
	wanted := map[calotype.Variant]bool{}
	for _, v := range b.Variants {
		wanted[v], wanted[calotype.Variant{Preset: v.Preset}] = true, true
	}
	var cursors []*cursor
	for _, v := range inUse {
		if wanted[v] || b.DeleteOrphans {
			cursors = append(cursors, b.cursor(ctx, v, b.Prefix.RenditionKey(v, ""), after, listings))
		}
	}
	if folder, _ := b.Prefix.InfoKey(""); b.DeleteOrphans {
		cursors = append(cursors, b.cursor(ctx, calotype.Variant{}, folder, after, listings))
	}
	return cursors, nil
}

func (b *Backfill) cursor(ctx context.Context, v calotype.Variant, prefix, after string, listings *sync.WaitGroup) *cursor {
	if after != "" {
		after = prefix + after
	}
	keys := make(chan listed, ahead)
	listings.Go(func() {
		defer close(keys)
		for o, err := range b.Bucket.List(ctx, prefix+b.Sources, after) {
			l := listed{err: err}
			if err == nil {
				l.source = strings.TrimPrefix(o.Key, prefix)
				if b.Prefix.CheckSource(l.source) != nil {
					continue // Not a rendition of ours.
				}
			}
			select {
			case keys <- l:
			case <-ctx.Done():
				return
			}
		}
	})
	return &cursor{variant: v, prefix: prefix, listed: keys}
}

// find reports whether there is a rendition of a source. It must be called in key order.
// Renditions that it passes have no source.
func (c *cursor) find(source string, passed func(key, source string)) (bool, error) {
	if source <= c.last {
		return false, fmt.Errorf("the bucket lists %q after %q: a backfill needs listings in the order of keys", source, c.last)
	}
	c.last = source
	if err := c.pass(func(key string) bool { return key < source }, passed); err != nil {
		return false, err
	}
	if c.now.source != source {
		return false, nil
	}
	c.next()
	return true, nil
}

// finish passes the remaining renditions: their keys follow the last source's.
func (c *cursor) finish(passed func(key, source string)) error {
	return c.pass(func(string) bool { return true }, passed)
}

func (c *cursor) pass(by func(source string) bool, passed func(key, source string)) error {
	if !c.started {
		c.next()
	}
	for c.now.err == nil && c.now.source != "" && by(c.now.source) {
		passed(c.prefix+c.now.source, c.now.source)
		c.next()
	}
	return c.now.err
}

func (c *cursor) next() {
	c.started = true
	c.now = <-c.listed
}
