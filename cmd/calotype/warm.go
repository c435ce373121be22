package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/queue"
	"calotype/worker/backfill"
	"calotype/worker/store"
)

type warmCommand struct {
	Where            string             `arg:"" help:"The bucket, and the prefix of the pictures' keys: s3://pictures/cats/." placeholder:"s3://BUCKET/PREFIX"`
	Variants         []calotype.Variant `env:"-" help:"The renditions that every picture should have, such as S.webp,M." placeholder:"VARIANT"`
	QueueURL         string             `name:"queue-url" help:"The SQS queue for jobs, unless there is one for a backfill." placeholder:"URL"`
	BackfillQueueURL string             `name:"backfill-queue-url" help:"The SQS queue from which workers take jobs at low priority." placeholder:"URL"`
	ResizedPrefix    calotype.Prefix    `help:"The prefix of the renditions' keys." default:"${prefix}"`
	Presets          presetsFile        `help:"A JSON file of presets, as the workers have it." placeholder:"FILE"`
	Quality          int                `help:"The quality of renditions, 1 to 100, as set for the edge, or else for the workers. Renditions of another quality are made again." default:"${quality}"`
	Encoder          string             `env:"-" help:"The encoder that renditions must have, as workers record it; the others are made again. \"any\" accepts all. The default is this machine's decoder, or any if there is none." placeholder:"NAME"`
	decoderFlags
	MaxBytes      size    `help:"The maximum size of a source that workers read, such as 100MiB. Larger ones are left out." default:"${max_bytes}"`
	Keys          string  `env:"-" help:"A file with the keys of the pictures to look at, instead of listing the bucket: a key on each line, or an S3 Inventory in CSV, also with gzip. - is standard input." placeholder:"FILE"`
	Estimate      bool    `env:"-" help:"Print what the run would take, by listing alone: requests, CPU hours, dollars, time. Change nothing."`
	Rate          float64 `env:"-" help:"The maximum number of jobs sent per second." default:"200"`
	AtOnce        int     `env:"-" help:"The number of renditions that are inspected concurrently." default:"64"`
	Checkpoint    string  `env:"-" help:"A file to resume from if this is stopped or killed. It is removed at the end." placeholder:"FILE"`
	DeleteOrphans bool    `env:"-" help:"Delete renditions of any variant whose source no longer exists."`
	DryRun        bool    `env:"-" help:"Print what would be done, and change nothing."`
	JSON          bool    `name:"json" env:"-" help:"Print one JSON object per line, the last with the numbers of sources seen, current, enqueued and failed."`
}

// Help is shown with the command's help.
func (warmCommand) Help() string {
	return `It lists the pictures and their renditions in step, inspects existing renditions, and
sends a job for each picture with a rendition that is missing, or was made from another
version, or with another box, quality or encoder. A repeated run finds less to do, and
in the end nothing. Run it with the workers' image, so that the encoder is the same. It
exits with 1 if anything failed; the next run tries that again.`
}

func (c *warmCommand) check() []error {
	var errs []error
	switch bucket, prefix := c.where(); {
	case bucket == "":
		errs = append(errs, fmt.Errorf("%q: name the bucket and prefix, such as s3://pictures/ or s3://pictures/cats/", c.Where))
	case strings.HasPrefix(prefix, string(c.ResizedPrefix)+"/"):
		errs = append(errs, fmt.Errorf("%s: %s/ holds renditions, not pictures", c.Where, c.ResizedPrefix))
	}
	if c.Keys != "" && (c.DeleteOrphans || c.Estimate) {
		errs = append(errs, errors.New("--keys does not go with --delete-orphans or --estimate, which list the bucket"))
	}
	if len(c.Variants) == 0 && (!c.DeleteOrphans || c.Estimate) {
		errs = append(errs, errors.New("--variants is missing: name the renditions that every picture should have, such as --variants S.webp,M"))
	}
	errs = append(errs, checkVariants("variants", c.Variants, c.Presets.orDefault())...)
	switch {
	case c.BackfillQueueURL != "":
		errs = append(errs, checkQueueURL("backfill-queue-url", c.BackfillQueueURL, "the SQS queue for a backfill's jobs")...)
	case c.QueueURL != "" || len(c.Variants) > 0 && !c.DryRun && !c.Estimate:
		errs = append(errs, checkQueueURL("queue-url", c.QueueURL, "the SQS queue for jobs, or --backfill-queue-url")...)
	}
	errs = append(errs, between("quality", c.Quality, 1, 100)...)
	errs = append(errs, between("rate", c.Rate, 0.01, 100_000)...)
	errs = append(errs, between("at-once", c.AtOnce, 1, 1024)...)
	return append(errs, between("max-bytes", c.MaxBytes, 1, size(5<<30))...)
}

