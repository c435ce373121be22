package edge

import (
	"cmp"
	"sync"
	"time"
)

// budgetWindow is the period that a budget is for.
const budgetWindow = time.Minute

// The budget of a host that sets none. A page with eight sizes of a picture in four
// formats asks for 32 jobs.
const (
	DefaultSourceJobs = 64
	DefaultTotalJobs  = 12_000
)

// Limits are how many jobs may be sent in a minute. Zero fields are the defaults.
type Limits struct {
	PerSource, Total int
}

// Budget counts the jobs that are sent in a minute, for one source and in total. Sizes,
// formats and keys multiply, so without it a few viewers could fill queue and bucket. The
// zero value is ready for use. Concurrent use is safe.
type Budget struct {
	mu      sync.Mutex
	started time.Time // of the current minute
	total   int
	sources map[string]int
}

// Take takes one job for a source from the budget. It reports false if none is left
// in this minute.
func (b *Budget) Take(source string, limits Limits, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sources == nil || now.Sub(b.started) >= budgetWindow {
		b.started, b.total, b.sources = now, 0, map[string]int{}
	}
	if b.total >= cmp.Or(limits.Total, DefaultTotalJobs) || b.sources[source] >= cmp.Or(limits.PerSource, DefaultSourceJobs) {
		return false
	}
	b.total++
	b.sources[source]++ // At most Total entries.
	return true
}
