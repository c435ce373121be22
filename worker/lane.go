package worker

import (
	"context"
	"sync"

	"calotype/queue"
)

// lane is a queue that jobs come from, and the slots that they run in.
type lane struct {
	*queue.Queue
	name  string
	slots *slots
	acks  acknowledger
	// spare is what a lane yields to that nobody waits for: it receives only while
	// fewer jobs than most are at work in the whole worker. It is nil for viewers'.
	spare *crowd
	most  int
}

// newLanes makes the viewers' lane and, beside it, those that yield to it. A lane that
// yields has a slot less than there are, so that a viewer's job finds a processor that
// is idle, as far as there are several. Its slots are its own: polls hold slots, and
// would keep those of the viewers' for as long as a queue is empty.
func newLanes(s Settings, q Queues) ([]*lane, *room) {
	lanes := []*lane{{Queue: q.Jobs, name: "jobs"}}
	sizes := []int{s.Concurrency}
	for _, l := range []*lane{{Queue: q.Events, name: "events"}, {Queue: q.Backfill, name: "backfill"}} {
		if l.Queue != nil {
			lanes, sizes = append(lanes, l), append(sizes, max(1, s.Concurrency-1))
		}
	}
	r := newRoom(s.Memory, sizes...)
	for i, l := range lanes {
		l.slots, l.acks.queue = r.lanes[i], l.Queue
		if i > 0 {
			l.spare, l.most = &r.atWork, s.Concurrency
		}
	}
	return lanes, r
}

// yields reports whether viewers' jobs come first.
func (l *lane) yields() bool { return l.spare != nil }

// awaitTurn waits until a lane that yields may receive.
func (l *lane) awaitTurn(ctx context.Context) error {
	if !l.yields() {
		return nil
	}
	return l.spare.wait(ctx, l.most)
}

// crowd counts jobs that are at work. The zero value is ready.
type crowd struct {
	mu   sync.Mutex
	n    int
	left chan struct{} // Closed when one leaves; nil if nobody waits for it.
}

func (c *crowd) enter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n--
	if c.left != nil {
		close(c.left)
		c.left = nil
	}
}

// wait waits until fewer than so many are at work.
func (c *crowd) wait(ctx context.Context, than int) error {
	for {
		c.mu.Lock()
		if c.n < than {
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
