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

// enter acquires a slot.
func (a *admission) enter(t *testing.T) *grant {
	t.Helper()
	if err := a.queues[0].Acquire(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return a.grant(a.queues[0])
}

// picture simulates a job that needs memory for a second.
func picture(ctx context.Context, p *grant, bytes int64, during func()) error {
	defer p.release()
	for {
		err := p.reserve(ctx, bytes)
		if err == nil {
			during()
			time.Sleep(time.Second)
			return nil
		}
		if !errors.Is(err, errBigSlotTaken) {
			return err
		}
		if err := p.waitBigSlot(ctx); err != nil {
			return err
		}
	}
}

// wantInUse compares the figures that the admission reports.
func wantInUse(t *testing.T, r *admission, slots, bytes, waits int64) {
	t.Helper()
	if s, b, w := r.queues[0].used.Load(), r.bytesUsed.Load(), r.waits.Load(); s != slots || b != bytes || w != waits {
		t.Errorf("%d slots and %d bytes in use, %d wait; want %d, %d, %d", s, b, w, slots, bytes, waits)
	}
}

// Eight huge pictures wait for one another while small ones pass.
func TestSmallPicturesPassHugeOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newAdmission(800*mb, 2)
		start := time.Now()
		var now, peak, huge atomic.Int32
		for range 8 {
			p := r.enter(t)
			go func() {
				err := picture(t.Context(), p, 700*mb, func() { peak.Store(max(peak.Load(), now.Add(1))) })
				now.Add(-1)
				if err != nil {
					t.Error(err)
				}
				huge.Add(1)
			}()
			synctest.Wait() // It is running, or waits without a slot.
		}
		wantInUse(t, r, 1, 700*mb, 7)
		for range 5 {
			before := time.Now()
			p := r.enter(t)
			if err := picture(t.Context(), p, 50*mb, func() {}); err != nil {
				t.Error(err)
			}
			if waited := time.Since(before) - time.Second; waited > 0 {
				t.Errorf("a small picture waited for %v", waited)
			}
		}
		if n := huge.Load(); n < 4 || n > 5 {
			t.Errorf("%d huge pictures in 5 seconds", n)
		}
		time.Sleep(5 * time.Second)
		if took := time.Since(start); huge.Load() != 8 || peak.Load() != 1 {
			t.Errorf("%d of 8 huge pictures after %v, %d at once", huge.Load(), took, peak.Load())
		}
		// All of it was released.
		if !r.queues[0].TryAcquire(2) || !r.memory.TryAcquire(800*mb) || !r.bigSlot.TryAcquire(1) {
			t.Error("something is still acquired")
		}
		wantInUse(t, r, 0, 0, 0)
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newAdmission(800*mb, 2)
		first, second := r.enter(t), r.enter(t)
		if err := first.reserve(t.Context(), 700*mb); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errShutdownTimeout)
		defer cancel()
		for name, wait := range map[string]func() error{
			"memory": func() error { return r.grant(r.queues[0]).reserve(ctx, 150*mb) },
			"turn":   func() error { return second.waitBigSlot(ctx) },
		} {
			if name == "memory" {
				r.big = 200 * mb
			}
			if err := wait(); !errors.Is(err, errShutdownTimeout) {
				t.Errorf("%s: got %v, want the cause", name, err)
			}
		}
	})
}

// If the big slot stays taken, the picture is requeued instead of waiting forever.
func TestThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newAdmission(800*mb, 1)
		r.bigSlot.TryAcquire(1)
		for range maxWaiting {
			p := r.enter(t)
			go func() {
				if err := p.waitBigSlot(t.Context()); !errors.Is(err, errThrottled) {
					t.Errorf("got %v, want %v in the end", err, errThrottled)
				}
				p.release()
			}()
			synctest.Wait()
		}
		p := r.enter(t)
		if err := p.waitBigSlot(t.Context()); !errors.Is(err, errThrottled) {
			t.Errorf("got %v, want %v at once", err, errThrottled)
		}
		time.Sleep(maxWait + time.Second)
	})
}

// A source that is being downloaded uses memory too; decoding takes it over.
func TestSourcesInTransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newAdmission(100*mb, 2)
		first, second := r.enter(t), r.enter(t)
		if err := first.reserveSource(t.Context(), 900*mb); err != nil { // At most what there is.
			t.Fatal(err)
		}
		held := make(chan error)
		go func() { held <- second.reserveSource(t.Context(), 1*mb) }()
		synctest.Wait()
		if r.waits.Load() != 1 {
			t.Error("the second source does not wait")
		}
		if err := first.reserve(t.Context(), 10*mb); err != nil {
			t.Fatal(err)
		}
		if err := <-held; err != nil || r.bytesUsed.Load() != 11*mb {
			t.Errorf("%v, %d bytes used", err, r.bytesUsed.Load())
		}
	})
}
