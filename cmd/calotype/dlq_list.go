package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"calotype/worker/deadletter"
)

type dlqListCommand struct{ dlqFlags }

func (c *dlqListCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	d, err := c.open(ctx, stdout, stderr)
	if err != nil {
		return err
	}
	tally, err := d.dead.List(ctx, c.filter(), nil)
	d.pause()
	if err := d.table(tally); err != nil {
		return err
	}
	return d.end(ctx, summary{Chosen: tally.Total, words: []string{plural(tally.Total, "dead letter") + "."}}, err)
}

// reasonLine is a line of the list.
type reasonLine struct {
	Kind     string    `json:"kind"` // "reason"
	Reason   string    `json:"reason"`
	Count    int       `json:"count"`
	Oldest   time.Time `json:"oldest"`
	Newest   time.Time `json:"newest"`
	Sample   string    `json:"sample,omitempty"`
	SampleID string    `json:"sample_id"`
}

// table prints a line for each reason.
func (p *printer) table(t *deadletter.Tally) error {
	if !p.json && t.Total == 0 {
		return nil
	}
	var text strings.Builder
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "REASON\tCOUNT\tOLDEST\tNEWEST\tSAMPLE")
	for _, g := range t.Groups() {
		if p.json {
			if err := p.line(reasonLine{"reason", g.Class, g.Count, g.Oldest, g.Newest, g.Sample, g.ID}, ""); err != nil {
				return err
			}
			continue
		}
		sample := g.Sample
		if sample == "" {
			sample = g.ID
		}
		_, _ = show(columns, "%s\t%d\t%s\t%s\t%s\n", g.Class, g.Count, ago(g.Oldest), ago(g.Newest), sample)
	}
	if p.json {
		return nil
	}
	if err := columns.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(p.stdout, text.String())
	return err
}
