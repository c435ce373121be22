package queue

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// sweepPoll is how long an empty queue is polled before it is considered empty. It is a
// long poll, which asks all of SQS's servers; a short one asks only some.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
const sweepPoll = time.Second

// Sweep reads a whole queue. SQS shows messages only to receivers, so a sweep leases every
// message it finds and extends the leases until it ends. Then it releases those that were
// not deleted. If the process dies, the messages return when their leases end.
//
// SQS lets about 120,000 messages of a queue be leased at a time; the next sweep finds the
// rest.
type Sweep struct {
	queue *Queue
	lease time.Duration

	mu   sync.Mutex
	held map[string]Message // Keyed by ID.
	seen map[string]bool

	stop  context.CancelFunc
	ended chan struct{}
}

// Sweep starts a sweep with leases of the given duration. The caller must call [Sweep.End].
func (q *Queue) Sweep(ctx context.Context, lease time.Duration) *Sweep {
	// A sweep that is being stopped also keeps its leases until it ends.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &Sweep{
		queue: q, lease: lease,
		held: map[string]Message{}, seen: map[string]bool{},
		stop: cancel, ended: make(chan struct{}),
	}
	go func() {
		defer close(s.ended)
		s.extend(ctx)
	}()
	return s
}

// extend extends the leases. A lease that cannot be extended ends, and then another
// receiver may get the message; SQS permits that at any time.
func (s *Sweep) extend(ctx context.Context) {
	every := time.NewTicker(s.lease / 3)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			_ = s.queue.extendAll(ctx, s.Held(), s.lease)
		}
	}
}

// Each receives every visible message and calls do for it once, with several concurrent
// receivers. It ends with the first error or with the context, but never during a poll.
func (s *Sweep) Each(ctx context.Context, do func(context.Context, Message) error) error {
	receivers, ctx := errgroup.WithContext(ctx)
	for range concurrency {
		receivers.Go(func() error {
			for ctx.Err() == nil {
				messages, err := s.queue.Receive(context.WithoutCancel(ctx), MaxBatch, sweepPoll, s.lease)
				if err != nil || len(messages) == 0 {
					return err
				}
				for _, m := range s.hold(messages) {
					if err := do(ctx, m); err != nil {
						return err
					}
				}
			}
			return context.Cause(ctx)
		})
	}
	return receivers.Wait()
}

// hold records the messages and returns the new ones: a message arrives twice after a lost
// lease, and sometimes in SQS anyway.
func (s *Sweep) hold(messages []Message) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fresh []Message
	for _, m := range messages {
		s.held[m.ID] = m // The newest receipt is the valid one.
		if !s.seen[m.ID] {
			s.seen[m.ID] = true
			fresh = append(fresh, m)
		}
	}
	return fresh
}

// Held returns the messages that the sweep has leased, the oldest first.
func (s *Sweep) Held() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.held), func(a, b Message) int { return a.Sent.Compare(b.Sent) })
}

// Delete deletes messages that the sweep holds, and returns how many it deleted.
func (s *Sweep) Delete(ctx context.Context, messages ...Message) (int, error) {
	var done settled
	var err error
	if len(messages) == 1 {
		if err = s.queue.Delete(ctx, messages[0]); err == nil {
			done = settled{messages[0].ID: true}
		}
	} else {
		done, err = s.queue.deleteAll(ctx, messages)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range done {
		delete(s.held, id)
	}
	return len(done), err
}

// End releases the messages that are still held, even if the context has ended: others can
// receive them at once.
func (s *Sweep) End(ctx context.Context) error {
	s.stop()
	<-s.ended
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.lease) // Then the message returns when its lease ends.
	defer cancel()
	return s.queue.extendAll(ctx, s.Held(), 0)
}
