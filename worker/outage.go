package worker

import (
	"sync"
	"time"
)

// outage follows the failures of a service, so that its start and its end are logged once
// each. The zero value is ready. Its methods may be called concurrently.
type outage struct {
	mu       sync.Mutex
	failures int       // Since the last success.
	since    time.Time // Of the first of them.
	logged   bool
}

// failed records a failure. It reports true once, when there are n in a row.
func (o *outage) failed(n int) (started bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failures++; o.failures == 1 {
		o.since = time.Now()
	}
	if o.logged || o.failures < n {
		return false
	}
	o.logged = true
	return true
}

// succeeded records a success. It reports the length of the outage that ends with it, if
// its start was reported.
func (o *outage) succeeded() (length time.Duration, ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	ended = o.logged
	o.failures, o.logged = 0, false
	return time.Since(o.since), ended
}
