package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"calotype"
	"calotype/worker/backfill"
)

// warmReport reports the progress of "calotype warm" on a terminal, its failures, and a
// summary at the end.
type warmReport struct {
	stdout, stderr io.Writer
	json           bool
	dryRun         bool
	checkpoint     string
	start          time.Time
	before         int // The number of sources that earlier runs handled.
	progress       *progress
	seen           int
	failures       int
}

// maxFailures bounds how many failures are printed as text. With --json all are printed.
const maxFailures = 20

func newWarmReport(c *warmCommand, from backfill.Position, stdout, stderr io.Writer) *warmReport {
	r := &warmReport{
		stdout: stdout, stderr: stderr, json: c.JSON, dryRun: c.DryRun, checkpoint: c.Checkpoint,
		start: time.Now(), before: from.Summary.Seen, seen: from.Summary.Seen,
	}
	if from.After != "" && !c.JSON {
		_, _ = show(stderr, "resuming after %s\n", from.After)
	}
	r.progress = watchProgress(stderr, c.JSON, r.before+1, "pictures", progressbar.OptionShowIts(), progressbar.OptionSetItsString("pictures"))
	if r.progress != nil {
		_ = r.progress.bar.Add(r.before)
	}
	return r
}

// count counts the sources in the background, so that the bar can show the remaining time.
func (r *warmReport) count(ctx context.Context, b *backfill.Backfill) (stop func()) {
	if r.progress == nil || b.Keys != nil { // A list may be standard input.
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var counting sync.WaitGroup
	counting.Go(func() {
		_ = b.Count(ctx, r.progress.expect) // Without a count the bar shows no remaining time.
	})
	return func() {
		cancel()
		counting.Wait()
	}
}

// finding moves the bar and reports a failure.
func (r *warmReport) finding(f backfill.Finding) {
	if f.Orphan == "" {
		r.seen++
		r.progress.reached(r.seen) // The count may be smaller than the number already handled.
	}
	if f.Err == nil {
		return
	}
	if r.json {
		_ = json.NewEncoder(r.stdout).Encode(map[string]string{"kind": "failure", "source": f.Source, "error": plain(f.Err)})
		return
	}
	if r.failures++; r.failures > maxFailures {
		return
	}
	r.progress.clear()
	_, _ = show(r.stderr, "%s: %s\n", f.Source, plain(f.Err))
}

// end prints the summary. An interruption becomes an error that says how to resume.
func (r *warmReport) end(ctx context.Context, s backfill.Summary, err error) error {
	r.progress.clear()
	if writeErr := r.summary(s); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	switch {
	case err != nil && ctx.Err() != nil && r.checkpoint != "" && !r.dryRun:
		return fmt.Errorf("stopped before the end; the same command resumes from %s", r.checkpoint)
	case err != nil && ctx.Err() != nil:
		return errors.New("stopped before the end; the same command starts over and sends the missing jobs")
	case err == nil && s.Failed > 0:
		return fmt.Errorf("%d failed; the same command tries them again", s.Failed)
	}
	return err
}

func (r *warmReport) summary(s backfill.Summary) error {
	if r.json {
		lines := json.NewEncoder(r.stdout)
		err := lines.Encode(struct {
			Kind       string                     `json:"kind"`
			Renditions map[calotype.Staleness]int `json:"renditions"`
			TooLarge   int                        `json:"too_large"`
			NotFound   int                        `json:"not_found"`
			Orphans    int                        `json:"orphans"`
			Deleted    int                        `json:"deleted"`
			DryRun     bool                       `json:"dry_run"`
		}{"reasons", s.Renditions, s.TooLarge, s.NotFound, s.Orphans, s.Deleted, r.dryRun})
		return errors.Join(err, lines.Encode(struct {
			Seen     int `json:"seen"`
			Current  int `json:"current"`
			Enqueued int `json:"enqueued"`
			Failed   int `json:"failed"`
		}{s.Seen, s.Current, s.Enqueued, s.Failed}))
	}
	enqueued, deleted := "enqueued", fmt.Sprintf("%d deleted", s.Deleted)
	if r.dryRun {
		enqueued, deleted = "to be enqueued", "to be deleted"
	}
	took := time.Since(r.start)
	words := []string{fmt.Sprintf("%s: %d current, %d %s, %d failed, in %v (%.0f per second).",
		plural(s.Seen, "picture"), s.Current, s.Enqueued, enqueued, s.Failed, took.Round(100*time.Millisecond), float64(s.Seen-r.before)/max(took.Seconds(), 0.001))}
	if len(s.Renditions) > 0 {
		words = append(words, "Renditions to make, by reason: "+reasons(s.Renditions)+".")
	}
	if s.TooLarge > 0 {
		words = append(words, fmt.Sprintf("%d are larger than --max-bytes and left out.", s.TooLarge))
	}
	if s.NotFound > 0 {
		words = append(words, fmt.Sprintf("%d of --keys are not in the bucket.", s.NotFound))
	}
	if s.Orphans > 0 {
		words = append(words, fmt.Sprintf("%s without a source, %s.", plural(s.Orphans, "rendition"), deleted))
	}
	_, err := fmt.Fprintln(r.stdout, strings.Join(words, "\n"))
	return err
}
