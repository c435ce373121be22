package worker

import (
	"context"
	"sync"

	"calotype/queue"
)

// jobQueue is a queue that the worker receives jobs from, and the slots for them.
type jobQueue struct {
	*queue.Queue
	name  string
	slots *slots
	acks  *acknowledger
	// running counts the worker's jobs. A low-priority queue receives only while there are
	// fewer than limit. It is nil for the viewers' queue.
	running *activeCount
	limit   int
	outage  outage
}

// backfillQueue is the name of the queue of jobs for which no viewer waits.
const backfillQueue = "backfill"

// newQueues returns the viewers' queue and the low-priority ones. A low-priority queue has
// one slot less, so that a viewer's job finds an idle CPU if there are several. Each queue
// has its own slots, because a poll of an empty queue would otherwise hold the viewers'
// slots.
func newQueues(s Settings, q Queues) ([]*jobQueue, *admission) {
	queues := []*jobQueue{{Queue: q.Jobs, name: "jobs"}}
	sizes := []int{s.Concurrency}
	for _, low := range []*jobQueue{{Queue: q.Events, name: "events"}, {Queue: q.Backfill, name: backfillQueue}} {
		if low.Queue != nil {
			queues, sizes = append(queues, low), append(sizes, max(1, s.Concurrency-1))
		}
	}
	a := newAdmission(s.Memory, sizes...)
	for i, jq := range queues {
		jq.slots, jq.acks = a.queues[i], newAcknowledger(jq.Queue)
		if i > 0 {
			jq.running, jq.limit = &a.running, s.Concurrency
		}
	}
	return queues, a
}

// lowPriority reports whether viewers' jobs come first.
func (q *jobQueue) lowPriority() bool { return q.running != nil }

// awaitCapacity waits until a low-priority queue may receive.
func (q *jobQueue) awaitCapacity(ctx context.Context) error {
	if !q.lowPriority() {
		return nil
	}
	return q.running.wait(ctx, q.limit)
}

// activeCount counts running jobs. The zero value is ready.
type activeCount struct {
	mu   sync.Mutex
	n    int
	left chan struct{} // Closed when one ends; nil if there is no waiter.
}

func (c *activeCount) enter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *activeCount) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n--
	if c.left != nil {
		close(c.left)
		c.left = nil
	}
}

// wait waits until there are fewer than limit.
func (c *activeCount) wait(ctx context.Context, limit int) error {
	for {
		c.mu.Lock()
		if c.n < limit {
			c.mu.Unlock()
			return nil
		}
		if c.left == nil {
			c.left = make(chan struct{})
		}
		left := c.left
		c.mu.Unlock()
		select {
		case <-left:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
