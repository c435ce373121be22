// Package deadletter works on jobs that were given up: it lists them, says what is
// known of them, sends them to the workers once more, and deletes them. It does not
// make renditions, nor decide what is given up: workers do.
//
//	letters := deadletter.Queue{Letters: queue.New(client, url), Lease: 2 * time.Minute}
//	tally, err := letters.List(ctx, deadletter.Filter{}, nil)
//
// SQS shows messages only to those who receive them. So every verb here hides the
// dead letters that it looks at from others until it ends, and for the lease where
// it is killed.
package deadletter

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"calotype"
	"calotype/queue"
)

// The classes of dead letters that came without a reason.
const (
	// ClassRedriven is of those that SQS's redrive policy moved: received too often
	// and never finished, which is what a job looks like that kills workers.
	ClassRedriven = "redriven"
	// ClassNone is of those that somebody else sent.
	ClassNone = "no-reason"
)

// Letter is a dead letter.
type Letter struct {
	queue.Message
	Reason queue.Reason
	// Job is what the body asks for, unless Malformed says why it is no job.
	Job       calotype.Job
	Malformed error
}

// Read reads a message as a dead letter. There is none that it cannot read.
func Read(m queue.Message) Letter {
	l := Letter{Message: m, Reason: queue.ReasonOf(m)}
	l.Job, l.Malformed = calotype.ParseJob(m.Body)
	if events, _, err := calotype.ParseEvents(m.Body); l.Malformed != nil && err == nil && len(events) == 1 && calotype.CheckKey(events[0].Key) == nil {
		// What S3 told, which the redrive policy moved as it came.
		l.Job, l.Malformed = calotype.Job{Source: events[0].Key, Reconcile: true}, nil
	}
	if l.Reason.Class == "" {
		l.Reason.Class = ClassNone
		if m.MovedFrom != "" {
			l.Reason.Class = ClassRedriven
			l.Reason.Attempts = m.Receives
			l.Reason.Detail = "received too often and never finished: moved by the redrive policy of " + m.MovedFrom
		}
	}
	return l
}

// Filter chooses dead letters. What is empty chooses all.
type Filter struct {
	Which   []string // Message IDs and source keys.
	Classes []string // Of the reason.
	Prefix  string   // Of the source's key.
}

func (f Filter) chooses(l Letter) bool {
	return (len(f.Which) == 0 || slices.Contains(f.Which, l.ID) || l.Job.Source != "" && slices.Contains(f.Which, l.Job.Source)) &&
		(len(f.Classes) == 0 || slices.Contains(f.Classes, l.Reason.Class)) &&
		strings.HasPrefix(l.Job.Source, f.Prefix)
}

// Queue is a dead-letter queue.
type Queue struct {
	Letters *queue.Queue
	// Lease is for how long the dead letters stay hidden if this process is killed.
	Lease time.Duration
	// Looked, if not nil, is called after each letter that was inspected, by several
	// goroutines.
	Looked func(Letter)
}

// sweep calls do for every dead letter, by several goroutines, and then last, with
// those that are still held; what is held after that is given back.
func (q Queue) sweep(ctx context.Context, do func(context.Context, *queue.Sweep, Letter) error, last func(*queue.Sweep) error) (err error) {
	sweep := q.Letters.Sweep(ctx, q.Lease)
	defer func() { err = errors.Join(err, sweep.End(ctx)) }()
	err = sweep.Each(ctx, func(ctx context.Context, m queue.Message) error {
		l := Read(m)
		if q.Looked != nil {
			defer q.Looked(l)
		}
		return do(ctx, sweep, l)
	})
	if err != nil || last == nil {
		return err
	}
	return last(sweep)
}

// List counts the chosen dead letters by reason. See, where it is not nil, is called
// for each, one at a time. What was seen before an error is in the tally too.
func (q Queue) List(ctx context.Context, f Filter, see func(Letter)) (*Tally, error) {
	var mu sync.Mutex
	tally := &Tally{}
	err := q.sweep(ctx, func(_ context.Context, _ *queue.Sweep, l Letter) error {
		mu.Lock()
		defer mu.Unlock()
		if f.chooses(l) {
			tally.add(l)
			if see != nil {
				see(l)
			}
		}
		return nil
	}, nil)
	return tally, err
}
