package backfill

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"calotype/queue"
)

const (
	// flushEvery is how long a job waits for others to be sent with it.
	flushEvery = time.Second
	// saveEvery is how often the position is saved while batches wait to be completed.
	saveEvery = 100 * time.Millisecond
	// MaxInFlight bounds the batches that are sent at the same time, each by a connection.
	MaxInFlight = 128
)

// sender sends the jobs of findings in batches, several at the same time, and completes the
// findings in their order. One goroutine dispatches and one completes.
type sender struct {
	*Backfill
	pace    *rate.Limiter
	ordered chan *batch
	freed   chan struct{} // A batch was sent.

	mu       sync.Mutex
	inFlight int
	latency  time.Duration // Of a call, as a moving average.

	position Position // All up to it is completed. Only the completing goroutine uses it.
	saved    time.Time
}

// batch is a number of findings, with at most [queue.MaxBatch] jobs among them.
type batch struct {
	findings []*finding
	bodies   []string
	sent     chan struct{} // Closed when err is known.
	err      error
}

func newSender(b *Backfill, from Position) *sender {
	return &sender{
		Backfill: b, position: from, pace: rate.NewLimiter(rate.Limit(b.Rate), queue.MaxBatch),
		ordered: make(chan *batch, MaxInFlight), freed: make(chan struct{}, 1),
	}
}

// limit returns how many batches may be in flight: as many as the rate needs at the latency
// that was measured, and half as many again. At first there are four.
func (s *sender) limit() int {
	if s.latency == 0 {
		return 4
	}
	needed := 1.5 * s.Rate / queue.MaxBatch * s.latency.Seconds()
	return int(min(MaxInFlight, max(2, needed+1)))
}

// dispatch makes batches of the findings and sends them, until the findings or the context
// end.
func (s *sender) dispatch(ctx context.Context, findings <-chan *finding) error {
	defer close(s.ordered)
	next, flushed := &batch{}, time.Now()
	for f := range findings {
		select {
		case <-f.ready:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		next.findings = append(next.findings, f)
		if f.Err == nil && len(f.Job.Variants) > 0 {
			next.bodies = append(next.bodies, f.Job.Encode())
		}
		full := len(next.bodies) == queue.MaxBatch || len(next.findings) == 100*queue.MaxBatch
		if full || time.Since(flushed) > flushEvery {
			if err := s.send(ctx, next); err != nil {
				return err
			}
			next, flushed = &batch{}, time.Now()
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return s.send(ctx, next)
}

// send starts to send a batch when there is room for it, and hands it on to be completed.
func (s *sender) send(ctx context.Context, b *batch) error {
	b.sent = make(chan struct{})
	if len(b.bodies) == 0 || s.DryRun {
		close(b.sent)
	} else {
		if err := s.pace.WaitN(ctx, len(b.bodies)); err != nil {
			return err
		}
		if err := s.acquire(ctx); err != nil {
			return err
		}
		// The effect of a call that is cut off is unknown.
		ctx := context.WithoutCancel(ctx)
		go func() { // completeAll waits for it.
			defer close(b.sent)
			start := time.Now()
			b.err = s.sendBatch(ctx, b.bodies)
			s.release(time.Since(start))
		}()
	}
	s.ordered <- b
	return nil
}

func (s *sender) acquire(ctx context.Context) error {
	for {
		s.mu.Lock()
		free := s.inFlight < s.limit()
		if free {
			s.inFlight++
		}
		s.mu.Unlock()
		if free {
			return nil
		}
		select {
		case <-s.freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *sender) release(latency time.Duration) {
	s.mu.Lock()
	s.inFlight--
	if s.latency == 0 {
		s.latency = latency
	}
	s.latency += (latency - s.latency) / 8
	s.mu.Unlock()
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

// sendBatch sends jobs in one call, and those that fail of it by themselves.
func (s *sender) sendBatch(ctx context.Context, bodies []string) error {
	for i, err := range s.Jobs.SendBatch(ctx, bodies) {
		if err != nil {
			err = s.Jobs.Send(ctx, bodies[i], 0)
		}
		if err != nil {
			return fmt.Errorf("enqueue: %w", err)
		}
	}
	return nil
}

// completeAll completes the batches in their order: it counts, reports and saves. After a
// failure it only waits for the rest: their jobs are sent again by the next run.
func (s *sender) completeAll() error {
	var failed error
	for b := range s.ordered {
		<-b.sent
		if failed == nil {
			if failed = b.err; failed == nil {
				failed = s.complete(b)
			}
		}
	}
	return failed
}

func (s *sender) complete(b *batch) error {
	for _, f := range b.findings {
		if f.Source == "" {
			continue // Not an orphan after all.
		}
		s.position.Summary.count(f.Finding)
		if s.OnResult != nil {
			s.OnResult(f.Finding)
		}
		if f.Orphan == "" {
			s.position.After, s.position.Line = f.Source, f.line
		}
	}
	// A run that is killed sends again what it sent after the last position.
	if len(s.ordered) == 0 || time.Since(s.saved) > saveEvery {
		return s.save()
	}
	return nil
}

func (s *sender) save() error {
	s.saved = time.Now()
	if s.Save == nil || s.DryRun {
		return nil
	}
	if err := s.Save(s.position); err != nil {
		return fmt.Errorf("save the position: %w", err)
	}
	return nil
}