// where splits the argument. The bucket is empty if the argument has none.
func (c *warmCommand) where() (bucket, prefix string) {
	rest, ok := strings.CutPrefix(c.Where, "s3://")
	if !ok {
		return "", ""
	}
	bucket, prefix, _ = strings.Cut(rest, "/")
	return bucket, prefix
}

func (c *warmCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	waitEncoder := c.startEncoder(ctx, c.Encoder)
	aws, err := connect(ctx, c.AtOnce+backfill.MaxInFlight+16)
	if err != nil {
		return err
	}
	bucket, prefix := c.where()
	queues := map[string]string{}
	if c.BackfillQueueURL != "" {
		queues["backfill-queue-url"] = c.BackfillQueueURL
	} else if c.QueueURL != "" {
		queues["queue-url"] = c.QueueURL
	}
	if err := aws.find(ctx, zerolog.Nop(), bucket, queues); err != nil {
		return err
	}
	encoder, err := waitEncoder()
	if err != nil {
		return err
	}
	b := backfill.Backfill{
		Bucket:        store.New(aws.s3, bucket),
		Prefix:        c.ResizedPrefix,
		Presets:       c.Presets.orDefault(),
		Sources:       prefix,
		Variants:      c.Variants,
		Quality:       c.Quality,
		Encoder:       encoder,
		MaxBytes:      int64(c.MaxBytes),
		Rate:          c.Rate,
		DeleteOrphans: c.DeleteOrphans,
		DryRun:        c.DryRun,
		Concurrency:   c.AtOnce,
	}
	for _, url := range queues {
		b.Jobs = queue.New(aws.sqs, url)
	}
	if c.Estimate {
		return c.estimate(ctx, b, stdout)
	}
	if c.Keys != "" {
		b.Keys = readKeys(c.Keys, bucket, os.Stdin)
	}
	checkpoint := checkpoint{file: c.Checkpoint, Of: c.purpose(bucket, prefix, encoder)}
	from, err := checkpoint.load()
	if err != nil {
		return err
	}
	if !c.DryRun {
		if err := checkpoint.save(from); err != nil { // Before anything is sent.
			return fmt.Errorf("--checkpoint: %w%w", err, markErr(errUsage))
		}
	}
	report := newWarmReport(c, from, stdout, stderr)
	b.OnResult, b.Save = report.finding, checkpoint.save
	stopCounting := report.count(ctx, &b)
	summary, err := b.Run(ctx, from)
	stopCounting()
	if err == nil && !c.DryRun { // It may be the checkpoint of another run that will be resumed.
		err = checkpoint.remove()
	}
	return report.end(ctx, summary, err)
}

// purpose identifies the run for its checkpoint.
func (c *warmCommand) purpose(bucket, prefix, encoder string) string {
	var variants []string
	for _, v := range c.Variants {
		preset, _ := c.Presets.orDefault().Lookup(v.Preset)
		variants = append(variants, fmt.Sprintf("%s (%s)", v, preset.Signature()))
	}
	keys := ""
	if c.Keys != "" {
		keys = " --keys " + c.Keys
	}
	return fmt.Sprintf("s3://%s/%s --variants %s --resized-prefix %s --quality %d --encoder %s --max-bytes %d --delete-orphans=%v%s",
		bucket, prefix, strings.Join(variants, ","), c.ResizedPrefix, c.Quality, cmp.Or(encoder, "any"), c.MaxBytes, c.DeleteOrphans, keys)
}

// reasons formats why renditions are made, the most frequent reason first.
func reasons(counts map[calotype.Staleness]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b calotype.Staleness) int { return counts[b] - counts[a] })
	var parts []string
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(parts, ", ")
}
