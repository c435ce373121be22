package sqsd

import (
	"errors"
	"fmt"
	"time"
)

// maxGroup is the maximum number of operations in a transaction. Operations that arrive
// during a commit, which costs more than most of them, share the next one.
const maxGroup = 64

// op is an operation of the writer. An apiError is a regular result, and an operation that
// returns one must have changed nothing; any other error undoes the whole transaction.
type op struct {
	run  func() error
	done chan error
}

// do runs an operation in the writer, and returns once its changes are committed. The
// caller may then read the operation's results.
func (s *store) do(run func() error) error {
	o := op{run, make(chan error, 1)}
	select {
	case s.ops <- o:
		return <-o.done
	case <-s.quit:
		return errClosed
	}
}

// write is the writer: it sleeps until there is an operation, or until a message is due
// that a poll waits for.
func (s *store) write() {
	defer close(s.stopped)
	wake := time.NewTimer(0)
	defer wake.Stop()
	for {
		select {
		case <-s.quit:
			_ = s.drain()
			s.notify(nil)
			return
		case o := <-s.ops:
			s.transact(s.group(o))
		case <-wake.C:
			s.transact(nil)
		}
		if next := s.nextWake(); next.IsZero() {
			wake.Stop()
		} else {
			wake.Reset(time.Until(next))
		}
	}
}

// group returns the operation and those that arrived meanwhile.
func (s *store) group(first op) []op {
	ops := []op{first}
	for len(ops) < maxGroup {
		select {
		case o := <-s.ops:
			ops = append(ops, o)
		default:
			return ops
		}
	}
	return ops
}

// transact runs the operations and serves the polls that they wake in one transaction, and
// then returns all results.
func (s *store) transact(ops []op) {
	results := make([]error, len(ops))
	err := s.atomically(func() error {
		for i, o := range ops {
			results[i] = o.run()
			if _, answer := asAnswer(results[i]); results[i] != nil && !answer {
				return results[i]
			}
		}
		if err := s.servePolls(); err != nil {
			return err
		}
		return s.sweep(time.Now())
	})
	if err != nil {
		// The queues' state in memory may include the changes that were rolled back.
		for _, q := range s.queues {
			s.release(q, received{})
		}
		err = errors.Join(err, s.load())
	}
	s.notify(err)
	for i, o := range ops {
		if err != nil {
			results[i] = err
		}
		o.done <- results[i]
	}
}

// notify sends the results of the polls that were served.
func (s *store) notify(failed error) {
	for _, answer := range s.answers {
		answer(failed)
	}
	s.answers = nil
}

func (s *store) atomically(run func() error) error {
	if _, err := s.statement.begin.Exec(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err := run()
	if err == nil {
		if _, err = s.statement.commit.Exec(); err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	// SQLite may have rolled back by itself, and then this fails.
	_, _ = s.statement.rollback.Exec()
	return err
}
