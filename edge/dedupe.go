package edge

import (
	"sync"
	"time"
)

// How long, and how many, enqueues are remembered.
const (
	dedupeWindow = 60 * time.Second
	dedupeKeys   = 16384
)

// Dedupe suppresses duplicate enqueues: it remembers the renditions that were enqueued
// in the last 60 seconds, at most 16,384 of them. A picture that many viewers wait for
// is therefore enqueued once, not at every view. The zero value is ready for use.
// Concurrent use is safe.
type Dedupe struct {
	mu      sync.Mutex
	entries map[string]entry
	ring    [dedupeKeys]string // Rendition keys; the oldest is at next.
	next    int
}

type entry struct {
	expires time.Time
	slot    int // in the ring
}

// Add remembers a rendition. It returns false if the rendition was added in the last
// 60 seconds and not removed since; the caller then does not enqueue it.
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
	d.entries[rendition] = entry{now.Add(dedupeWindow), d.next}
	d.next = (d.next + 1) % dedupeKeys
	return true
}

// Remove forgets a rendition, after a send that failed.
func (d *Dedupe) Remove(rendition string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.entries, rendition)
}
