package origin

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// logPeriod is the minimum time between two log lines of an outage.
	logPeriod = time.Minute
	// probePeriod is the minimum time between two probes.
	probePeriod = 5 * time.Second
)

// health follows how the store responds to requests. It is failing from the first
// failure to the next success.
type health struct {
	mu       sync.Mutex
	failing  error // nil if the last call succeeded.
	since    time.Time
	logged   time.Time
	failures int // Since the last log line.
	probed   time.Time
}

// failed records a failure of the store. It reports whether it should be logged, with
// the number of failures since the last log line.
func (h *health) failed(err error) (failures int, log bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if h.failing == nil {
		h.since = now
	}
	h.failing = err
	h.failures++
	if !h.logged.IsZero() && now.Sub(h.logged) < logPeriod {
		return 0, false
	}
	failures, h.failures, h.logged = h.failures, 0, now
	return failures, true
}

// succeeded records a success. It reports whether an outage ended, and its duration.
func (h *health) succeeded() (outage time.Duration, ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing == nil {
		return 0, false
	}
	h.failing, h.probed = nil, time.Time{}
	return time.Since(h.since), true
}

// Ready returns an error if the store does not respond, or refuses the credentials.
// Requests that failed make it ask the store itself, at most every 5 seconds, so that
// a single unreadable object makes no edge unready.
func (o *Origin) Ready() error {
	o.health.mu.Lock()
	failing := o.health.failing
	due := failing != nil && time.Since(o.health.probed) >= probePeriod
	if due {
		o.health.probed = time.Now()
	}
	o.health.mu.Unlock()
	if due {
		failing = o.bucket.probe(context.Background(), string(o.rules.Prefix)+"/probe")
		if failing == nil {
			o.succeeded()
		} else {
			o.health.mu.Lock()
			o.health.failing = failing
			o.health.mu.Unlock()
		}
	}
	if failing != nil {
		return fmt.Errorf("cannot read pictures: %w", failing)
	}
	return nil
}

// failed counts a failure of the store and logs it, once a minute.
func (o *Origin) failed(message, source, key string, err error) {
	o.metrics.failures.WithLabelValues(kind(err)).Inc()
	if failures, log := o.health.failed(err); log {
		o.log.Error().Err(err).Str("source", source).Str("key", key).Int("failures", failures).Msg(message)
	}
}

// succeeded records that the store responded and accepted the credentials.
func (o *Origin) succeeded() {
	if outage, ended := o.health.succeeded(); ended {
		o.bucket.reason.forget()
		o.log.Info().Int64("ms", outage.Milliseconds()).Msg("store responds")
	}
}
