package worker

import (
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// outage logs when a service stops responding and when it responds again, once each. The
// zero value is ready. Its methods may be called concurrently.
type outage struct {
	mu    sync.Mutex
	since time.Time // Zero while there is none.
}

// failed records a failed call and logs the first one.
func (o *outage) failed(log *zerolog.Logger, queue string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		o.since = time.Now()
		log.Error().Err(err).Str("queue", queue).Msg("receive fails: retrying until it succeeds")
	}
}

// ended records a call that succeeded and logs the end of an outage.
func (o *outage) ended(log *zerolog.Logger, queue string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.since.IsZero() {
		log.Info().Str("queue", queue).Dur("ms", time.Since(o.since)).Msg("receive succeeds again")
		o.since = time.Time{}
	}
}
