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
// There is no deadlock, because resources are always acquired in the same order: the big
// slot, the slot, the source lock, memory.
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

// slots bound how many jobs of one queue run at once.
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
	r := &admission{
		memory:  semaphore.NewWeighted(bytes),
		bigSlot: semaphore.NewWeighted(1),
		waiting: semaphore.NewWeighted(maxWaiting),
		budget:  bytes,
		big:     bytes / int64(4*queues[0]),
	}
	for _, n := range queues {
		r.queues = append(r.queues, &slots{Weighted: semaphore.NewWeighted(int64(n)), n: int64(n)})
	}
	return r
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
func (r *admission) grant(queue *slots) *grant {
	p := &grant{admission: r, queue: queue}
	p.enterSlot()
	return p
}

// none returns the grant of a message that is handled without a slot.
func (r *admission) none() *grant { return &grant{admission: r} }

// reserve waits for memory to decode. It returns errBigSlotTaken for a big picture while
// another one runs.
func (p *grant) reserve(ctx context.Context, bytes int64) error {
	p.freeMemory()
	if isBig := bytes > p.big; isBig && !p.hasBigSlot {
		if !p.bigSlot.TryAcquire(1) {
			return errBigSlotTaken
		}
		p.hasBigSlot = true
	}
	return p.acquire(ctx, bytes)
}

// reserveSource reserves memory for the source's bytes; before the header is read, their
// number is all that is known. The next reserve replaces it.
func (p *grant) reserveSource(ctx context.Context, bytes int64) error {
	p.freeMemory()
	return p.acquire(ctx, min(bytes, p.budget))
}

func (p *grant) acquire(ctx context.Context, bytes int64) error {
	p.waits.Add(1)
	defer p.waits.Add(-1)
	if p.memory.Acquire(ctx, bytes) != nil {
		return context.Cause(ctx)
	}
	p.bytes = bytes
	p.bytesUsed.Add(bytes)
	return nil
}

// freeMemory releases the memory.
func (p *grant) freeMemory() {
	p.memory.Release(p.bytes)
	p.bytesUsed.Add(-p.bytes)
	p.bytes = 0
}

// waitBigSlot waits until no other big picture runs, and holds no slot meanwhile. The caller
// must not hold a source lock. It returns errThrottled if too many wait already, or
// too long.
func (p *grant) waitBigSlot(ctx context.Context) error {
	if !p.waiting.TryAcquire(1) {
		return errThrottled
	}
	defer p.waiting.Release(1)
	p.waits.Add(1)
	defer p.waits.Add(-1)
	p.leaveSlot()
	ctx, cancel := context.WithTimeoutCause(ctx, maxWait, errThrottled)
	defer cancel()
	if p.bigSlot.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	p.hasBigSlot = true
	if p.queue.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	p.enterSlot()
	return nil
}

func (p *grant) enterSlot() {
	p.inSlot = true
	p.queue.used.Add(1)
	p.running.enter()
}

func (p *grant) leaveSlot() {
	if p.inSlot {
		p.inSlot = false
		p.running.release()
		p.queue.used.Add(-1)
		p.queue.Release(1)
	}
}

// release releases everything.
func (p *grant) release() {
	p.freeMemory()
	if p.hasBigSlot {
		p.bigSlot.Release(1)
		p.hasBigSlot = false
	}
	p.leaveSlot()
}
