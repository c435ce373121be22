package worker

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const mb = 1 << 20

// enter takes a slot.
func (r *room) enter(t *testing.T) *place {
	t.Helper()
	if err := r.lanes[0].Acquire(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return r.place(r.lanes[0])
}

// picture is a job that needs memory for a second, as work does it.
func picture(ctx context.Context, p *place, bytes int64, during func()) error {
	defer p.leave()
	for {
		err := p.take(ctx, bytes)
		if err == nil {
			during()
			time.Sleep(time.Second)
			return nil
		}
		if !errors.Is(err, errOutOfTurn) {
			return err
		}
		if err := p.waitTurn(ctx); err != nil {
			return err
		}
	}
}

// wantInUse compares what the room tells of itself.
func wantInUse(t *testing.T, r *room, slots, bytes, waits int64) {
	t.Helper()
	if s, b, w := r.lanes[0].used.Load(), r.bytesUsed.Load(), r.waits.Load(); s != slots || b != bytes || w != waits {
		t.Errorf("%d slots and %d bytes in use, %d wait; want %d, %d, %d", s, b, w, slots, bytes, waits)
	}
}

// Eight huge pictures queue behind one another while small ones pass.
func TestSmallOnesPassHugeOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(800*mb, 2)
		began := time.Now()
		var now, most, huge atomic.Int32
		for range 8 {
			p := r.enter(t)
			go func() {
				err := picture(t.Context(), p, 700*mb, func() { most.Store(max(most.Load(), now.Add(1))) })
				now.Add(-1)
				if err != nil {
					t.Error(err)
				}
				huge.Add(1)
			}()
			synctest.Wait() // It works, or waits without a slot.
		}
		wantInUse(t, r, 1, 700*mb, 7)
		for range 5 {
			before := time.Now()
			p := r.enter(t)
			if err := picture(t.Context(), p, 50*mb, func() {}); err != nil {
				t.Error(err)
			}
			if waited := time.Since(before) - time.Second; waited > 0 {
				t.Errorf("a small one waited for %v", waited)
			}
		}
		if n := huge.Load(); n < 4 || n > 5 {
			t.Errorf("%d huge ones in 5 seconds", n)
		}
		time.Sleep(5 * time.Second)
		if took := time.Since(began); huge.Load() != 8 || most.Load() != 1 {
			t.Errorf("%d of 8 huge ones after %v, %d at once", huge.Load(), took, most.Load())
		}
		// All of it was given back.
		if !r.lanes[0].TryAcquire(2) || !r.memory.TryAcquire(800*mb) || !r.turn.TryAcquire(1) {
			t.Error("something is still taken")
		}
		wantInUse(t, r, 0, 0, 0)
	})
}

func TestAloneWaitsForAllAndHoldsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(800*mb, 2)
		suspect, other := r.enter(t), r.enter(t)
		done := make(chan error)
		go func() {
			err := suspect.alone(t.Context())
			if err == nil {
				err = suspect.take(t.Context(), 800*mb) // It needs no turn.
			}
			done <- err
		}()
		synctest.Wait()
		if r.lanes[0].TryAcquire(1) {
			t.Error("another job begins before the one that is to be alone")
		}
		other.leave()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if r.lanes[0].TryAcquire(1) {
			t.Error("it is not alone")
		}
		suspect.leave()
		if !r.lanes[0].TryAcquire(2) {
			t.Error("it did not give back all slots")
		}
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(800*mb, 2)
		first, second := r.enter(t), r.enter(t)
		if err := first.take(t.Context(), 700*mb); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGraceOver)
		defer cancel()
		for name, wait := range map[string]func() error{
			"memory": func() error { return r.place(r.lanes[0]).take(ctx, 150*mb) },
			"alone":  func() error { return second.alone(ctx) },
			"turn":   func() error { return second.waitTurn(ctx) },
		} {
			if name == "memory" {
				r.big = 200 * mb
			}
			if err := wait(); !errors.Is(err, errGraceOver) {
				t.Errorf("%s: got %v, want the cause", name, err)
			}
		}
	})
}

// Where the turn does not come, a picture is given back instead of waiting for ever.
func TestCrowded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(800*mb, 1)
		r.turn.TryAcquire(1)
		for range mostWaiting {
			p := r.enter(t)
			go func() {
				if err := p.waitTurn(t.Context()); !errors.Is(err, errCrowded) {
					t.Errorf("got %v, want %v in the end", err, errCrowded)
				}
				p.leave()
			}()
			synctest.Wait()
		}
		p := r.enter(t)
		if err := p.waitTurn(t.Context()); !errors.Is(err, errCrowded) {
			t.Errorf("got %v, want %v at once", err, errCrowded)
		}
		time.Sleep(longestWait + time.Second)
	})
}

// A source that is on its way takes memory as well, which decoding it takes over.
func TestSourcesOnTheirWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(100*mb, 2)
		first, second := r.enter(t), r.enter(t)
		if err := first.hold(t.Context(), 900*mb); err != nil { // No more than there is.
			t.Fatal(err)
		}
		held := make(chan error)
		go func() { held <- second.hold(t.Context(), 1*mb) }()
		synctest.Wait()
		if r.waits.Load() != 1 {
			t.Error("the second source does not wait")
		}
		if err := first.take(t.Context(), 10*mb); err != nil {
			t.Fatal(err)
		}
		if err := <-held; err != nil || r.bytesUsed.Load() != 11*mb {
			t.Errorf("%v, %d bytes used", err, r.bytesUsed.Load())
		}
	})
}
