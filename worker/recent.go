package worker

import (
	"sync"
	"time"

	"calotype/worker/failure"
)

// maxRecent bounds the number of remembered keys.
const maxRecent = 10_000

// recent remembers keys for some time, each with a failure or nil. The zero value is ready.
// Its methods may be called concurrently.
type recent struct {
	mu      sync.Mutex
	entries map[string]recentEntry
}

type recentEntry struct {
	failure *failure.Failure
	until   time.Time
}

// remember remembers key until then. A full memory accepts nothing more until entries
// expire.
func (r *recent) remember(key string, f *failure.Failure, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.insert(key, f, until)
}

// add remembers key until then, and reports false if it was remembered before.
func (r *recent) add(key string, until time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.entries[key]; ok && e.until.After(time.Now()) {
		return false
	}
	r.insert(key, nil, until)
	return true
}

func (r *recent) insert(key string, f *failure.Failure, until time.Time) {
	if r.entries == nil {
		r.entries = map[string]recentEntry{}
	}
	if len(r.entries) >= maxRecent {
		for k, e := range r.entries {
			if !e.until.After(time.Now()) {
				delete(r.entries, k)
			}
		}
	}
	if len(r.entries) < maxRecent {
		r.entries[key] = recentEntry{f, until}
	}
}

// recall returns what is remembered about key.
func (r *recent) recall(key string) (*failure.Failure, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.entries[key]
	if ok && !e.until.After(time.Now()) {
		delete(r.entries, key)
		return nil, false
	}
	return e.failure, ok
}

func (r *recent) forget(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.entries, key)
}
