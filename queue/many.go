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

// sideBySide is how many calls for a whole queue's messages are under way at once:
// SQS answers one in some milliseconds and takes thousands a second.
const sideBySide = 16

// settled are the messages for which a call succeeded, by ID.
type settled map[string]bool

// deleteAll is Delete for any number of messages.
func (q *Queue) deleteAll(ctx context.Context, messages []Message) (settled, error) {
	return inBatches(ctx, messages, q.DeleteBatch, q.Delete)
}

// extendAll is Extend for any number of messages, or with 0 Release.
func (q *Queue) extendAll(ctx context.Context, messages []Message, visibility time.Duration) error {
	batch := func(ctx context.Context, some []Message) []error { return q.extendBatch(ctx, some, visibility) }
	one := func(ctx context.Context, m Message) error { return q.Extend(ctx, m, visibility) }
	_, err := inBatches(ctx, messages, batch, one)
	return err
}

// inBatches calls batch for ten messages at a time, and one for each that fails in
// company. It goes on after a failure; the error is the first one, and how many
// messages were not settled. A message that is no longer leased is no failure:
// another receiver has it, or has deleted it.
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
	calls.SetLimit(sideBySide)
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
	_ = calls.Wait() // Failures are noted.
	if first != nil {
		return done, fmt.Errorf("%d of %d messages: %w", len(messages)-len(done), len(messages), first)
	}
	return done, nil
}
