package sqsd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// message is one message as the file holds it. Times are in milliseconds.
type message struct {
	id, queue, receipt, due, sent, taken, first int64

	received, arrived int
	source            string // the queue it was dead-lettered from

	uuid, sender, group, trace string
	attributes                 string // JSON of the message attributes, or ""
	body                       string
}

// send adds a message that becomes visible when it is due.
func (s *store) send(q *queue, m message) error {
	_, err := s.statement.insert.Exec(q.id, m.due, m.sent, m.uuid, m.sender, m.group, m.trace, m.attributes, m.body)
	if err != nil {
		return fmt.Errorf("send to %s: %w", q.name, err)
	}
	q.touched = true
	return nil
}

// take receives up to n messages for the visibility timeout. It also removes expired
// messages, and moves those that were received often enough to the dead-letter queue.
func (s *store) take(q *queue, n int, visibility time.Duration, now time.Time) ([]message, error) {
	for {
		visible, err := s.visible(q, n, now)
		if err != nil || len(visible) == 0 {
			return nil, err
		}
		var got []message
		dead := s.deadLetters(q)
		for _, m := range visible {
			switch {
			case m.sent <= q.expiry(now):
				_, err = s.statement.discard.Exec(m.id)
			case dead != nil && m.received-m.arrived >= q.settings.Redrive.Max:
				_, err = s.statement.deadLetter.Exec(dead.id, q.name, m.id)
				dead.touched = true
			default:
				m, err = s.receive(q, m, visibility, now)
				got = append(got, m)
			}
			if err != nil {
				return nil, fmt.Errorf("receive from %s: %w", q.name, err)
			}
		}
		if len(got) > 0 {
			return got, nil
		}
	}
}

func (s *store) visible(q *queue, n int, now time.Time) ([]message, error) {
	rows, err := s.statement.visible.Query(q.id, now.UnixMilli(), n)
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", q.name, err)
	}
	defer rows.Close()
	var found []message
	for rows.Next() {
		var m message
		if err := rows.Scan(&m.id, &m.due, &m.sent, &m.taken, &m.first, &m.received, &m.arrived, &m.source,
			&m.uuid, &m.sender, &m.group, &m.trace, &m.attributes, &m.body); err != nil {
			return nil, fmt.Errorf("inspect %s: %w", q.name, err)
		}
		found = append(found, m)
	}
	return found, rows.Err()
}

// receive updates and returns the message. It keeps the former due and taken times, which
// [store.unreceive] needs.
func (s *store) receive(q *queue, m message, visibility time.Duration, now time.Time) (message, error) {
	m.queue, m.receipt = q.id, rand.Int64N(math.MaxInt64)+1
	m.received++
	if m.first == 0 {
		m.first = now.UnixMilli()
	}
	_, err := s.statement.receive.Exec(now.Add(visibility).UnixMilli(), m.receipt, now.UnixMilli(), m.first, m.received, m.id)
	return m, err
}

// unreceive makes messages visible again as if they had not been received, unless their
// receipt is no longer valid.
func (s *store) unreceive(q *queue, messages []message) error {
	for _, m := range messages {
		first := m.first
		if m.received == 1 {
			first = 0
		}
		if _, err := s.statement.unreceive.Exec(m.due, m.taken, first, m.id, m.receipt); err != nil {
			return fmt.Errorf("release to %s: %w", q.name, err)
		}
	}
	q.touched = true
	return nil
}

// counts are the numbers of a queue's messages, by state.
type counts struct{ visible, inFlight, delayed int }

func (s *store) count(q *queue, now time.Time) (n counts, err error) {
	err = s.statement.count.QueryRow(now.UnixMilli(), q.id, q.expiry(now)).Scan(&n.visible, &n.inFlight, &n.delayed)
	if err != nil {
		return n, fmt.Errorf("count %s: %w", q.name, err)
	}
	return n, nil
}

// expiry returns a time. Messages that were sent before it are too old to keep.
func (q *queue) expiry(now time.Time) int64 {
	return now.Add(-time.Duration(q.settings.Retention) * time.Second).UnixMilli()
}

// sweepEvery is how often expired messages are removed, if the queue is used at all. They
// are never delivered: removing them frees space.
const sweepEvery = time.Minute

func (s *store) sweep(now time.Time) error {
	if now.Sub(s.swept) < sweepEvery {
		return nil
	}
	for _, q := range s.queues {
		if _, err := s.statement.sweep.Exec(q.id, q.expiry(now)); err != nil {
			return fmt.Errorf("expire messages of %s: %w", q.name, err)
		}
	}
	s.swept = now
	return nil
}
