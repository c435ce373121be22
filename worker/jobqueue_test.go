package worker

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"calotype/queue"
)

// A low-priority queue receives only while viewers' jobs leave a slot free, and holds none
// of their slots.
func TestLowPriorityQueuesYield(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Defaults()
		s.Concurrency = 2
		queues, a := newQueues(s, Queues{Jobs: &queue.Queue{}, Backfill: &queue.Queue{}})
		viewers, backfill := queues[0], queues[1]
		if !viewers.slots.TryAcquire(2) || !backfill.slots.TryAcquire(1) || backfill.slots.TryAcquire(1) {
			t.Error("want two slots for viewers and one for backfill")
		}
		first, second := a.grant(viewers.slots), a.grant(viewers.slots)
		started := make(chan error, 1)
		go func() { started <- backfill.awaitCapacity(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-started:
			t.Errorf("it may receive (%v) while viewers' jobs hold all slots", err)
		default:
		}
		first.release()
		synctest.Wait()
		select {
		case err := <-started:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("it may not receive although a slot is free")
		}
		if err := viewers.awaitCapacity(t.Context()); err != nil {
			t.Error(err)
		}
		a.grant(backfill.slots) // Its jobs count as well.
		ctx, stop := context.WithCancel(t.Context())
		go func() { started <- backfill.awaitCapacity(ctx) }()
		synctest.Wait()
		stop()
		if err := <-started; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want it to wait until the stop", err)
		}
		second.release()
	})
}
