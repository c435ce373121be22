package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"calotype/internal/awstest"
)

func fill(t *testing.T, q *Queue, messages int) {
	t.Helper()
	for i := range messages {
		send(t, q, fmt.Sprint(i))
	}
}

func wantCount(t *testing.T, q *Queue, want Count) {
	t.Helper()
	if got, err := q.Count(t.Context()); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestSweepSeesEachMessageOnceAndReleasesAll(t *testing.T) {
	q, _ := open(t)
	fill(t, q, 35)
	var mu sync.Mutex
	times := map[string]int{}
	s := q.Sweep(t.Context(), time.Minute)
	err := s.Each(t.Context(), func(_ context.Context, m Message) error {
		mu.Lock()
		defer mu.Unlock()
		times[m.Body]++
		return nil
	})
	if err != nil || len(times) != 35 {
		t.Errorf("saw %d, %v, want 35", len(times), err)
	}
	for body, n := range times {
		if n != 1 {
			t.Errorf("%s came %d times", body, n)
		}
	}
	wantCount(t, q, Count{Leased: 35})
	if held := s.Held(); len(held) != 35 {
		t.Errorf("holds %d, want 35", len(held))
	}
	if err := s.End(t.Context()); err != nil {
		t.Error(err)
	}
	wantCount(t, q, Count{Visible: 35})
}

func TestSweepDeletes(t *testing.T) {
	q, _ := open(t)
	fill(t, q, 25)
	s := q.Sweep(t.Context(), time.Minute)
	if err := s.Each(t.Context(), func(context.Context, Message) error { return nil }); err != nil {
		t.Fatal(err)
	}
	held := s.Held()
	for _, some := range [][]Message{held[:1], held[1:24]} {
		if n, err := s.Delete(t.Context(), some...); n != len(some) || err != nil {
			t.Errorf("deleted %d, %v, want %d", n, err, len(some))
		}
	}
	if err := s.End(t.Context()); err != nil {
		t.Error(err)
	}
	wantCount(t, q, Count{Visible: 1})
}

// Leases that are shorter than the sweep do not end before it.
func TestSweepOutlastsItsLeases(t *testing.T) {
	q, _ := open(t)
	fill(t, q, 12)
	s := q.Sweep(t.Context(), time.Second)
	if err := s.Each(t.Context(), func(context.Context, Message) error { return nil }); err != nil {
		t.Fatal(err)
	}
	// A poll of three seconds would return messages whose leases were not extended.
	if messages, err := q.Receive(t.Context(), 10, 3*time.Second, time.Minute); err != nil || len(messages) > 0 {
		t.Errorf("got %d messages, %v: their leases ended", len(messages), err)
	}
	if err := s.End(t.Context()); err != nil {
		t.Error(err)
	}
	wantCount(t, q, Count{Visible: 12})
}

func TestStoppedSweepReleasesAll(t *testing.T) {
	errEnough := errors.New("enough")
	for name, stop := range map[string]func(context.CancelFunc) error{
		"by its caller":   func(cancel context.CancelFunc) error { cancel(); return nil },
		"by what it does": func(context.CancelFunc) error { return errEnough },
	} {
		t.Run(name, func(t *testing.T) {
			q, _ := open(t)
			fill(t, q, 30)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := q.Sweep(ctx, time.Minute)
			err := s.Each(ctx, func(context.Context, Message) error { return stop(cancel) })
			if !errors.Is(err, errEnough) && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if err := s.End(ctx); err != nil {
				t.Error(err)
			}
			wantCount(t, q, Count{Visible: 30})
		})
	}
}

// Another receiver may have some messages of a batch by now: that is not a failure.
func TestBatchWithLostLeases(t *testing.T) {
	q, _ := open(t)
	fill(t, q, 3)
	messages, err := q.Receive(t.Context(), 10, time.Second, time.Minute)
	if err != nil || len(messages) != 3 {
		t.Fatal(messages, err)
	}
	if err := q.Delete(t.Context(), messages[1]); err != nil {
		t.Fatal(err)
	}
	if err := q.extendAll(t.Context(), messages, 0); err != nil {
		t.Error(err)
	}
	wantCount(t, q, Count{Visible: 2})
}

func TestBatchThatFails(t *testing.T) {
	q := New(awstest.SQS(t), "http://127.0.0.1:1/000000000000/none")
	done, err := q.deleteAll(t.Context(), []Message{{ID: "a", receipt: "a"}, {ID: "b", receipt: "b"}})
	if err == nil || len(done) != 0 {
		t.Errorf("deleted %v of a queue that is not there, %v", done, err)
	}
}
