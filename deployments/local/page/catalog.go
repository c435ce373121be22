package page

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"calotype"
)

// concurrency bounds the number of pictures that are inspected at a time.
const concurrency = 16

// catalog holds the bucket's pictures as of the last listing, and notifies listeners of
// changes. Each update lists the bucket; only new or changed objects cost more calls.
type catalog struct {
	bucket  bucket
	prefix  calotype.Prefix
	presets calotype.Presets
	log     zerolog.Logger

	updating sync.Mutex // Held during an update, so that only one runs at a time.

	mu        sync.Mutex // Guards the fields below.
	entries   map[string]*entry
	listeners map[*listener]struct{}
	watch     watch
}

// entry is what is known about one source. It is immutable.
type entry struct {
	source     object
	size       calotype.Box
	renditions map[calotype.Variant]copied
	infoObject object         // Zero if there is no description.
	info       *calotype.Info // Nil if there is none. It may be of another version.
	picture    *picture
}

// copied is an object under the resized prefix.
type copied struct {
	object
	lineage calotype.Lineage
}

func newCatalog(b bucket, prefix calotype.Prefix, presets calotype.Presets, log zerolog.Logger) *catalog {
	return &catalog{
		bucket:    b,
		prefix:    prefix,
		presets:   presets,
		log:       log,
		entries:   map[string]*entry{},
		listeners: map[*listener]struct{}{},
	}
}

// inspect updates the catalog and returns what is in the bucket. Each picture is sent to
// listeners as soon as it is known.
func (c *catalog) inspect(ctx context.Context) (listing, error) {
	c.updating.Lock()
	defer c.updating.Unlock()
	found, err := c.bucket.list(ctx, c.prefix)
	if err != nil {
		return listing{}, err
	}
	c.forget(found)
	var g errgroup.Group // The others are read even if one fails.
	g.SetLimit(concurrency)
	for key, source := range found.sources {
		known, renditions, info := c.entry(key), found.renditions[key], found.infos[key]
		if known.is(source, renditions, info) {
			continue
		}
		g.Go(func() error {
			e, err := c.read(ctx, key, known, source, renditions, info)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // It was removed after the listing: the next update notices.
			} else if err != nil {
				return err
			}
			c.learn(key, e)
			return nil
		})
	}
	return found, g.Wait()
}

// pictures returns the known pictures, the newest first.
func (c *catalog) pictures() []*picture {
	c.mu.Lock()
	defer c.mu.Unlock()
	pictures := make([]*picture, 0, len(c.entries))
	for _, e := range c.entries {
		pictures = append(pictures, e.picture)
	}
	slices.SortFunc(pictures, func(a, b *picture) int {
		if n := b.Modified.Compare(a.Modified); n != 0 {
			return n
		}
		return strings.Compare(a.Key, b.Key)
	})
	return pictures
}

// entry returns what is known about a source, or nil.
func (c *catalog) entry(key string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[key]
}

func (c *catalog) learn(key string, e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries[key] = e
	c.notify(key, e.picture)
}

// forget drops the pictures that no longer exist.
func (c *catalog) forget(found listing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.entries {
		if _, there := found.sources[key]; !there {
			delete(c.entries, key)
			c.notify(key, nil)
		}
	}
}

// is reports whether an entry is for these objects.
func (e *entry) is(source object, renditions map[calotype.Variant]object, info object) bool {
	return e != nil && e.source == source && e.infoObject == info &&
		maps.EqualFunc(e.renditions, renditions, func(a copied, b object) bool { return a.object == b })
}

// read fetches what a listing lacks, and copies from the previous entry what is known
// already.
func (c *catalog) read(ctx context.Context, key string, known *entry, source object, renditions map[calotype.Variant]object, info object) (*entry, error) {
	if known == nil {
		known = &entry{}
	}
	e := &entry{source: source, size: known.size, renditions: map[calotype.Variant]copied{}, infoObject: info}
	if known.source.etag != source.etag && source.bytes > 0 {
		var err error
		if e.size, err = c.bucket.size(ctx, key); err != nil {
			return nil, err
		}
	}
	for v, o := range renditions {
		if there := known.renditions[v]; there.object == o {
			e.renditions[v] = there
			continue
		}
		lineage, err := c.bucket.lineage(ctx, c.prefix.RenditionKey(v, key))
		if err != nil {
			return nil, err
		}
		e.renditions[v] = copied{o, lineage}
	}
	if e.info = known.info; known.infoObject != info {
		var err error
		if e.info, err = c.info(ctx, key, info); err != nil {
			return nil, err
		}
	}
	e.picture = e.describe(key, c.presets)
	return e, nil
}

// info reads a source's description, which a listing has or has not.
func (c *catalog) info(ctx context.Context, source string, listed object) (*calotype.Info, error) {
	key, ok := c.prefix.InfoKey(source)
	if !ok || listed == (object{}) {
		return nil, nil
	}
	return c.bucket.info(ctx, key)
}
