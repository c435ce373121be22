package backfill

import (
	"context"
	"time"

	"calotype"
	"calotype/worker/store"
)

// Estimate is what a run would do at most, by the listings alone.
type Estimate struct {
	// Sources are Bytes in total, without the TooLarge ones. Jobs is the number of sources
	// with a rendition that is missing.
	Sources, TooLarge, Jobs int
	Bytes                   int64
	// Existing renditions are inspected by the run. Missing ones are made.
	Existing, Missing int
	// Listed is the number of keys that a run lists, a thousand in a call.
	Listed int
}

// Estimate lists what the run would list, and inspects nothing: an existing rendition counts
// as current.
func (b *Backfill) Estimate(ctx context.Context) (Estimate, error) {
	var e Estimate
	err := b.merge(ctx, "", func(string, string) { e.Listed++ }, func(s store.Listed, existing []calotype.Variant) error {
		e.Listed += 1 + len(existing)
		if s.Size > b.MaxBytes {
			e.TooLarge++
			return context.Cause(ctx)
		}
		f := b.finding(s, existing)
		e.Sources++
		e.Bytes += s.Size
		e.Existing += len(f.toInspect)
		if e.Missing += len(f.Job.Variants); len(f.Job.Variants) > 0 {
			e.Jobs++
		}
		return context.Cause(ctx)
	})
	return e, err
}

// Prices in US dollars, of us-east-1 as of November 2026.
// https://aws.amazon.com/s3/pricing/, https://aws.amazon.com/sqs/pricing/,
// https://aws.amazon.com/fargate/pricing/ (Linux, x86, with 2 GB for each CPU)
const (
	PutPrice     = 0.005 / 1000  // PUT and LIST
	GetPrice     = 0.0004 / 1000 // GET and HEAD
	MessagePrice = 0.40 / 1e6    // A call of SQS
	CPUHourPrice = 0.04048 + 2*0.004445
)

// The CPU time of a picture of 12 megapixels, as a rough estimate. Two JPEGs of that size
// took 180 ms to one WebP and 280 ms to five, a sixth of a decoder's start included:
// calotype render --variants M.webp, medians of three runs on two shared cores.
const (
	DecodeCPU    = 130 * time.Millisecond
	RenditionCPU = 40 * time.Millisecond
)

// Cost is the calls, the CPU time and the price of an estimate.
type Cost struct {
	Lists, Heads, Gets, Puts, Messages int
	CPU                                time.Duration
	Dollars                            float64
}

// Cost returns the calls of the run and of the workers, the workers' CPU time, and the
// price of both. A job is sent, received and deleted in batches of ten at best, and received
// alone at worst.
func (e Estimate) Cost() Cost {
	c := Cost{
		Lists:    e.Listed/1000 + 1,
		Heads:    e.Existing + 3*e.Jobs + e.Missing,
		Gets:     e.Jobs,
		Puts:     e.Missing,
		Messages: e.Jobs + 2*(e.Jobs+9)/10,
		CPU:      time.Duration(e.Jobs)*DecodeCPU + time.Duration(e.Missing)*RenditionCPU,
	}
	c.Dollars = float64(c.Lists+c.Puts)*PutPrice + float64(c.Heads+c.Gets)*GetPrice + float64(c.Messages)*MessagePrice + c.CPU.Hours()*CPUHourPrice
	return c
}
