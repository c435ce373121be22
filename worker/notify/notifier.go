package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"calotype/internal/backoff"
	"calotype/internal/batch"
)

// The bounds of a batch. Both services accept ten entries. SQS accepts 1 MiB together;
// EventBridge counts the entries' other fields too.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
const (
	maxEntries = 10
	maxBytes   = 200 << 10
)

// How long a notification waits for others to share its call, and how long a call may take.
const (
	batchWindow = 20 * time.Millisecond
	callTimeout = 3 * time.Second
)

// After manyFailures failed calls in a row no call is made for a while, so that jobs do not
// wait for a bus that does not respond.
const (
	manyFailures = 3
	firstPause   = time.Second
	maxPause     = 30 * time.Second
)

// errPaused is the error of a notification that was not sent because the bus fails.
var errPaused = errors.New("the bus is failing, and sending is paused")

// Bus accepts notifications. errs[i] is the result of notifications[i].
type Bus interface {
	Send(ctx context.Context, notifications []json.RawMessage) (errs []error)
}

// Notifier sends notifications to a bus in batches. Its methods may be called concurrently.
type Notifier struct {
	bus     Bus
	log     zerolog.Logger
	batches batch.Batcher[json.RawMessage]

	mu       sync.Mutex
	failures int       // Calls that failed, since the last success.
	since    time.Time // Of the first of them.
	last     error     // Of the last of them.
	until    time.Time // No call is made before.
}

// New returns a notifier for a bus.
func New(bus Bus, log zerolog.Logger) *Notifier {
	n := &Notifier{bus: bus, log: log}
	n.batches = batch.Batcher[json.RawMessage]{
		Send: n.send, Window: batchWindow,
		MaxEntries: maxEntries, MaxBytes: maxBytes, Bytes: func(m json.RawMessage) int { return len(m) },
	}
	return n
}

// Send sends one notification. It returns within seconds, even if the bus does not respond:
// the bus may then have accepted the notification. The error of a bus that lasts until an
// operator acts is a [failure.Failure], also while sending is paused.
func (n *Notifier) Send(ctx context.Context, notification json.RawMessage) error {
	if err := n.paused(); err != nil {
		return err
	}
	return n.batches.Do(ctx, notification)
}

// paused returns why no call is made now, or nil.
func (n *Notifier) paused() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if time.Now().Before(n.until) {
		return fmt.Errorf("%w: %w", errPaused, n.last)
	}
	return nil
}

// send sends one batch, for several callers: none of them cancels it.
func (n *Notifier) send(ctx context.Context, notifications []json.RawMessage) []error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	start := time.Now()
	errs := n.bus.Send(ctx, notifications)
	n.record(start, errs)
	return errs
}

// record counts the call. It failed if the bus accepted nothing of it, unless it refused a
// notification for what that contains.
func (n *Notifier) record(start time.Time, errs []error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, err := range errs {
		if err == nil || errors.Is(err, errEntry) {
			if n.failures >= manyFailures {
				n.log.Info().Dur("ms", time.Since(n.since)).Msg("notify succeeds again")
			}
			n.failures, n.until = 0, time.Time{}
			return
		}
	}
	if n.failures++; n.failures == 1 {
		n.since = start
	}
	n.last = errs[0]
	if n.failures == manyFailures {
		n.log.Error().Err(errs[0]).Msg("notify fails: notifications wait in the queue")
	}
	if n.failures >= manyFailures {
		n.until = time.Now().Add(backoff.Delay(n.failures-manyFailures+1, firstPause, maxPause))
	}
}
