package worker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// room is what jobs share: slots, and the memory that decoding takes.
//
// Pictures that take much of the memory, the big ones, have to take turns: one at a
// time. So what asks for memory beside a big picture is small, gets it soon, and is
// never behind several big ones; and big ones never take up more than one slot. A
// big picture that waits for its turn holds neither a slot nor its bytes.
//
// Nothing waits in a circle, since all is taken in one order: the turn, the slot,
// the lock of a source, memory. A job that is alone has every slot, so that nobody
// else has memory, and takes no turn.
type room struct {
	lanes    []*slots
	memory   *semaphore.Weighted
	turn     *semaphore.Weighted
	waiting  *semaphore.Weighted // For the turn.
	atWork   crowd
	allBytes int64
	big      int64 // From how many bytes on a picture is big.

	// For who watches.
	bytesUsed, waits atomic.Int64
}

// slots bound how many jobs of one lane run at once.
type slots struct {
	*semaphore.Weighted
	n    int64
	used atomic.Int64 // By jobs, for who watches.
}

// A few wait for their turn, each with a lease, and not so long that they would come
// near the end of the longest lease.
const (
	mostWaiting = 32
	longestWait = 5 * time.Minute
)

var (
	// errOutOfTurn is the error of a big picture where another has the turn.
	errOutOfTurn = errors.New("another big picture is at work")
	// errCrowded is the error of a big picture that would wait for too long.
	errCrowded = errors.New("too many big pictures wait")
)

// newRoom has slots for each lane, the first of them for what viewers wait for.
func newRoom(bytes int64, lanes ...int) *room {
	r := &room{
		memory:   semaphore.NewWeighted(bytes),
		turn:     semaphore.NewWeighted(1),
		waiting:  semaphore.NewWeighted(mostWaiting),
		allBytes: bytes,
		big:      bytes / int64(4*lanes[0]),
	}
	for _, n := range lanes {
		r.lanes = append(r.lanes, &slots{Weighted: semaphore.NewWeighted(int64(n)), n: int64(n)})
	}
	return r
}

// place is what one job has of the room. Its methods are for one goroutine.
type place struct {
	*room
	lane    *slots
	inSlot  bool // One of the lane's.
	isAlone bool // In every slot of every lane.
	bytes   int64
	first   bool // It is this one's turn.
}

// place is what a job has that begins in a slot which was taken.
func (r *room) place(lane *slots) *place {
	p := &place{room: r, lane: lane}
	p.entered()
	return p
}

// none is what a message has that is dealt with in no slot.
func (r *room) none() *place { return &place{room: r} }

// alone swaps the slot for all of them: it waits until every other job has ended,
// and none begins meanwhile.
func (p *place) alone(ctx context.Context) error {
	p.leaveSlot()
	// Whoever else wants all takes them in the same order. Each lane may be waited for as
	// long as a poll takes, so that of viewers' jobs is the last, and stands still least.
	for i := len(p.lanes) - 1; i >= 0; i-- {
		if p.lanes[i].Acquire(ctx, p.lanes[i].n) != nil {
			for _, taken := range p.lanes[i+1:] {
				taken.Release(taken.n)
			}
			return context.Cause(ctx)
		}
	}
	p.isAlone = true
	for _, lane := range p.lanes {
		lane.used.Add(lane.n)
	}
	return nil
}

// take waits for memory. A big picture gets none out of turn, but errOutOfTurn.
func (p *place) take(ctx context.Context, bytes int64) error {
	p.giveBack()
	if isBig := bytes > p.big; isBig && !p.first && !p.isAlone {
		if !p.turn.TryAcquire(1) {
			return errOutOfTurn
		}
		p.first = true
	}
	return p.acquire(ctx, bytes)
}

// hold waits for the memory of a source's own bytes, of which no more is known yet than
// how many they are. It is given back with the next take.
func (p *place) hold(ctx context.Context, bytes int64) error {
	p.giveBack()
	return p.acquire(ctx, min(bytes, p.allBytes))
}

func (p *place) acquire(ctx context.Context, bytes int64) error {
	p.waits.Add(1)
	defer p.waits.Add(-1)
	if p.memory.Acquire(ctx, bytes) != nil {
		return context.Cause(ctx)
	}
	p.bytes = bytes
	p.bytesUsed.Add(bytes)
	return nil
}

// giveBack gives back the memory.
func (p *place) giveBack() {
	p.memory.Release(p.bytes)
	p.bytesUsed.Add(-p.bytes)
	p.bytes = 0
}

// waitTurn waits for a big picture's turn, without a slot meanwhile. Locks must not
// be held. It is errCrowded where too many wait already, or nothing moves.
func (p *place) waitTurn(ctx context.Context) error {
	if !p.waiting.TryAcquire(1) {
		return errCrowded
	}
	defer p.waiting.Release(1)
	p.waits.Add(1)
	defer p.waits.Add(-1)
	p.leaveSlot()
	ctx, cancel := context.WithTimeoutCause(ctx, longestWait, errCrowded)
	defer cancel()
	if p.turn.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	p.first = true
	if p.lane.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	p.entered()
	return nil
}

func (p *place) entered() {
	p.inSlot = true
	p.lane.used.Add(1)
	p.atWork.enter()
}

func (p *place) leaveSlot() {
	if p.inSlot {
		p.inSlot = false
		p.atWork.leave()
		p.lane.used.Add(-1)
		p.lane.Release(1)
	}
}

// leave gives back all.
func (p *place) leave() {
	p.giveBack()
	if p.first {
		p.turn.Release(1)
		p.first = false
	}
	p.leaveSlot()
	if p.isAlone {
		p.isAlone = false
		for _, lane := range p.lanes {
			lane.used.Add(-lane.n)
			lane.Release(lane.n)
		}
	}
}
