package sqsd

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// poll is one ReceiveMessage. While it waits it is parked at its queue, and
// the writer hands it the first messages that come: in the transaction that
// brings them, and to one poll alone, the one that has waited longest.
type poll struct {
	client     context.Context // done once the client is gone; it then gets nothing
	queue      *queue
	most       int
	visibility time.Duration
	wait       bool
	answer     chan received // has room for the one answer
}

// received is what a poll is answered with.
type received struct {
	messages []message
	err      error
}

// poll takes available messages, or parks the poll. If it returns no error the poll
// will be answered: after [store.unpark] at the latest.
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

// takeFor takes nothing for a client that has gone.
func (s *store) takeFor(p *poll) ([]message, error) {
	if p.client.Err() != nil {
		return nil, nil
	}
	return s.take(p.queue, p.most, p.visibility, time.Now())
}

// unpark answers the poll with nothing, unless it has its answer already.
func (s *store) unpark(p *poll) error {
	if i := slices.Index(p.queue.parked, p); i >= 0 {
		p.queue.parked = slices.Delete(p.queue.parked, i, i+1)
		s.answer(p, received{})
	}
	return nil
}

// drain answers every poll that waits, and lets none wait any more.
func (s *store) drain() error {
	s.draining = true
	for _, q := range s.queues {
		s.release(q, received{})
	}
	return nil
}

// release answers all polls at the queue alike.
func (s *store) release(q *queue, r received) {
	for _, p := range q.parked {
		s.answer(p, r)
	}
	q.parked = nil
}

// answer hands the poll its messages, once they are committed.
func (s *store) answer(p *poll, r received) {
	s.answers = append(s.answers, func(failed error) {
		if failed != nil {
			r = received{err: failed}
		}
		p.answer <- r
	})
}

// servePolls gives the parked polls what has come to their queues or is due.
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
			served = true // and this may have touched the dead-letter queue
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

// schedule notes when the next message of the queue becomes visible.
func (s *store) schedule(q *queue) error {
	var due int64
	err := s.statement.next.QueryRow(q.id, time.Now().UnixMilli()).Scan(&due)
	if errors.Is(err, sql.ErrNoRows) {
		q.next = time.Time{}
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into %s: %w", q.name, err)
	}
	q.next = time.UnixMilli(due)
	return nil
}

// nextWake returns when a message becomes visible that a poll waits for, and
// zero for never.
func (s *store) nextWake() (next time.Time) {
	for _, q := range s.queues {
		if len(q.parked) > 0 && !q.next.IsZero() && (next.IsZero() || q.next.Before(next)) {
			next = q.next
		}
	}
	return next
}
