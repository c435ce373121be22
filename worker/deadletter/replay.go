package deadletter

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/time/rate"

	"calotype/queue"
)

// Outcome is what a replay does with a chosen dead letter.
type Outcome string

const (
	// Sent: its job was sent, then the letter deleted.
	Sent Outcome = "sent"
	// Merged: another dead letter asks for the same, so the letter was deleted.
	Merged Outcome = "merged"
	// Skipped: its body is not a job. The letter stays.
	Skipped Outcome = "skipped"
	// Returned: its job was replayed before, so this may be the dead letter of a job that
	// this replay sent. The letter stays: otherwise a job that fails again at once would be
	// lost, or replayed without end.
	Returned Outcome = "returned"
)

// Stays reports whether the letter stays in the queue.
func (o Outcome) Stays() bool { return o == Skipped || o == Returned }

// Replay configures which dead letters to replay, and how.
type Replay struct {
	Jobs *queue.Queue
	Filter
	// Rate is how many jobs are sent per second.
	Rate float64
	// DryRun reports the outcomes and changes nothing.
	DryRun bool
	// OnResult is called with the outcome of each chosen letter, one at a time.
	OnResult func(Letter, Outcome)
}

// Replay replays the chosen dead letters. Each is received, its job sent, and only then the
// letter deleted: if the replay ends in between, the letter stays and the next replay sends
// the job again, which costs two HEADs. Jobs that ask for the same are sent once.
func (q Queue) Replay(ctx context.Context, r Replay) error {
	out := sender{to: r.Jobs, dryRun: r.DryRun, pace: rate.NewLimiter(rate.Limit(r.Rate), 1), sent: map[string]*delivery{}}
	var mu sync.Mutex
	return q.sweep(ctx, func(ctx context.Context, sweep *queue.Sweep, l Letter) error {
		if !r.chooses(l) {
			return nil
		}
		outcome, err := out.deliver(ctx, l)
		if err != nil {
			return err
		}
		if !outcome.Stays() && !r.DryRun {
			// The job was sent, so the letter is deleted even if the context ends.
			if _, err := sweep.Delete(context.WithoutCancel(ctx), l.Message); err != nil {
				return fmt.Errorf("its job was sent, and will be sent again: %w", err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		r.OnResult(l, outcome)
		return nil
	}, nil)
}

// sender sends each job once.
type sender struct {
	to     *queue.Queue
	dryRun bool
	pace   *rate.Limiter

	mu   sync.Mutex
	sent map[string]*delivery // Keyed by body.
}

type delivery struct {
	mu   sync.Mutex // Held while the job is being sent.
	done bool
}

// deliver sends a letter's job, unless the same job was sent before. A letter that asks for
// the same waits until that is sent.
func (o *sender) deliver(ctx context.Context, l Letter) (Outcome, error) {
	if l.Malformed != nil {
		return Skipped, nil
	}
	body := l.Job.Replayed().Encode()
	o.mu.Lock()
	d := o.sent[body]
	if d == nil {
		d = &delivery{}
		o.sent[body] = d
	}
	o.mu.Unlock()

	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.done && l.Job.Again:
		return Returned, nil
	case d.done:
		return Merged, nil
	}
	if !o.dryRun {
		if err := o.pace.Wait(ctx); err != nil {
			return "", err
		}
		if err := o.to.Send(context.WithoutCancel(ctx), body, 0); err != nil {
			return "", err
		}
	}
	d.done = true
	return Sent, nil
}
