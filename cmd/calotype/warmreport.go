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

// warmReport is what "calotype warm" tells: how far it is, on a terminal; what failed;
// and what was done.
type warmReport struct {
	stdout, stderr io.Writer
	json           bool
	dryRun         bool
	checkpoint     string
	began          time.Time
	before         int // Sources that earlier runs saw.
	progress       *progress
	seen           int
	failures       int
}

// mostFailures are told one by one to people. Programs are told all.
const mostFailures = 20

func newWarmReport(c *warmCommand, from backfill.Position, stdout, stderr io.Writer) *warmReport {
	r := &warmReport{
		stdout: stdout, stderr: stderr, json: c.JSON, dryRun: c.DryRun, checkpoint: c.Checkpoint,
		began: time.Now(), before: from.Summary.Seen, seen: from.Summary.Seen,
	}
	if from.After != "" && !c.JSON {
		fmt.Fprintf(stderr, "going on after %s\n", from.After)
	}
	r.progress = watchProgress(stderr, c.JSON, r.before+1, "pictures", progressbar.OptionShowIts(), progressbar.OptionSetItsString("pictures"))
	if r.progress != nil {
		_ = r.progress.bar.Add(r.before)
	}
	return r
}

// count counts the sources beside the work, for the bar to have an end and a time left.
func (r *warmReport) count(ctx context.Context, b *backfill.Backfill) (stop func()) {
	if r.progress == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var counting sync.WaitGroup
	counting.Go(func() {
		_ = b.Count(ctx, r.progress.expect) // Without it there is no time left to see.
	})
	return func() {
		cancel()
		counting.Wait()
	}
}

// finding moves the bar, and tells what failed.
func (r *warmReport) finding(f backfill.Finding) {
	if f.Orphan == "" {
		r.seen++
		r.progress.reached(r.seen) // It may be faster than the count.
	}
	if f.Err == nil {
		return
	}
	if r.json {
		_ = json.NewEncoder(r.stdout).Encode(map[string]string{"kind": "failure", "source": f.Source, "error": f.Err.Error()})
		return
	}
	if r.failures++; r.failures > mostFailures {
		return
	}
	r.progress.clear()
	fmt.Fprintf(r.stderr, "%s: %v\n", f.Source, f.Err)
}

// end tells what was done, and makes of an interruption an error that says how to go on.
func (r *warmReport) end(ctx context.Context, s backfill.Summary, err error) error {
	r.progress.clear()
	if writeErr := r.summary(s); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	switch {
	case err != nil && ctx.Err() != nil && r.checkpoint != "" && !r.dryRun:
		return fmt.Errorf("stopped before the end; the same command goes on from %s", r.checkpoint)
	case err != nil && ctx.Err() != nil:
		return errors.New("stopped before the end; the same command looks at all of it again, and sends what is still missing")
	case err == nil && s.Failed > 0:
		return fmt.Errorf("%d failed; the same command looks at them again", s.Failed)
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
			Orphans    int                        `json:"orphans"`
			Deleted    int                        `json:"deleted"`
			DryRun     bool                       `json:"dry_run"`
		}{"reasons", s.Renditions, s.TooLarge, s.Orphans, s.Deleted, r.dryRun})
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
	took := time.Since(r.began)
	words := []string{fmt.Sprintf("%d pictures: %d current, %d %s, %d failed, in %v (%.0f a second).",
		s.Seen, s.Current, s.Enqueued, enqueued, s.Failed, took.Round(100*time.Millisecond), float64(s.Seen-r.before)/max(took.Seconds(), 0.001))}
	if len(s.Renditions) > 0 {
		words = append(words, "Renditions to be made, by reason: "+reasons(s.Renditions)+".")
	}
	if s.TooLarge > 0 {
		words = append(words, fmt.Sprintf("%d are larger than --max-bytes and left out.", s.TooLarge))
	}
	if s.Orphans > 0 {
		words = append(words, fmt.Sprintf("%d renditions without a source, %s.", s.Orphans, deleted))
	}
	_, err := fmt.Fprintln(r.stdout, strings.Join(words, "\n"))
	return err
}
