package origin

import (
	"sync"
	"time"
)

// logPeriod is the minimum time between two log lines of an outage.
const logPeriod = time.Minute

// outage follows the failures of a service, from the first one to the next success. Its
// start is logged once, then one line per minute, and its end if the start was logged. If
// some calls fail and others succeed, that is at most two lines per minute. The zero value
// is ready. Its methods may be called concurrently.
type outage struct {
	mu       sync.Mutex
	called   bool  // There was a call.
	failing  error // nil if the last call succeeded.
	since    time.Time
	logged   time.Time
	shown    bool // A line of this outage was logged.
	failures int  // Since the last log line.
}

// failed records a failure. It reports whether it should be logged, with the number of
// failures since the last log line.
func (o *outage) failed(err error) (failures int, log bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if o.failing == nil {
		o.since = now
	}
	o.failing, o.called = err, true
	o.failures++
	if !o.logged.IsZero() && now.Sub(o.logged) < logPeriod {
		return 0, false
	}
	failures, o.failures, o.logged, o.shown = o.failures, 0, now, true
	return failures, true
}

// succeeded records a success. It reports whether an outage ended, how long it was, and
// whether its end should be logged.
func (o *outage) succeeded() (length time.Duration, ended, log bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.called = true
	if o.failing == nil {
		return 0, false, false
	}
	log, o.failing, o.shown = o.shown, nil, false
	return time.Since(o.since), true, log
}

// state returns the last failure of an outage, or nil if there is none, and whether there
// was any call yet.
func (o *outage) state() (failing error, called bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failing, o.called
}
