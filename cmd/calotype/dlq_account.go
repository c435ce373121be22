package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"calotype/queue"
)

// account is what a dlq verb tells: a line for each thing, or a JSON object, on
// standard output; how far it is, on a terminal; and at the end what was done.
type account struct {
	stdout, stderr io.Writer
	json           bool
	hide           time.Duration
	began          time.Time
	progress       *progress
	elsewhere      int // Leased by somebody else at the beginning.
	seen           atomic.Int64
}

// summary is the last line of every verb.
type summary struct {
	Kind string `json:"kind"` // "summary"
	// LookedAt is how many dead letters were received, Chosen how many of them
	// were asked for.
	LookedAt int64 `json:"looked_at"`
	Chosen   int   `json:"chosen"`
	// What became of those that were chosen.
	Sent     int `json:"sent"`
	Merged   int `json:"merged"`
	Skipped  int `json:"skipped"`
	Returned int `json:"returned"`
	Deleted  int `json:"deleted"`
	// Elsewhere is how many were hidden because somebody else held them.
	Elsewhere int `json:"elsewhere"`
	// HiddenMS is for how long others could not receive what was looked at.
	HiddenMS int64 `json:"hidden_ms"`
	DryRun   bool  `json:"dry_run,omitempty"`
	Stopped  bool  `json:"stopped,omitempty"` // Before the end.

	words []string // For people.
}

func openAccount(f dlqFlags, count queue.Count, stdout, stderr io.Writer) *account {
	return &account{
		stdout: stdout, stderr: stderr, json: f.JSON, hide: f.Hide, began: time.Now(), elsewhere: count.Leased,
		progress: watchProgress(stderr, f.JSON, count.Visible, "dead letters", progressbar.OptionSetPredictTime(false)),
	}
}

// looked moves the bar. SQS counts approximately, so there may be more than it said.
func (a *account) looked() { a.progress.reached(int(a.seen.Add(1))) }

// pause takes the bar away, before other words.
func (a *account) pause() { a.progress.clear() }

// line prints a JSON object, or else words.
func (a *account) line(object any, words string) error {
	if !a.json {
		_, err := fmt.Fprintln(a.stdout, words)
		return err
	}
	return json.NewEncoder(a.stdout).Encode(object)
}

// end prints the summary, and makes of an interruption an error that says so.
func (a *account) end(ctx context.Context, s summary, err error) error {
	a.pause()
	hidden := time.Since(a.began)
	s.Kind, s.LookedAt, s.Elsewhere, s.HiddenMS, s.Stopped = "summary", a.seen.Load(), a.elsewhere, hidden.Milliseconds(), err != nil
	words := append(s.words, fmt.Sprintf("Looked at %d, which were hidden from others for %v at most and would have been for %v more had this been killed.",
		s.LookedAt, hidden.Round(100*time.Millisecond), a.hide))
	if a.elsewhere > 0 {
		words = append(words, fmt.Sprintf("%d more could not be looked at: somebody else holds them, perhaps another dlq command, or one that was killed.", a.elsewhere))
	}
	if lineErr := a.line(s, strings.Join(words, "\n")); lineErr != nil {
		return errors.Join(err, lineErr)
	}
	if err != nil && ctx.Err() != nil {
		return errors.New("stopped before the end; what was held is given back, and the same command does the rest")
	}
	return err
}

// ago says how long ago something was.
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
