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

// freshnessFlags keep pictures current: the queues for S3's events and for backfill jobs,
// and the distribution to invalidate.
type freshnessFlags struct {
	EventsQueueURL    string             `name:"events-queue-url" help:"A separate SQS queue for S3's event notifications, at low priority; they may also come through --queue-url." placeholder:"URL"`
	BackfillQueueURL  string             `name:"backfill-queue-url" help:"The SQS queue that \"calotype warm\" sends to, at low priority." placeholder:"URL"`
	OnUpload          []calotype.Variant `help:"Variants to make of each uploaded picture that an S3 event reports, such as M,M.webp." placeholder:"VARIANT"`
	PurgeDistribution string             `help:"The CloudFront distribution to invalidate changed pictures in; none if empty." placeholder:"ID"`
	PurgeMonthlyCap   int                `help:"The maximum number of paths that all workers of the bucket invalidate in a month. CloudFront's first 1,000 in an account are free." default:"1000"`
	PurgeByTag        bool               `help:"Invalidate a picture by its cache tag instead of its path. The distribution must read tags from the header that the edge sends, or from the renditions' metadata."`
	PurgeOriginPath   string             `help:"The origin path of the distribution, if it has one." placeholder:"PATH"`
}

var distributionID = regexp.MustCompile(`^[A-Z0-9]{6,32}$`)

// check validates the flags against the presets and the URLs of the other queues, which are
// keyed by their flags.
func (f freshnessFlags) check(presets calotype.Presets, queues map[string]string) (errs []error) {
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
			errs = append(errs, fmt.Errorf("--%s is the same as --%s: use a separate queue for each", q.flag, other))
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

func (f freshnessFlags) originPath() string { return strings.Trim(f.PurgeOriginPath, "/") }

// queues adds the queues that are set.
func (f freshnessFlags) queues(queues map[string]string) map[string]string {
	if f.EventsQueueURL != "" {
		queues["events-queue-url"] = f.EventsQueueURL
	}
	if f.BackfillQueueURL != "" {
		queues["backfill-queue-url"] = f.BackfillQueueURL
	}
	return queues
}

// workerQueues returns the worker's queues.
func (f freshnessFlags) workerQueues(aws clients, jobs, dead string) worker.Queues {
	q := worker.Queues{Jobs: queue.New(aws.sqs, jobs), Dead: queue.New(aws.sqs, dead)}
	if f.EventsQueueURL != "" {
		q.Events = queue.New(aws.sqs, f.EventsQueueURL)
	}
	if f.BackfillQueueURL != "" {
		q.Backfill = queue.New(aws.sqs, f.BackfillQueueURL)
	}
	return q
}

// invalidator returns the invalidator of changed pictures, or nil, and a function that
// stops it.
func (f freshnessFlags) invalidator(ctx context.Context, aws clients, bucket *store.Bucket, prefix calotype.Prefix, log zerolog.Logger) (p *invalidate.Invalidator, end func()) {
	if f.PurgeDistribution == "" {
		return nil, func() {}
	}
	p = invalidate.New(aws.cloudfront(), f.PurgeDistribution, invalidate.Monthly(bucket, prefix, f.PurgeMonthlyCap), log)
	p.OriginPath, p.ByTag = f.originPath(), f.PurgeByTag
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

// maxReceives returns how often the job queues let a message be received: the smallest
// value of all.
func maxReceives(ctx context.Context, log zerolog.Logger, q worker.Queues) int {
	least := math.MaxInt
	for name, jobs := range named(q) {
		if jobs != q.Dead {
			least = min(least, maxReceivesOf(ctx, log.With().Str("queue", name).Logger(), jobs))
		}
	}
	return least
}
