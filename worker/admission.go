package worker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// admission manages what jobs share: slots, and memory for decoding.
//
// Pictures that need much of the memory, the big ones, take turns: one at a time. A small
// picture that needs memory while a big one runs therefore waits only briefly, and never
// behind several big ones, and big ones never use more than one slot. A big picture that
// waits for its turn holds neither a slot nor its bytes.
//
// There is no deadlock, because resources are always waited for in the same order: the big
// slot, the slot, the source lock, memory. A job that holds a slot only tries the big one.
type admission struct {
	queues  []*slots
	memory  *semaphore.Weighted
	bigSlot *semaphore.Weighted
	waiting *semaphore.Weighted // For the big slot.
	running activeCount
	budget  int64
	big     int64 // Pictures above this many bytes are big.

	// Read by the metrics.
	bytesUsed, waits atomic.Int64
}

// slots bound how many jobs of one queue run concurrently.
type slots struct {
	*semaphore.Weighted
	n    int64
	used atomic.Int64 // The slots that jobs hold; read by the metrics.
}

// At most maxWaiting big pictures wait, each with a lease, for less time than the longest
// lease.
const (
	maxWaiting = 32
	maxWait    = 5 * time.Minute
)

var (
	// errBigSlotTaken is returned for a big picture while another one runs.
	errBigSlotTaken = errors.New("another big picture is running")
	// errThrottled is returned for a big picture that would wait too long.
	errThrottled = errors.New("too many big pictures wait")
)

// newAdmission returns an admission with slots for each queue; the first is the viewers'.
func newAdmission(bytes int64, queues ...int) *admission {
	a := &admission{
		memory:  semaphore.NewWeighted(bytes),
		bigSlot: semaphore.NewWeighted(1),
		waiting: semaphore.NewWeighted(maxWaiting),
		budget:  bytes,
		big:     bytes / int64(4*queues[0]),
	}
	for _, n := range queues {
		a.queues = append(a.queues, &slots{Weighted: semaphore.NewWeighted(int64(n)), n: int64(n)})
	}
	return a
}

// grant is one job's share of the slots and the memory. Its methods are not for concurrent
// use.
type grant struct {
	*admission
	queue      *slots
	inSlot     bool // Of its queue.
	bytes      int64
	hasBigSlot bool
	whole      bool // The picture exceeded the prediction: it gets the whole budget.
}

// grant returns the grant of a job for which a slot was acquired.
func (a *admission) grant(queue *slots) *grant {
	g := &grant{admission: a, queue: queue}
	g.enterSlot()
	return g
}

// none returns the grant of a message that is handled without a slot.
func (a *admission) none() *grant { return &grant{admission: a} }

// reserve waits for memory to decode. It returns errBigSlotTaken for a big picture while
// another one runs.
func (g *grant) reserve(ctx context.Context, bytes int64) error {
	g.freeMemory()
	if isBig := bytes > g.big; isBig && !g.hasBigSlot {
		if !g.bigSlot.TryAcquire(1) {
			return errBigSlotTaken
		}
		g.hasBigSlot = true
	}
	return g.acquire(ctx, bytes)
}

// reserveSource reserves memory for the source's bytes; before the header is read, their
// number is all that is known. The next reserve replaces it.
func (g *grant) reserveSource(ctx context.Context, bytes int64) error {
	g.freeMemory()
	return g.acquire(ctx, min(bytes, g.budget))
}

func (g *grant) acquire(ctx context.Context, bytes int64) error {
	g.waits.Add(1)
	defer g.waits.Add(-1)
	if g.memory.Acquire(ctx, bytes) != nil {
		return context.Cause(ctx)
	}
	g.bytes = bytes
	g.bytesUsed.Add(bytes)
	return nil
}

// freeMemory releases the memory.
func (g *grant) freeMemory() {
	g.memory.Release(g.bytes)
	g.bytesUsed.Add(-g.bytes)
	g.bytes = 0
}

// waitBigSlot waits until no other big picture runs, and holds no slot meanwhile. The caller
// must not hold a source lock. It returns errThrottled if too many wait already, or
// too long.
func (g *grant) waitBigSlot(ctx context.Context) error {
	if !g.waiting.TryAcquire(1) {
		return errThrottled
	}
	defer g.waiting.Release(1)
	g.waits.Add(1)
	defer g.waits.Add(-1)
	g.leaveSlot()
	ctx, cancel := context.WithTimeoutCause(ctx, maxWait, errThrottled)
	defer cancel()
	if g.bigSlot.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	g.hasBigSlot = true
	if g.queue.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	g.enterSlot()
	return nil
}

func (g *grant) enterSlot() {
	g.inSlot = true
	g.queue.used.Add(1)
	g.running.enter()
}

func (g *grant) leaveSlot() {
	if g.inSlot {
		g.inSlot = false
		g.running.release()
		g.queue.used.Add(-1)
		g.queue.Release(1)
	}
}

// release releases everything.
func (g *grant) release() {
	g.freeMemory()
	if g.hasBigSlot {
		g.bigSlot.Release(1)
		g.hasBigSlot = false
	}
	g.leaveSlot()
}
