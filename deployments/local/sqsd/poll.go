package sqsd

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// poll is one ReceiveMessage. While it waits it is parked at its queue, and the writer
// gives it the first messages that arrive, in the same transaction. The poll that has
// waited longest gets them.
type poll struct {
	client     context.Context // closed once the client has disconnected; it then gets nothing
	queue      *queue
	limit      int
	visibility time.Duration
	wait       bool
	answer     chan received // buffered for the one response
}

// received is the result of a poll.
type received struct {
	messages []message
	err      error
}

// poll takes available messages, or parks the poll. If it returns no error the poll gets a
// result: after [store.unpark] at the latest.
func (s *store) poll(p *poll) error {
	got, err := s.takeFor(p)
	if err != nil {
		return err
	}
	if len(got) == 0 && p.wait && !s.draining {
		p.queue.parked = append(p.queue.parked, p)
		p.queue.touched = false
		return s.schedule(p.queue)
	}
	s.answer(p, received{messages: got})
	return nil
}

// takeFor takes nothing for a client that has disconnected.
func (s *store) takeFor(p *poll) ([]message, error) {
	if p.client.Err() != nil {
		return nil, nil
	}
	return s.take(p.queue, p.limit, p.visibility, time.Now())
}

// unpark gives the poll an empty result, unless it has one already.
func (s *store) unpark(p *poll) error {
	if i := slices.Index(p.queue.parked, p); i >= 0 {
		p.queue.parked = slices.Delete(p.queue.parked, i, i+1)
		s.answer(p, received{})
	}
	return nil
}

// drain ends every waiting poll, and lets no poll wait from now on.
func (s *store) drain() error {
	s.draining = true
	for _, q := range s.queues {
		s.release(q, received{})
	}
	return nil
}

// release ends all polls at the queue with the same result.
func (s *store) release(q *queue, r received) {
	for _, p := range q.parked {
		s.answer(p, r)
	}
	q.parked = nil
}

// answer gives the poll its messages, once they are committed.
func (s *store) answer(p *poll, r received) {
	s.answers = append(s.answers, func(failed error) {
		if failed != nil {
			r = received{err: failed}
		}
		p.answer <- r
	})
}

// servePolls gives the parked polls the messages that have arrived in their queues or are
// due.
func (s *store) servePolls() error {
	for served := true; served; {
		served = false
		now := time.Now()
		for _, q := range s.queues {
			due := !q.next.IsZero() && !q.next.After(now)
			if len(q.parked) == 0 || !q.touched && !due {
				continue
			}
			q.touched = false
			served = true // this may have changed the dead-letter queue too
			if err := s.serve(q); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *store) serve(q *queue) error {
	for len(q.parked) > 0 {
		p := q.parked[0]
		got, err := s.takeFor(p)
		if err != nil {
			return err
		}
		if len(got) == 0 && p.client.Err() == nil {
			return s.schedule(q)
		}
		q.parked = q.parked[1:]
		s.answer(p, received{messages: got})
	}
	return nil
}

// schedule records when the next message of the queue becomes visible.
func (s *store) schedule(q *queue) error {
	var due int64
	err := s.statement.next.QueryRow(q.id, time.Now().UnixMilli()).Scan(&due)
	if errors.Is(err, sql.ErrNoRows) {
		q.next = time.Time{}
		return nil
	}
	if err != nil {
		return fmt.Errorf("inspect %s: %w", q.name, err)
	}
	q.next = time.UnixMilli(due)
	return nil
}

// nextWake returns when a message becomes visible that a poll waits for, or zero if there
// is none.
func (s *store) nextWake() (next time.Time) {
	for _, q := range s.queues {
		if len(q.parked) > 0 && !q.next.IsZero() && (next.IsZero() || q.next.Before(next)) {
			next = q.next
		}
	}
	return next
}
