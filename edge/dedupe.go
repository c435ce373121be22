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

// upgradeWindow is the window for upgrades: a job of low priority may wait for long.
const upgradeWindow = 10 * time.Minute

// Dedupe suppresses duplicate enqueues: it remembers the renditions that were enqueued
// in the last 60 seconds, upgrades for ten minutes, at most 16,384 of them. A picture that
// many viewers wait for is therefore enqueued once, not at every view. The zero value is
// ready for use. Concurrent use is safe.
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

// Add remembers a rendition. It returns false if the rendition was added in the window
// and not removed since; the caller then does not enqueue it.
func (d *Dedupe) Add(rendition string, now time.Time) bool {
	return d.add(rendition, dedupeWindow, now)
}

// AddJob is Add for the job of a rendition, which may be an upgrade ([Resolution.Upgrade]).
func (d *Dedupe) AddJob(rendition string, upgrade bool, now time.Time) bool {
	if upgrade {
		return d.add(upgradeKey(rendition), upgradeWindow, now)
	}
	return d.Add(rendition, now)
}

func (d *Dedupe) add(rendition string, window time.Duration, now time.Time) bool {
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
	d.entries[rendition] = entry{now.Add(window), d.next}
	d.next = (d.next + 1) % dedupeKeys
	return true
}

// upgradeKey is unlike every rendition's key, which has no NUL.
func upgradeKey(rendition string) string { return "\x00" + rendition }

// RemoveJob forgets the job of a rendition, after a send that failed.
func (d *Dedupe) RemoveJob(rendition string, upgrade bool) {
	if upgrade {
		rendition = upgradeKey(rendition)
	}
	d.Remove(rendition)
}

// Remove forgets a rendition.
func (d *Dedupe) Remove(rendition string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.entries, rendition)
}
