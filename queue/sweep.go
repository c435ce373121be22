package queue

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// sweepPoll is how long an empty queue is waited on before it is taken for empty.
// It is a long poll, which asks all of SQS's servers: a short one asks some.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
const sweepPoll = time.Second

// Sweep looks through a whole queue. SQS shows messages only to receivers, so a
// sweep leases every message it finds and extends the leases until it ends. Then it
// releases those that were not deleted. If the process dies, the messages return when
// their leases end.
//
// SQS lets about 120,000 messages of a queue be leased at once; what is beyond that
// is found by the next sweep.
type Sweep struct {
	queue *Queue
	lease time.Duration

	mu   sync.Mutex
	held map[string]Message // By ID.
	seen map[string]bool

	stop  context.CancelFunc
	ended chan struct{}
}

// Sweep begins a sweep with leases of a length. [Sweep.End] must be called.
func (q *Queue) Sweep(ctx context.Context, lease time.Duration) *Sweep {
	// A sweep that is being stopped keeps its leases until it ends, too.
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

// extend keeps the leases alive. A lease that cannot be extended ends, and then
// another receiver may get the message: SQS always allows that.
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

// Each receives every message that can be received and calls do for it, once, by
// several receivers side by side. It ends with the first error, and with the
// context, but never in the middle of a poll.
func (s *Sweep) Each(ctx context.Context, do func(context.Context, Message) error) error {
	receivers, ctx := errgroup.WithContext(ctx)
	for range sideBySide {
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

// hold notes the messages and returns those that were not seen before: a lease that
// was lost brings a message twice, and so does SQS now and then.
func (s *Sweep) hold(messages []Message) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fresh []Message
	for _, m := range messages {
		s.held[m.ID] = m // The newest receipt is the one that counts.
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

// Delete deletes messages that the sweep holds, and returns how many it did.
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

// End gives back what is still held, whether or not the context has ended: others
// can receive it at once.
func (s *Sweep) End(ctx context.Context) error {
	s.stop()
	<-s.ended
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.lease) // Then it comes back by itself.
	defer cancel()
	return s.queue.extendAll(ctx, s.Held(), 0)
}
