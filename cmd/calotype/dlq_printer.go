package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"calotype/queue"
	"calotype/worker/deadletter"
)

// printer reports what a subcommand of dlq does: lines or JSON objects on standard output, a
// progress bar on a terminal, and a summary at the end.
type printer struct {
	stdout, stderr io.Writer
	json           bool
	hide           time.Duration
	start          time.Time
	progress       *progress
	elsewhere      int // Leased by another receiver at the start.
	seen           atomic.Int64

	reasons []string // --reason.
	mu      sync.Mutex
	classes map[string]int // Of all inspected dead letters.
}

// summary is the last line of every subcommand.
type summary struct {
	Kind string `json:"kind"` // "summary"
	// Inspected counts the dead letters that were received, and Chosen those that the
	// filter selects.
	Inspected int64 `json:"inspected"`
	Chosen    int   `json:"chosen"`
	// The outcomes of the chosen dead letters.
	Sent     int `json:"sent"`
	Merged   int `json:"merged"`
	Skipped  int `json:"skipped"`
	Returned int `json:"returned"`
	Deleted  int `json:"deleted"`
	// Elsewhere counts the dead letters that another receiver held.
	Elsewhere int `json:"elsewhere"`
	// HiddenMS is how long the inspected dead letters were hidden from other receivers.
	HiddenMS int64 `json:"hidden_ms"`
	DryRun   bool  `json:"dry_run,omitempty"`
	Stopped  bool  `json:"stopped,omitempty"` // True if it ended early.

	words []string // Output for people.
}

func newPrinter(f dlqFlags, count queue.Count, stdout, stderr io.Writer) *printer {
	return &printer{
		stdout: stdout, stderr: stderr, json: f.JSON, hide: f.Hide, start: time.Now(), elsewhere: count.Leased,
		reasons: f.Reason, classes: map[string]int{},
		progress: watchProgress(stderr, f.JSON, count.Visible, "dead letters", progressbar.OptionSetPredictTime(false)),
	}
}

// inspected counts a dead letter and moves the bar. SQS counts approximately, so there may
// be more than expected.
func (p *printer) inspected(l deadletter.Letter) {
	p.mu.Lock()
	p.classes[l.Reason.Class]++
	p.mu.Unlock()
	p.progress.reached(int(p.seen.Add(1)))
}

// unknownReason lists the existing reasons if a requested one does not exist.
func (p *printer) unknownReason() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, reason := range p.reasons {
		if p.classes[reason] > 0 {
			continue
		}
		if len(p.classes) == 0 {
			return fmt.Errorf("--reason %s: the queue holds no dead letters", reason)
		}
		return fmt.Errorf("--reason %s: no dead letter has this reason; there are %s", reason, strings.Join(slices.Sorted(maps.Keys(p.classes)), ", "))
	}
	return nil
}

// pause removes the bar, so that other output starts on an empty line.
func (p *printer) pause() { p.progress.clear() }

// line prints an object as JSON, or otherwise the text, which must be printable.
func (p *printer) line(object any, text string) error {
	if !p.json {
		_, err := fmt.Fprintln(p.stdout, text)
		return err
	}
	return json.NewEncoder(p.stdout).Encode(object)
}

// end prints the summary. An interruption becomes an error that says so.
func (p *printer) end(ctx context.Context, s summary, err error) error {
	p.pause()
	hidden := time.Since(p.start)
	s.Kind, s.Inspected, s.Elsewhere, s.HiddenMS, s.Stopped = "summary", p.seen.Load(), p.elsewhere, hidden.Milliseconds(), err != nil
	text := s.words
	if s.Inspected > 0 {
		text = append(text, fmt.Sprintf("Inspected %d. They were hidden from other receivers for %v; after a kill it would have been up to %v longer.",
			s.Inspected, hidden.Round(100*time.Millisecond), p.hide))
	}
	if p.elsewhere > 0 {
		text = append(text, fmt.Sprintf("%d more could not be inspected: another receiver holds them, perhaps another dlq command, or one that was killed.", p.elsewhere))
	}
	if lineErr := p.line(s, strings.Join(text, "\n")); lineErr != nil {
		return errors.Join(err, lineErr)
	}
	if err != nil && ctx.Err() != nil {
		return errors.New("stopped before the end; leased messages are released, and the same command does the rest")
	}
	if err == nil {
		return p.unknownReason()
	}
	return err
}

// ago formats the time since t in its largest unit.
func ago(t time.Time) string {
	d := time.Since(t)
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", max(0, d/time.Second))
}
