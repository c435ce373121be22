package origin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// probePeriod is the minimum time between two probes.
const probePeriod = 5 * time.Second

var errNoResponseYet = errors.New("the store has not responded yet")

// health follows how the store responds to requests and to probes.
type health struct {
	outage
	probing sync.Mutex
	last    time.Time // The time of the last probe.
}

// due reports whether a probe is due, and records it as sent.
func (h *health) due() bool {
	h.probing.Lock()
	defer h.probing.Unlock()
	if time.Since(h.last) < probePeriod {
		return false
	}
	h.last = time.Now()
	return true
}

// reset makes the next outage start with a probe.
func (h *health) reset() {
	h.probing.Lock()
	defer h.probing.Unlock()
	h.last = time.Time{}
}

// Ready returns an error if the store does not respond, or refuses the credentials. Before
// the first request, and while requests fail, it asks the store itself, at most every 5
// seconds, so that a single unreadable object does not make the edge unready.
func (o *Origin) Ready() error {
	failing, called := o.health.state()
	switch due := (failing != nil || !called) && o.health.due(); {
	case due:
		key := string(o.rules.Prefix) + "/probe"
		if failing = o.bucket.probe(context.Background(), key); failing == nil {
			o.succeeded()
		} else {
			o.failed("probe store", "", key, failing)
		}
	case !called:
		failing = errNoResponseYet // The first probe is on its way.
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
	length, ended, log := o.health.succeeded()
	if ended {
		o.bucket.reason.forget()
		o.health.reset()
	}
	if log {
		o.log.Info().Int64("ms", length.Milliseconds()).Msg("store responds")
	}
}
