package main

import (
	"bytes"
	"fmt"
	"sync"
	"time"
)

// programLog is a program's log. It notes when the lines about jobs were written, because
// their own time is in whole seconds.
type programLog struct {
	mu          sync.Mutex
	text        bytes.Buffer
	done        int
	first, last time.Time
}

// Write implements [io.Writer].
func (l *programLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := bytes.Count(p, []byte(`"outcome":"done"`)); n > 0 {
		l.last = time.Now()
		if l.done == 0 {
			l.first = l.last
		}
		l.done += n
	}
	return l.text.Write(p)
}

// String returns what was written so far.
func (l *programLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// jobsPerSecond returns the rate from the first job to the last one, if that many jobs are
// done.
func (l *programLog) jobsPerSecond(jobs int) (float64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done != jobs {
		return 0, fmt.Errorf("%d of %d jobs are done:\n%s", l.done, jobs, &l.text)
	}
	return float64(jobs-1) / l.last.Sub(l.first).Seconds(), nil
}
