package edge

import (
	"cmp"
	"sync"
	"time"
)

// How long, and how many, enqueues are remembered.
const (
	dedupeWindow = 60 * time.Second
	dedupeKeys   = 16384
)

// UpgradeWindow is the window for upgrades: a job of low priority may wait for long.
const UpgradeWindow = 10 * time.Minute

// Dedupe suppresses duplicate enqueues: it remembers the renditions that were enqueued
// in the last 60 seconds, or in its window, at most 16,384 of them. A picture that many
// viewers wait for is therefore enqueued once, not at every view. The zero value is ready
// for use.
// Concurrent use is safe.
type Dedupe struct {
	Window time.Duration // 0 is 60 seconds.

	mu      sync.Mutex
	entries map[string]entry
	ring    [dedupeKeys]string // Rendition keys; the oldest is at next.
	next    int
}

type entry struct {
	expires time.Time
	slot    int // in the ring
}

// Add remembers a rendition. It returns false if the rendition was added in the window
// and not removed since; the caller then does not enqueue it.
func (d *Dedupe) Add(rendition string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Before(d.entries[rendition].expires) {
		return false
	}
	if d.entries == nil {
		d.entries = make(map[string]entry)
	}
	if oldest := d.ring[d.next]; d.entries[oldest].slot == d.next {
		delete(d.entries, oldest)
	}
	d.ring[d.next] = rendition
	d.entries[rendition] = entry{now.Add(cmp.Or(d.Window, dedupeWindow)), d.next}
	d.next = (d.next + 1) % dedupeKeys
	return true
}

// Remove forgets a rendition, after a send that failed.
func (d *Dedupe) Remove(rendition string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.entries, rendition)
}
