// Package backoff computes how long to wait before another attempt, and waits.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Delay returns the wait after a number of failures in a row, at least 1: first, doubled
// for each further failure, at most limit. Half of it is random, so that callers that
// failed together do not return together.
func Delay(failures int, first, limit time.Duration) time.Duration {
	d := first << min(max(failures-1, 0), 20)
	return Jitter(min(d, limit))
}

// Jitter returns a random duration between d/2 and d.
func Jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}

// Wait waits for the duration or until the context ends.
func Wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
