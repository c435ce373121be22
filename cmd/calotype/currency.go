package main

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/queue"
	"calotype/worker"
	"calotype/worker/invalidate"
	"calotype/worker/store"
)

// currencyFlags are what keeps pictures current: where S3's events and a backfill's jobs
// come from, and who is told of what has changed.
type currencyFlags struct {
	EventsQueueURL    string             `name:"events-queue-url" help:"An SQS queue of its own for S3's event notifications; they may come by --queue-url too. It yields to viewers' jobs." placeholder:"URL"`
	BackfillQueueURL  string             `name:"backfill-queue-url" help:"The SQS queue that \"calotype warm\" sends to. It yields to viewers' jobs." placeholder:"URL"`
	OnUpload          []calotype.Variant `help:"Variants to make of each picture that S3 tells of, such as M,M.webp." placeholder:"VARIANT"`
	PurgeDistribution string             `help:"A CloudFront distribution that is told to forget pictures which have changed; none if empty." placeholder:"ID"`
	PurgeMonthlyCap   int                `help:"How many paths may be purged in a month, by all workers of the bucket together. CloudFront's first 1,000 in an account are free." default:"1000"`
	PurgeOriginPath   string             `help:"The origin path that the distribution has, if it has one." placeholder:"PATH"`
}

var distributionID = regexp.MustCompile(`^[A-Z0-9]{6,32}$`)

// check takes the presets and the URLs of the other queues, by their flags.
func (f currencyFlags) check(presets calotype.Presets, queues map[string]string) (errs []error) {
	taken := map[string]string{}
	for flag, url := range queues {
		taken[url] = flag
	}
	for _, q := range []struct{ flag, url, what string }{
		{"events-queue-url", f.EventsQueueURL, "the SQS queue for S3's events"},
		{"backfill-queue-url", f.BackfillQueueURL, "the SQS queue for a backfill's jobs"},
	} {
		if q.url == "" {
			continue
		}
		errs = append(errs, checkQueueURL(q.flag, q.url, q.what)...)
		if other := taken[q.url]; other != "" {
			errs = append(errs, fmt.Errorf("--%s is the same as --%s: each is to be a queue of its own", q.flag, other))
		}
		taken[q.url] = q.flag
	}
	errs = append(errs, checkVariants("on-upload", f.OnUpload, presets)...)
	errs = append(errs, checkDistribution(f.PurgeDistribution)...)
	errs = append(errs, between("purge-monthly-cap", f.PurgeMonthlyCap, 1, math.MaxInt32)...)
	if f.PurgeOriginPath != "" && calotype.CheckKey(f.originPath()) != nil {
		errs = append(errs, fmt.Errorf("--purge-origin-path %q: want a path such as /photos", f.PurgeOriginPath))
	}
	return errs
}

func checkDistribution(id string) []error {
	if id != "" && !distributionID.MatchString(id) {
		return []error{fmt.Errorf("--purge-distribution %q is not a distribution's ID: it looks like E2QWRUHAPOMQZL", id)}
	}
	return nil
}

// checkVariants checks that every variant's preset exists.
func checkVariants(flag string, variants []calotype.Variant, presets calotype.Presets) (errs []error) {
	for _, v := range variants {
		if _, ok := presets.Lookup(v.Preset); !ok {
			errs = append(errs, fmt.Errorf("--%s %s: there is no preset %s; there are %s", flag, v, v.Preset, presetNames(presets)))
		}
	}
	return errs
}

func presetNames(presets calotype.Presets) string {
	var names []string
	for _, p := range presets {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

func (f currencyFlags) originPath() string { return strings.Trim(f.PurgeOriginPath, "/") }

// queues adds those that are given.
func (f currencyFlags) queues(queues map[string]string) map[string]string {
	if f.EventsQueueURL != "" {
		queues["events-queue-url"] = f.EventsQueueURL
	}
	if f.BackfillQueueURL != "" {
		queues["backfill-queue-url"] = f.BackfillQueueURL
	}
	return queues
}

// lanes are the worker's queues.
func (f currencyFlags) lanes(aws clients, jobs, dead string) worker.Queues {
	q := worker.Queues{Jobs: queue.New(aws.sqs, jobs), Dead: queue.New(aws.sqs, dead)}
	if f.EventsQueueURL != "" {
		q.Events = queue.New(aws.sqs, f.EventsQueueURL)
	}
	if f.BackfillQueueURL != "" {
		q.Backfill = queue.New(aws.sqs, f.BackfillQueueURL)
	}
	return q
}

// invalidator returns who is to be told of pictures that have changed, or nil, and a function
// that ends it.
func (f currencyFlags) invalidator(ctx context.Context, aws clients, bucket *store.Bucket, prefix calotype.Prefix, log zerolog.Logger) (p *invalidate.Invalidator, end func()) {
	if f.PurgeDistribution == "" {
		return nil, func() {}
	}
	p = invalidate.New(aws.cloudfront(), f.PurgeDistribution, invalidate.Monthly(bucket, prefix, f.PurgeMonthlyCap), log)
	p.OriginPath = f.originPath()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Run(ctx)
	}()
	return p, func() {
		cancel()
		<-ended
	}
}

// maxReceives is how often the queues of jobs let a message be received: of several, the
// least.
func maxReceives(ctx context.Context, log zerolog.Logger, q worker.Queues) int {
	least := math.MaxInt
	for name, jobs := range named(q) {
		if jobs != q.Dead {
			least = min(least, maxReceivesOf(ctx, log.With().Str("queue", name).Logger(), jobs))
		}
	}
	return least
}
