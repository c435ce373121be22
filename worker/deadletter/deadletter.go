// Package deadletter lists dead letters, inspects what the bucket holds for them, replays
// and deletes them. It does not make renditions, and it does not decide which jobs are
// dead-lettered: workers do.
//
//	letters := deadletter.Queue{Letters: queue.New(client, url), Lease: 2 * time.Minute}
//	tally, err := letters.List(ctx, deadletter.Filter{}, nil)
//
// SQS shows messages only to receivers. Every method here therefore hides the dead letters
// that it reads from others until it ends, or until the lease ends if it is killed.
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
	"calotype/worker/failure"
)

// The first builds had another name for a class. Dead letters with it may still exist, and
// are listed and replayed under the present name.
const formerPoison = "kills-workers"

// The classes of dead letters that came without a reason.
const (
	// ClassRedriven is for messages that SQS's redrive policy moved: received too often and
	// never completed, for example because the job crashes workers. The number of attempts
	// is not known, since reading the letter counts as a receive too.
	ClassRedriven = "redriven"
	// ClassNone is for messages that another program sent.
	ClassNone = "no-reason"
)

// Letter is a dead letter.
type Letter struct {
	queue.Message
	Reason queue.Reason
	// Job is what the body asks for, unless Malformed says why it is not a job.
	Job       calotype.Job
	Malformed error
}

// Read parses a message as a dead letter. It never fails: a body that is not a job sets
// Malformed.
func Read(m queue.Message) Letter {
	l := Letter{Message: m, Reason: queue.ReasonOf(m)}
	if l.Reason.Class == formerPoison {
		l.Reason.Class = failure.PoisonMessage
	}
	l.Job, l.Malformed = calotype.ParseJob(m.Body)
	if events, _, err := calotype.ParseEvents(m.Body); l.Malformed != nil && err == nil && len(events) == 1 && calotype.CheckKey(events[0].Key) == nil {
		// An S3 event that the redrive policy moved unchanged.
		l.Job, l.Malformed = calotype.Job{Source: events[0].Key, Reconcile: true}, nil
	}
	if l.Reason.Class == "" {
		l.Reason.Class = ClassNone
		if m.MovedFrom != "" {
			l.Reason.Class = ClassRedriven
			l.Reason.Detail = "received too often and never completed: moved by the redrive policy of " + m.MovedFrom
		}
	}
	return l
}

// Filter chooses dead letters. An empty field chooses all.
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
	// Lease is how long the dead letters stay hidden if this process is killed.
	Lease time.Duration
	// Inspected, if not nil, is called after each inspected letter, by several goroutines.
	Inspected func(Letter)
}

// sweep calls do for every dead letter, from several goroutines, and then last, with those
// that are still leased. Then it releases them.
func (q Queue) sweep(ctx context.Context, do func(context.Context, *queue.Sweep, Letter) error, last func(*queue.Sweep) error) (err error) {
	sweep := q.Letters.Sweep(ctx, q.Lease)
	defer func() { err = errors.Join(err, sweep.End(ctx)) }()
	err = sweep.Each(ctx, func(ctx context.Context, m queue.Message) error {
		l := Read(m)
		if q.Inspected != nil {
			defer q.Inspected(l)
		}
		return do(ctx, sweep, l)
	})
	if err != nil || last == nil {
		return err
	}
	return last(sweep)
}

// List counts the chosen dead letters by reason. See, if not nil, is called for each, one
// at a time. The tally holds what was read before an error, too.
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
