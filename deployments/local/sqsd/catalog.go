package sqsd

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// load reads the queues again, and forgets the polls that were parked at them.
func (s *store) load() error {
	rows, err := s.statement.queues.Query()
	if err != nil {
		return fmt.Errorf("load queues: %w", err)
	}
	defer rows.Close()
	s.queues = map[string]*queue{}
	for rows.Next() {
		var q queue
		var chosen string
		var created, modified int64
		if err := rows.Scan(&q.id, &q.name, &chosen, &created, &modified); err != nil {
			return fmt.Errorf("load queues: %w", err)
		}
		if err := json.Unmarshal([]byte(chosen), &q.settings); err != nil {
			return fmt.Errorf("load queue %s: %w", q.name, err)
		}
		q.created, q.modified = time.UnixMilli(created), time.UnixMilli(modified)
		s.queues[q.name] = &q
	}
	return rows.Err()
}

// queue returns the queue with a name, or QueueDoesNotExist.
func (s *store) queue(name string) (*queue, error) {
	q, ok := s.queues[name]
	if !ok {
		return nil, queueDoesNotExist()
	}
	return q, nil
}

func (s *store) createQueue(name string, chosen settings, now time.Time) error {
	b, err := json.Marshal(chosen)
	if err != nil {
		return err
	}
	r, err := s.statement.createQueue.Exec(name, string(b), now.UnixMilli(), now.UnixMilli())
	if err != nil {
		return fmt.Errorf("create queue %s: %w", name, err)
	}
	id, err := r.LastInsertId()
	if err != nil {
		return err
	}
	s.queues[name] = &queue{id: id, name: name, settings: chosen, created: now, modified: now}
	return nil
}

// configure changes a queue's settings. Retention and redrive also apply to the existing
// messages.
func (s *store) configure(q *queue, chosen settings, now time.Time) error {
	b, err := json.Marshal(chosen)
	if err != nil {
		return err
	}
	_, err = s.statement.configure.Exec(string(b), now.UnixMilli(), q.id)
	if err != nil {
		return fmt.Errorf("configure queue %s: %w", q.name, err)
	}
	q.settings, q.modified = chosen, now
	q.touched = true
	return nil
}

func (s *store) deleteQueue(q *queue) error {
	if err := s.purge(q); err != nil {
		return err
	}
	if _, err := s.statement.deleteQueue.Exec(q.id); err != nil {
		return fmt.Errorf("delete queue %s: %w", q.name, err)
	}
	if _, err := s.statement.untagAll.Exec(q.id); err != nil {
		return fmt.Errorf("delete queue %s: %w", q.name, err)
	}
	delete(s.queues, q.name)
	s.release(q, received{err: queueDoesNotExist()})
	return nil
}

func (s *store) purge(q *queue) error {
	if _, err := s.statement.purge.Exec(q.id); err != nil {
		return fmt.Errorf("purge queue %s: %w", q.name, err)
	}
	return nil
}

// deadLetters returns the queue for messages that were received too often. It is nil
// without a policy, or if the target was deleted.
func (s *store) deadLetters(q *queue) *queue {
	target := q.settings.Redrive.Target
	return s.queues[target[strings.LastIndexByte(target, ':')+1:]]
}
