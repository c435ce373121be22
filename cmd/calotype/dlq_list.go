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
	words := fmt.Sprintf("%d dead letters.", tally.Total)
	return d.end(ctx, summary{Chosen: tally.Total, words: []string{words}}, err)
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
func (a *account) table(t *deadletter.Tally) error {
	if !a.json && t.Total == 0 {
		return nil
	}
	var text strings.Builder
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "REASON\tCOUNT\tOLDEST\tNEWEST\tSAMPLE")
	for _, g := range t.Groups() {
		if a.json {
			if err := a.line(reasonLine{"reason", g.Class, g.Count, g.Oldest, g.Newest, g.Sample, g.ID}, ""); err != nil {
				return err
			}
			continue
		}
		sample := g.Sample
		if sample == "" {
			sample = g.ID
		}
		fmt.Fprintf(columns, "%s\t%d\t%s\t%s\t%s\n", g.Class, g.Count, ago(g.Oldest), ago(g.Newest), sample)
	}
	if a.json {
		return nil
	}
	if err := columns.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(a.stdout, text.String())
	return err
}
