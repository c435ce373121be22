package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"calotype"
	"calotype/worker/deadletter"
)

type dlqShowCommand struct {
	dlqFlags
	ResizedPrefix calotype.Prefix `help:"The prefix of the renditions' keys." default:"${prefix}"`
	Presets       presetsFile     `help:"A JSON file of presets, as workers have it." placeholder:"FILE"`
	Limit         int             `env:"-" help:"The maximum number to print, newest first." default:"10"`
}

func (c *dlqShowCommand) check() []error {
	return append(c.dlqFlags.check(), between("limit", c.Limit, 1, 1_000_000)...)
}

func (c *dlqShowCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	d, err := c.open(ctx, stdout, stderr)
	if err != nil {
		return err
	}
	var letters []deadletter.Letter
	tally, err := d.dead.List(ctx, c.filter(), func(l deadletter.Letter) { letters = append(letters, l) })
	d.pause()
	slices.SortFunc(letters, func(a, b deadletter.Letter) int { return cmp.Or(b.Sent.Compare(a.Sent), cmp.Compare(a.ID, b.ID)) })
	letters = letters[:min(len(letters), c.Limit)]
	for _, l := range letters {
		line := describe(l)
		if d.bucket != nil && l.Malformed == nil && err == nil {
			line.Now, err = c.inspect(ctx, d, l.Job)
		}
		if err := d.line(line, line.String()); err != nil {
			return err
		}
	}
	text := plural(tally.Total, "dead letter") + "."
	if tally.Total > len(letters) {
		text = fmt.Sprintf("The newest %d of %d dead letters; --limit shows more.", len(letters), tally.Total)
	}
	return d.end(ctx, summary{Chosen: tally.Total, words: []string{text}}, err)
}

// letterLine is a complete dead letter.
type letterLine struct {
	Kind      string             `json:"kind"` // "dead-letter"
	ID        string             `json:"id"`
	Reason    string             `json:"reason"`
	Detail    string             `json:"detail,omitempty"`
	Attempts  int                `json:"attempts,omitempty"`
	Worker    string             `json:"worker,omitempty"`
	FirstSeen time.Time          `json:"first_seen,omitzero"`
	Sent      time.Time          `json:"sent"`
	Source    string             `json:"source,omitempty"`
	Variants  []calotype.Variant `json:"variants,omitempty"`
	Malformed string             `json:"malformed,omitempty"`
	Body      string             `json:"body"`
	Now       *nowLine           `json:"state,omitempty"`
}

// nowLine is the current state of the dead letter's source and renditions in the bucket.
type nowLine struct {
	SourceETag     string          `json:"source_etag,omitempty"` // Empty if it does not exist.
	SourceModified time.Time       `json:"source_modified,omitzero"`
	SourceBytes    int64           `json:"source_bytes,omitempty"`
	Renditions     []renditionLine `json:"renditions"`
}

type renditionLine struct {
	Key     string `json:"key"`
	There   bool   `json:"exists"`
	Kept    string `json:"copy_reason,omitempty"`
	Current bool   `json:"current"` // For viewers, as in the output of explain.
	words   string
}

func describe(l deadletter.Letter) letterLine {
	line := letterLine{
		Kind: "dead-letter", ID: l.ID,
		Reason: l.Reason.Class, Detail: l.Reason.Detail, Attempts: l.Reason.Attempts, Worker: l.Reason.Worker, FirstSeen: l.Reason.FirstSeen,
		Sent: l.Sent, Source: l.Job.Source, Variants: l.Job.Variants, Body: l.Body,
	}
	if l.Malformed != nil {
		line.Malformed = l.Malformed.Error()
	}
	return line
}

func (c *dlqShowCommand) inspect(ctx context.Context, d *session, job calotype.Job) (*nowLine, error) {
	now, err := deadletter.Inspect(ctx, d.bucket, c.ResizedPrefix, c.Presets.orDefault(), job)
	if err != nil {
		return nil, fmt.Errorf("--bucket %s: %w", c.Bucket, err)
	}
	line := &nowLine{SourceETag: now.Source.ETag, SourceModified: now.Source.Modified, SourceBytes: now.Source.Size}
	for _, r := range now.Renditions {
		line.Renditions = append(line.Renditions, renditionLine{r.Key, r.There, r.Kept, r.There && r.Stale == calotype.Current, r.String()})
	}
	return line, nil
}

// String formats the letter for people: one name and value per line.
func (l letterLine) String() string {
	var text strings.Builder
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(name string, value any) {
		if s := fmt.Sprint(value); s != "" && s != "0" {
			_, _ = show(columns, "%s\t%s\n", name, s)
		}
	}
	row("id", l.ID)
	row("reason", l.Reason)
	row("detail", l.Detail)
	row("attempts", l.Attempts)
	row("worker", l.Worker)
	row("sent", l.Sent.Format(time.RFC3339)+", "+ago(l.Sent)+" ago")
	if !l.FirstSeen.IsZero() {
		row("first seen", l.FirstSeen.Format(time.RFC3339))
	}
	row("source", l.Source)
	row("not a job", l.Malformed)
	row("body", l.Body)
	if l.Now != nil {
		if l.Now.SourceETag == "" {
			row("the source", "does not exist")
		} else {
			row("the source", fmt.Sprintf("exists: %d bytes, modified %s", l.Now.SourceBytes, l.Now.SourceModified.Format(time.RFC3339)))
		}
		for _, r := range l.Now.Renditions {
			row(r.Key, r.words)
		}
	}
	_ = columns.Flush() // Writes to memory cannot fail.
	return text.String()
}
