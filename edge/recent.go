package edge

import (
	"sync"
	"time"
)

// How long, and how many, enqueues are remembered.
const (
	recentLife = 60 * time.Second
	recentKeys = 16384
)

// Recent remembers which renditions were enqueued a short while ago, so that a
// picture that many viewers wait for, or that a worker is at, is not enqueued at
// every view. It holds the last 16,384 for 60 seconds each. The zero value is
// ready; it may be used from several goroutines.
type Recent struct {
	mu     sync.Mutex
	claims map[string]claim
	ring   [recentKeys]string // Rendition keys; the oldest is at next.
	next   int
}

type claim struct {
	expires time.Time
	slot    int // in the ring
}

// Claim reports whether the caller is to enqueue the rendition: nobody did in the
// last 60 seconds.
func (r *Recent) Claim(rendition string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Before(r.claims[rendition].expires) {
		return false
	}
	if r.claims == nil {
		r.claims = make(map[string]claim)
	}
	if oldest := r.ring[r.next]; r.claims[oldest].slot == r.next {
		delete(r.claims, oldest)
	}
	r.ring[r.next] = rendition
	r.claims[rendition] = claim{now.Add(recentLife), r.next}
	r.next = (r.next + 1) % recentKeys
	return true
}

// Forget takes a claim back, after a send that failed.
func (r *Recent) Forget(rendition string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.claims, rendition)
}
