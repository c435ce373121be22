package page

import (
	"encoding/json"
	"slices"
	"sync"
)

// keptJobs is how many jobs a journal holds.
const keptJobs = 200

// Journal holds the latest jobs. It is a writer for the worker's log, and keeps only the
// events of jobs.
type Journal struct {
	mu    sync.Mutex
	first int // The number of jobs before those that are held.
	jobs  []json.RawMessage
	grown chan struct{} // Closed at the next job.
}

// NewJournal returns an empty journal.
func NewJournal() *Journal { return &Journal{grown: make(chan struct{})} }

// Write takes one event of the log.
func (j *Journal) Write(line []byte) (int, error) {
	var event struct{ Message string }
	if json.Unmarshal(line, &event) == nil && event.Message == "job" {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.jobs = append(j.jobs, slices.Clone(json.RawMessage(line)))
		if drop := len(j.jobs) - keptJobs; drop > 0 {
			j.jobs, j.first = slices.Delete(j.jobs, 0, drop), j.first+drop
		}
		close(j.grown)
		j.grown = make(chan struct{})
	}
	return len(line), nil
}

// since returns the jobs from number from on, the number of the next one, and a channel that
// is closed when there are more.
func (j *Journal) since(from int) (jobs []json.RawMessage, next int, grown <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	jobs = slices.Clone(j.jobs[max(0, min(from-j.first, len(j.jobs))):])
	return jobs, j.first + len(j.jobs), j.grown
}
