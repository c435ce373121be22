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
		queues, room := newQueues(s, Queues{Jobs: &queue.Queue{}, Backfill: &queue.Queue{}})
		viewers, backfill := queues[0], queues[1]
		if !viewers.slots.TryAcquire(2) || !backfill.slots.TryAcquire(1) || backfill.slots.TryAcquire(1) {
			t.Error("want two slots for viewers and one for backfill")
		}
		first, second := room.grant(viewers.slots), room.grant(viewers.slots)
		began := make(chan error, 1)
		go func() { began <- backfill.awaitCapacity(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-began:
			t.Errorf("it may receive (%v) while viewers' jobs hold all slots", err)
		default:
		}
		first.release()
		synctest.Wait()
		select {
		case err := <-began:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("it may not receive although a slot is free")
		}
		if err := viewers.awaitCapacity(t.Context()); err != nil {
			t.Error(err)
		}
		room.grant(backfill.slots) // Its jobs count as well.
		ctx, stop := context.WithCancel(t.Context())
		go func() { began <- backfill.awaitCapacity(ctx) }()
		synctest.Wait()
		stop()
		if err := <-began; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want it to wait until the stop", err)
		}
		second.release()
	})
}

// An exclusive job has the slots of all queues, and releases them.
func TestExclusiveInAllQueues(t *testing.T) {
	s := Defaults()
	s.Concurrency = 2
	queues, room := newQueues(s, Queues{Jobs: &queue.Queue{}, Events: &queue.Queue{}, Backfill: &queue.Queue{}})
	if !queues[2].slots.TryAcquire(1) {
		t.Fatal("no slot")
	}
	p := room.grant(queues[2].slots)
	if err := p.exclusive(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, l := range queues {
		if l.slots.TryAcquire(1) {
			t.Errorf("%s: a slot is free", l.name)
		}
	}
	p.release()
	for _, l := range queues {
		if !l.slots.TryAcquire(l.slots.n) {
			t.Errorf("%s: a slot was not released", l.name)
		}
	}
}

// While an exclusive job waits for the low-priority queues, which may be in a poll,
// viewers' jobs start as usual.
func TestExclusiveTakesViewersSlotsLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Defaults()
		s.Concurrency = 2
		queues, room := newQueues(s, Queues{Jobs: &queue.Queue{}, Events: &queue.Queue{}, Backfill: &queue.Queue{}})
		viewers, events, backfill := queues[0], queues[1], queues[2]
		if !backfill.slots.TryAcquire(1) || !events.slots.TryAcquire(1) {
			t.Fatal("no slots")
		}
		p := room.grant(backfill.slots)
		ctx, stop := context.WithCancel(t.Context())
		alone := make(chan error, 1)
		go func() { alone <- p.exclusive(ctx) }()
		synctest.Wait()
		if !viewers.slots.TryAcquire(2) {
			t.Error("viewers' jobs wait for another queue's poll")
		}
		stop()
		if err := <-alone; err == nil {
			t.Error("exclusive while others run")
		}
		if !backfill.slots.TryAcquire(1) {
			t.Error("a slot was not released")
		}
	})
}
