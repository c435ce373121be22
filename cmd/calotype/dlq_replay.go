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
	DryRun bool    `env:"-" help:"Say what would be sent, and change nothing."`
	Rate   float64 `help:"How many jobs are sent in a second at most." default:"50"`
}

func (c *dlqReplayCommand) check() []error {
	errs := c.dlqFlags.check()
	errs = append(errs, checkQueueURL("queue-url", c.QueueURL, "the SQS queue for jobs")...)
	errs = append(errs, between("rate", c.Rate, 0.01, 10_000)...)
	return append(errs, c.checkChosen(c.All)...)
}

// replayLine is what became of a dead letter.
type replayLine struct {
	Kind     string             `json:"kind"` // "replay"
	Fate     deadletter.Outcome `json:"fate"`
	ID       string             `json:"id"`
	Reason   string             `json:"reason"`
	Source   string             `json:"source,omitempty"`
	Variants []calotype.Variant `json:"variants,omitempty"`
	Why      string             `json:"why,omitempty"` // It was skipped.
	DryRun   bool               `json:"dry_run,omitempty"`
}

// run prints a line for each letter where that is asked for, else for those that
// want somebody's attention.
func (c *dlqReplayCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	d, err := c.open(ctx, stdout, stderr)
	if err != nil {
		return err
	}
	s := summary{DryRun: c.DryRun}
	var printing error
	err = d.dead.Replay(ctx, deadletter.Replay{
		Jobs: d.jobs, Filter: c.filter(), Rate: c.Rate, DryRun: c.DryRun,
		OnResult: func(l deadletter.Letter, fate deadletter.Outcome) {
			s.count(fate)
			if c.JSON || c.DryRun || fate.Stays() {
				d.pause()
				printing = errors.Join(printing, d.line(c.tell(l, fate)))
			}
		},
	})
	did := "sent %d jobs, merged %d more dead letters into them, and skipped %d that are no jobs"
	if c.DryRun {
		did = "would send %d jobs, merge %d more dead letters into them, and skip %d that are no jobs"
	}
	s.words = append(s.words, fmt.Sprintf("Of %d dead letters, "+did+".", s.Chosen, s.Sent, s.Merged, s.Skipped))
	if s.Returned > 0 {
		s.words = append(s.words, fmt.Sprintf("%d came back: a job that was sent here failed again at once. Put the cause right before the next replay.", s.Returned))
	}
	if s.Skipped > 0 {
		s.words = append(s.words, "What was skipped stays: nothing can be made of it. See calotype dlq show, then calotype dlq purge.")
	}
	return errors.Join(d.end(ctx, s, err), printing)
}

func (s *summary) count(fate deadletter.Outcome) {
	s.Chosen++
	switch fate {
	case deadletter.Sent:
		s.Sent++
	case deadletter.Merged:
		s.Merged++
	case deadletter.Skipped:
		s.Skipped++
	case deadletter.Returned:
		s.Returned++
	}
	if !fate.Stays() && !s.DryRun {
		s.Deleted++
	}
}

func (c *dlqReplayCommand) tell(l deadletter.Letter, fate deadletter.Outcome) (line replayLine, words string) {
	line = replayLine{"replay", fate, l.ID, l.Reason.Class, l.Job.Source, l.Job.Variants, "", c.DryRun}
	verb := string(fate)
	if c.DryRun {
		verb = "would be " + verb
	}
	words = fmt.Sprintf("%s: %s %v (%s)", verb, l.Job.Source, l.Job.Variants, l.Reason.Class)
	if l.Malformed != nil {
		line.Why = l.Malformed.Error()
		words = fmt.Sprintf("%s: %s is no job: %s", verb, l.ID, line.Why)
	}
	return line, words
}
