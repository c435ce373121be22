package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"

	"calotype/worker/backfill"
)

// estimate prints what the run would take.
func (c *warmCommand) estimate(ctx context.Context, b backfill.Backfill, stdout io.Writer) error {
	e, err := b.Estimate(ctx)
	if err != nil {
		return err
	}
	cost := e.Cost()
	sending := time.Duration(float64(e.Jobs) / c.Rate * float64(time.Second)).Round(time.Second)
	if c.JSON {
		return json.NewEncoder(stdout).Encode(struct {
			Sources        int     `json:"sources"`
			Bytes          int64   `json:"bytes"`
			TooLarge       int     `json:"too_large"`
			Existing       int     `json:"existing"`
			Missing        int     `json:"missing"`
			Jobs           int     `json:"jobs"`
			Lists          int     `json:"lists"`
			Heads          int     `json:"heads"`
			Gets           int     `json:"gets"`
			Puts           int     `json:"puts"`
			Messages       int     `json:"messages"`
			CPUHours       float64 `json:"cpu_hours"`
			Dollars        float64 `json:"dollars"`
			SendingSeconds float64 `json:"sending_seconds"`
		}{e.Sources, e.Bytes, e.TooLarge, e.Existing, e.Missing, e.Jobs, cost.Lists, cost.Heads, cost.Gets, cost.Puts, cost.Messages, cost.CPU.Hours(), cost.Dollars, sending.Seconds()})
	}
	_, err = fmt.Fprintf(stdout, `%s pictures, %s; %s larger than --max-bytes and left out.
Renditions: %s missing, %s exist. Existing ones are inspected and count as current here.
Calls: %s LIST, %s HEAD, %s GET, %s PUT, %s of SQS.
CPU: %.1f hours, at %v to decode a picture and %v for each rendition (12 megapixels, WebP).
Price: $%.2f, at $%.4f a thousand PUT or LIST, $%.4f a thousand GET or HEAD, $%.2f a million calls of SQS, $%.4f an hour of a CPU with 2 GB.
Time: %v to send %s jobs at --rate %g; then %v with 4 CPUs, %v with 40, %v with 400.
`,
		comma(e.Sources), fileSize(e.Bytes), comma(e.TooLarge), comma(e.Missing), comma(e.Existing),
		comma(cost.Lists), comma(cost.Heads), comma(cost.Gets), comma(cost.Puts), comma(cost.Messages),
		cost.CPU.Hours(), backfill.DecodeCPU, backfill.RenditionCPU,
		cost.Dollars, 1000*backfill.PutPrice, 1000*backfill.GetPrice, 1e6*backfill.MessagePrice, backfill.CPUHourPrice,
		sending, comma(e.Jobs), c.Rate, (cost.CPU / 4).Round(time.Second), (cost.CPU / 40).Round(time.Second), (cost.CPU / 400).Round(time.Second))
	return err
}

func comma(n int) string { return humanize.Comma(int64(n)) }
