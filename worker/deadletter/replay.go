package deadletter

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/time/rate"

	"calotype"
	"calotype/queue"
)

// Outcome is what a replay does with a chosen dead letter.
type Outcome string

const (
	// Sent: its job was sent, then the letter deleted.
	Sent Outcome = "sent"
	// Merged: another dead letter asks for the same, so the letter was deleted.
	Merged Outcome = "merged"
	// Skipped: its body is no job, so nothing can do it. The letter stays.
	Skipped Outcome = "skipped"
	// Returned: its job was sent before and was marked as such, so this may be the
	// dead letter of what this very replay has sent. The letter stays, or else what
	// fails again at once would be lost, or sent for ever.
	Returned Outcome = "returned"
)

// Stays reports whether the letter is still there.
func (f Outcome) Stays() bool { return f == Skipped || f == Returned }

// Replay sends jobs that were given up to the workers once more.
type Replay struct {
	Jobs *queue.Queue
	Filter
	// Rate is how many jobs are sent in a second.
	Rate float64
	// DryRun tells what would become of the letters, and changes none.
	DryRun bool
	// OnResult is called with what became of each chosen letter, one at a time.
	OnResult func(Letter, Outcome)
}

// Replay goes through the dead letters. A chosen one is received, its job sent and
// only then the letter deleted: what ends in between leaves the letter, to be sent
// again by the next replay, and a job that comes twice costs two HEADs. Jobs that
// ask for the same are sent once.
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
			// A job that is sent is as good as done: the letter goes, come what may.
			if _, err := sweep.Delete(context.WithoutCancel(ctx), l.Message); err != nil {
				return fmt.Errorf("its job was sent, and will be again: %w", err)
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
	sent map[string]*delivery // By body.
}

type delivery struct {
	mu   sync.Mutex // Held while it is under way.
	done bool
}

// deliver sends a letter's job, unless the same was sent before. A letter that asks
// for the same waits until it is.
func (o *sender) deliver(ctx context.Context, l Letter) (Outcome, error) {
	if l.Malformed != nil {
		return Skipped, nil
	}
	body := again(l.Job).Encode()
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

// again asks for the same once more: it overlooks the copy that is kept because of
// the fault, and is a new job to those who count attempts, days and dead letters. It
// is nobody's request, or what two viewers asked for would not be the same.
func again(job calotype.Job) calotype.Job {
	return calotype.Job{
		Source: job.Source, Variants: job.Variants, Quality: job.Quality, Exact: job.Exact, Reconcile: job.Reconcile, Again: true,
	}
}
