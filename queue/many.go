package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// concurrency is the number of concurrent calls for a whole queue's messages. SQS answers
// one within milliseconds and handles thousands per second.
const concurrency = 16

// settled are the messages for which a call succeeded, keyed by ID.
type settled map[string]bool

// deleteAll is Delete for any number of messages.
func (q *Queue) deleteAll(ctx context.Context, messages []Message) (settled, error) {
	return inBatches(ctx, messages, q.DeleteBatch, q.Delete)
}

// extendAll is Extend for any number of messages; with 0 it releases them.
func (q *Queue) extendAll(ctx context.Context, messages []Message, visibility time.Duration) error {
	batch := func(ctx context.Context, some []Message) []error { return q.extendBatch(ctx, some, visibility) }
	one := func(ctx context.Context, m Message) error { return q.Extend(ctx, m, visibility) }
	_, err := inBatches(ctx, messages, batch, one)
	return err
}

// inBatches calls batch for ten messages at a time, and retries each failed one with one.
// It continues after a failure. The error is the first one, with the number of messages
// that are not settled. A message that is no longer leased is not a failure: another
// receiver has it or has deleted it.
func inBatches(
	ctx context.Context,
	messages []Message,
	batch func(context.Context, []Message) []error,
	one func(context.Context, Message) error,
) (settled, error) {
	var mu sync.Mutex
	var first error
	done := settled{}
	note := func(m Message, err error) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			done[m.ID] = true
		case first == nil && !errors.Is(err, ErrLeaseLost):
			first = err
		}
	}
	var calls errgroup.Group
	calls.SetLimit(concurrency)
	for some := range slices.Chunk(messages, MaxBatch) {
		calls.Go(func() error {
			for i, err := range batch(ctx, some) {
				if err != nil && !errors.Is(err, ErrLeaseLost) && ctx.Err() == nil {
					err = one(ctx, some[i])
				}
				note(some[i], err)
			}
			return nil
		})
	}
	_ = calls.Wait() // Failures are recorded.
	if first != nil {
		return done, fmt.Errorf("%d of %d messages: %w", len(messages)-len(done), len(messages), first)
	}
	return done, nil
}
