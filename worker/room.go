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
	slots    *semaphore.Weighted
	memory   *semaphore.Weighted
	turn     *semaphore.Weighted
	waiting  *semaphore.Weighted // For the turn.
	allSlots int64
	allBytes int64
	big      int64 // From how many bytes on a picture is big.

	// For who watches.
	slotsUsed, bytesUsed, waits atomic.Int64
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

func newRoom(slots int, bytes int64) *room {
	return &room{
		slots:    semaphore.NewWeighted(int64(slots)),
		memory:   semaphore.NewWeighted(bytes),
		turn:     semaphore.NewWeighted(1),
		waiting:  semaphore.NewWeighted(mostWaiting),
		allSlots: int64(slots),
		allBytes: bytes,
		big:      bytes / int64(4*slots),
	}
}

// place is what one job has of the room. Its methods are for one goroutine.
type place struct {
	*room
	held  int64 // slots
	bytes int64
	first bool // It is this one's turn.
}

// place is what a job has that begins in a slot which was taken.
func (r *room) place() *place {
	r.slotsUsed.Add(1)
	return &place{room: r, held: 1}
}

// none is what a message has that is dealt with in no slot.
func (r *room) none() *place { return &place{room: r} }

// alone swaps the slot for all of them: it waits until every other job has ended,
// and none begins meanwhile.
func (p *place) alone(ctx context.Context) error {
	p.leaveSlots()
	return p.takeSlots(ctx, p.allSlots)
}

// take waits for memory. A big picture gets none out of turn, but errOutOfTurn.
func (p *place) take(ctx context.Context, bytes int64) error {
	p.giveBack()
	if isBig := bytes > p.big; isBig && !p.first && p.held < p.allSlots {
		if !p.turn.TryAcquire(1) {
			return errOutOfTurn
		}
		p.first = true
	}
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
	p.leaveSlots()
	ctx, cancel := context.WithTimeoutCause(ctx, longestWait, errCrowded)
	defer cancel()
	if p.turn.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	p.first = true
	return p.takeSlots(ctx, 1)
}

func (p *place) takeSlots(ctx context.Context, n int64) error {
	if p.slots.Acquire(ctx, n) != nil {
		return context.Cause(ctx)
	}
	p.held = n
	p.slotsUsed.Add(n)
	return nil
}

func (p *place) leaveSlots() {
	p.slots.Release(p.held)
	p.slotsUsed.Add(-p.held)
	p.held = 0
}

// leave gives back all.
func (p *place) leave() {
	p.giveBack()
	if p.first {
		p.turn.Release(1)
		p.first = false
	}
	p.leaveSlots()
}
