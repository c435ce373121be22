package worker

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// run runs the worker until stop is called. stop returns how long that took and what Run
// returned.
func (b *bubble) run(t *testing.T) (stop func() (time.Duration, error)) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	return func() (time.Duration, error) {
		start := time.Now()
		cancel()
		err := <-ended
		return time.Since(start), err
	}
}

// slowHead delays the first HEAD of a source and counts the HEADs: a job sends two, since
// it checks again for a missing source.
func (b *bubble) slowHead(key string, lasts time.Duration) *atomic.Int32 {
	var heads atomic.Int32
	b.store.handle(func(w http.ResponseWriter, r *http.Request) {
		if heads.Add(1) == 1 {
			select {
			case <-r.Context().Done():
			case <-time.After(lasts):
			}
		}
		w.WriteHeader(http.StatusNotFound)
	}, "HEAD /b/"+key)
	return &heads
}

func TestLongJobRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		heads := b.slowHead("kitty.jpg", 5*Visibility)
		b.queue.send(job("kitty.jpg", "M"))
		stop := b.run(t)
		time.Sleep(7 * Visibility)
		if _, err := stop(); err != nil {
			t.Error(err)
		}
		if n := heads.Load(); n != 2 {
			t.Errorf("%d HEADs, want one job's", n)
		}
		if m := b.queue.messages[0]; m.receives != 1 {
			t.Errorf("received %d times", m.receives)
		}
	})
}

// Without heartbeats the job is done twice, and nothing else goes wrong.
func TestHeartbeatsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		b.queue.refuse = map[string]bool{"ChangeMessageVisibility": true}
		heads := b.slowHead("kitty.jpg", 2*Visibility)
		b.queue.send(job("kitty.jpg", "M"))
		stop := b.run(t)
		time.Sleep(4 * Visibility)
		if _, err := stop(); err != nil {
			t.Error(err)
		}
		if all, _ := b.queue.left(); all != 0 || len(b.queue.deadLetters()) != 0 || heads.Load() != 3 {
			t.Errorf("%d messages and %d dead letters are left after %d HEADs", all, len(b.queue.deadLetters()), heads.Load())
		}
		if m := b.queue.messages[0]; m.receives != 2 {
			t.Errorf("received %d times, want a duplicate", m.receives)
		}
	})
}

// A stop during a poll waits for its end, which fits into the grace period. The poll's
// messages are requeued as new ones, without a receive.
func TestStopDuringPoll(t *testing.T) {
	for grace, poll := range map[time.Duration]time.Duration{
		0: time.Second, 3 * time.Second: time.Second, 10 * time.Second: 5 * time.Second, 25 * time.Second: 20 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBubble(t, func(s *Settings) { s.Grace = grace })
			stop := b.run(t)
			time.Sleep(time.Minute + 100*time.Millisecond) // During a poll.
			longest := b.queue.lastPoll()
			go func() {
				time.Sleep(300 * time.Millisecond)
				b.queue.send(job("kitty.jpg", "M"))
			}()
			took, err := stop()
			if err != nil || longest != poll || took > max(grace, 2*time.Second) {
				t.Errorf("grace %v: %v after %v, polls of %v, want %v", grace, err, took, longest, poll)
			}
			if all, hidden := b.queue.left(); all != 1 || hidden != 0 {
				t.Errorf("grace %v: %d messages, %d of them hidden, want one to receive", grace, all, hidden)
			}
			for _, m := range b.queue.messages {
				if m.body != "" && m.receives != 0 {
					t.Errorf("grace %v: %d receives are wasted", grace, m.receives)
				}
			}
		})
	}
}

// stuck makes the worker's decoder hang until the test ends.
func (b *bubble) stuck(t *testing.T) {
	goOn := make(chan struct{})
	t.Cleanup(func() { close(goOn) })
	b.Engine = opened{failing(func() error { return errors.New("went on") }), func() { <-goOn }}
	b.store.source("kitty.jpg", []byte("picture"))
}

// The message of a job that does not return at the end of the grace period is requeued
// anyway.
func TestStopDuringDecoding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		b.stuck(t)
		b.queue.send(job("kitty.jpg", "M"))
		stop := b.run(t)
		time.Sleep(30 * time.Second)
		if err := b.Ready(); err != nil {
			t.Errorf("not ready: %v", err)
		}
		took, err := stop()
		if !errors.Is(err, ErrStuck) || took > b.Grace+cancelGrace+time.Second {
			t.Errorf("got %v after %v", err, took)
		}
		if all, hidden := b.queue.left(); all != 1 || hidden != 0 {
			t.Errorf("%d messages, %d of them hidden, want one to receive", all, hidden)
		}
	})
}

// A job that is stuck for longer than any lease makes the worker stop by itself.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		b.stuck(t)
		b.queue.send(job("kitty.jpg", "M"))
		if err := b.Ready(); err == nil {
			t.Error("ready before anything was received")
		}
		ended := make(chan error, 1)
		go func() { ended <- b.Run(t.Context()) }()
		time.Sleep(maxJobTime - time.Second)
		if err := errors.Join(b.Healthy(), b.Ready()); err != nil {
			t.Errorf("too early: %v", err)
		}
		if _, hidden := b.queue.left(); hidden != 1 {
			t.Error("the lease is not held")
		}
		time.Sleep(time.Second + cancelGrace + Visibility)
		if !errors.Is(b.Healthy(), ErrStuck) || !errors.Is(b.Ready(), ErrStuck) {
			t.Errorf("healthy: %v, ready: %v", b.Healthy(), b.Ready())
		}
		if _, hidden := b.queue.left(); hidden != 0 {
			t.Error("the lease is still held")
		}
		if err := <-ended; !errors.Is(err, ErrStuck) {
			t.Errorf("got %v, want %v", err, ErrStuck)
		}
	})
}
