package sqsd

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// TestStorageFailure checks that a failing operation undoes the others in its transaction,
// including their changes in memory, and that every poll gets the error.
func TestStorageFailure(t *testing.T) {
	s, err := openStore(filepath.Join(t.TempDir(), "queues.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	p := &poll{client: context.Background(), limit: 1, wait: true, answer: make(chan received, 1)}
	err = s.do(func() error {
		if err := s.createQueue("q", defaultSettings(), time.Now()); err != nil {
			return err
		}
		p.queue = s.queues["q"]
		return s.poll(p)
	})
	if err != nil {
		t.Fatal(err)
	}

	full := errors.New("disk full")
	err = s.do(func() error {
		q := s.queues["q"]
		now := time.Now()
		if err := s.send(q, message{due: now.UnixMilli(), sent: now.UnixMilli(), body: "b"}); err != nil {
			return err
		}
		if err := s.configure(q, settings{Retention: 60}, now); err != nil {
			return err
		}
		if err := s.createQueue("other", defaultSettings(), now); err != nil {
			return err
		}
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
	if got := <-p.answer; !errors.Is(got.err, full) {
		t.Errorf("the poll got %+v, want %v", got, full)
	}
	err = s.do(func() error {
		q := s.queues["q"]
		if q.settings != defaultSettings() || len(s.queues) != 1 {
			t.Errorf("after the failure: %d queues, settings %+v", len(s.queues), q.settings)
		}
		n, err := s.count(q, time.Now())
		if n != (counts{}) {
			t.Errorf("after the failure: %+v messages", n)
		}
		return errors.Join(err, s.unpark(p))
	})
	if err != nil {
		t.Error(err)
	}
}

// TestClosed checks that polls end, and that later operations are refused.
func TestClosed(t *testing.T) {
	s, err := openStore(filepath.Join(t.TempDir(), "queues.db"))
	if err != nil {
		t.Fatal(err)
	}
	p := &poll{client: context.Background(), limit: 1, wait: true, answer: make(chan received, 1)}
	err = s.do(func() error {
		if err := s.createQueue("q", defaultSettings(), time.Now()); err != nil {
			return err
		}
		p.queue = s.queues["q"]
		return s.poll(p)
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}
	if got := <-p.answer; got.err != nil || len(got.messages) != 0 {
		t.Errorf("the poll got %+v, want nothing", got)
	}
	if err := s.do(func() error { return nil }); !errors.Is(err, errClosed) {
		t.Errorf("got %v, want %v", err, errClosed)
	}
}
