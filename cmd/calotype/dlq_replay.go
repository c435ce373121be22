package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"calotype"
	"calotype/worker/deadletter"
)

type dlqReplayCommand struct {
	dlqFlags
	All    bool    `env:"-" help:"All dead letters."`
	DryRun bool    `env:"-" help:"Print what would be sent, and change nothing."`
	Rate   float64 `help:"The maximum number of jobs sent per second." default:"50"`
}

func (c *dlqReplayCommand) check() []error {
	errs := c.dlqFlags.check()
	errs = append(errs, checkQueueURL("queue-url", c.QueueURL, "the SQS queue for jobs")...)
	errs = append(errs, between("rate", c.Rate, 0.01, 10_000)...)
	return append(errs, c.checkChosen(c.All)...)
}

// replayLine is the outcome of one dead letter.
type replayLine struct {
	Kind     string             `json:"kind"` // "replay"
	Outcome  deadletter.Outcome `json:"outcome"`
	ID       string             `json:"id"`
	Reason   string             `json:"reason"`
	Source   string             `json:"source,omitempty"`
	Variants []calotype.Variant `json:"variants,omitempty"`
	Why      string             `json:"why,omitempty"` // Why it was skipped.
	DryRun   bool               `json:"dry_run,omitempty"`
}

// run prints a line for each letter with --json or --dry-run, and otherwise only for those
// that need attention.
func (c *dlqReplayCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	d, err := c.open(ctx, stdout, stderr)
	if err != nil {
		return err
	}
	s := summary{DryRun: c.DryRun}
	var printing error
	err = d.dead.Replay(ctx, deadletter.Replay{
		Jobs: d.jobs, Filter: c.filter(), Rate: c.Rate, DryRun: c.DryRun,
		OnResult: func(l deadletter.Letter, outcome deadletter.Outcome) {
			s.count(outcome)
			if c.JSON || c.DryRun || outcome.Stays() {
				d.pause()
				printing = errors.Join(printing, d.line(c.describe(l, outcome)))
			}
		},
	})
	did := "sent %s, merged %s into them, and skipped %d that are not jobs"
	if c.DryRun {
		did = "would send %s, merge %s into them, and skip %d that are not jobs"
	}
	s.words = append(s.words, fmt.Sprintf("Of %s, "+did+".", plural(s.Chosen, "dead letter"), plural(s.Sent, "job"), plural(s.Merged, "more dead letter"), s.Skipped))
	var returned error
	if s.Returned > 0 {
		returned = fmt.Errorf("%s failed again at once", plural(s.Returned, "job"))
		s.words = append(s.words, fmt.Sprintf("%d returned: their jobs failed again at once. Fix the cause before the next replay.", s.Returned))
	}
	if s.Skipped > 0 {
		s.words = append(s.words, "Skipped dead letters stay in the queue: they are not jobs. See calotype dlq show, then calotype dlq purge.")
	}
	return errors.Join(d.end(ctx, s, err), printing, returned)
}

func (s *summary) count(outcome deadletter.Outcome) {
	s.Chosen++
	switch outcome {
	case deadletter.Sent:
		s.Sent++
	case deadletter.Merged:
		s.Merged++
	case deadletter.Skipped:
		s.Skipped++
	case deadletter.Returned:
		s.Returned++
	}
	if !outcome.Stays() && !s.DryRun {
		s.Deleted++
	}
}

func (c *dlqReplayCommand) describe(l deadletter.Letter, outcome deadletter.Outcome) (line replayLine, text string) {
	line = replayLine{"replay", outcome, l.ID, l.Reason.Class, l.Job.Source, l.Job.Variants, "", c.DryRun}
	verb := string(outcome)
	if c.DryRun {
		verb = "would be " + verb
	}
	text = words("%s: %s %v (%s)", verb, l.Job.Source, l.Job.Variants, l.Reason.Class)
	if l.Malformed != nil {
		line.Why = l.Malformed.Error()
		text = words("%s: %s is not a job: %s", verb, l.ID, line.Why)
	}
	return line, text
}
