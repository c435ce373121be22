package page

import (
	"encoding/json"
	"slices"
	"sync"
)

// keptEntries is how many entries a journal holds.
const keptEntries = 200

// Journal holds the latest jobs or notifications. It is a writer for the worker's log, and
// keeps only the events of jobs.
type Journal struct {
	mu      sync.Mutex
	first   int // The number of entries before those that are held.
	entries []json.RawMessage
	grown   chan struct{} // Closed at the next entry.
}

// NewJournal returns an empty journal.
func NewJournal() *Journal { return &Journal{grown: make(chan struct{})} }

// Write takes one event of the log.
func (j *Journal) Write(line []byte) (int, error) {
	var event struct{ Message string }
	if json.Unmarshal(line, &event) == nil && event.Message == "job" {
		j.add(slices.Clone(json.RawMessage(line)))
	}
	return len(line), nil
}

func (j *Journal) add(entry json.RawMessage) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
	if drop := len(j.entries) - keptEntries; drop > 0 {
		j.entries, j.first = slices.Delete(j.entries, 0, drop), j.first+drop
	}
	close(j.grown)
	j.grown = make(chan struct{})
}

// since returns the entries with the number from and later ones, the number of the next
// entry, and a channel that is closed when there are more.
func (j *Journal) since(from int) (entries []json.RawMessage, next int, grown <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	entries = slices.Clone(j.entries[max(0, min(from-j.first, len(j.entries))):])
	return entries, j.first + len(j.entries), j.grown
}
