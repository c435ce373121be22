package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/queue"
	"calotype/worker/backfill"
	"calotype/worker/render"
	"calotype/worker/store"
)

type warmCommand struct {
	Where            string             `arg:"" help:"The bucket, and what the keys of the pictures begin with: s3://pictures/cats/." placeholder:"s3://BUCKET/PREFIX"`
	Variants         []calotype.Variant `env:"-" help:"The renditions that every picture is to have, such as S.webp,M." placeholder:"VARIANT"`
	QueueURL         string             `name:"queue-url" help:"The SQS queue for jobs, if there is none for a backfill." placeholder:"URL"`
	BackfillQueueURL string             `name:"backfill-queue-url" help:"The SQS queue that workers take jobs from while no viewer waits for them." placeholder:"URL"`
	ResizedPrefix    calotype.Prefix    `help:"The folder of the bucket that renditions are kept in." default:"${prefix}"`
	Presets          presetsFile        `help:"A JSON file of presets, as the workers have it." placeholder:"FILE"`
	Quality          int                `help:"The quality of renditions, 1 to 100, as the edge or else the workers have it: what was made in another one is made again." default:"${quality}"`
	Encoder          string             `env:"-" help:"Who makes renditions, as workers record it: what another one made is made again. \"any\" takes all for the same. The default is this program with its libvips." default:"${encoder}"`
	MaxBytes         int64              `help:"The largest source that workers read, in bytes: larger ones are left out." default:"${max_bytes}"`
	Rate             float64            `env:"-" help:"How many jobs are sent in a second, at most." default:"200"`
	AtOnce           int                `env:"-" help:"How many renditions are looked at side by side." default:"64"`
	Checkpoint       string             `env:"-" help:"A file to go on from, should this be stopped or killed. It is removed at the end." placeholder:"FILE"`
	DeleteOrphans    bool               `env:"-" help:"Delete the renditions, of any variant, whose source is gone."`
	DryRun           bool               `env:"-" help:"Say what would be done, and do nothing."`
	JSON             bool               `name:"json" env:"-" help:"Print a JSON object a line, the last with how many sources were seen, current, enqueued and failed."`
}

// Help is what the command's help says beside its flags.
func (warmCommand) Help() string {
	return `It lists the pictures and their renditions side by side, looks at those that are
there, and sends a job for each picture of which a rendition is missing, or was made
of another version, box, quality or encoder. A run that is repeated finds less to do,
and in the end nothing. Run it with the workers' image, so that the encoder is the
same. It ends with 1 if anything failed: the next run looks at that again.`
}

func (c *warmCommand) check() []error {
	var errs []error
	switch bucket, prefix := c.where(); {
	case bucket == "":
		errs = append(errs, fmt.Errorf("%q: say where the pictures are, such as s3://pictures/ or s3://pictures/cats/", c.Where))
	case strings.HasPrefix(prefix, string(c.ResizedPrefix)+"/"):
		errs = append(errs, fmt.Errorf("%s: renditions are under %s/, and no pictures", c.Where, c.ResizedPrefix))
	}
	if len(c.Variants) == 0 && !c.DeleteOrphans {
		errs = append(errs, errors.New("--variants is missing: say which renditions every picture is to have, such as --variants S.webp,M"))
	}
	errs = append(errs, checkVariants("variants", c.Variants, c.Presets.orDefault())...)
	switch {
	case c.BackfillQueueURL != "":
		errs = append(errs, checkQueueURL("backfill-queue-url", c.BackfillQueueURL, "the SQS queue for a backfill's jobs")...)
	case c.QueueURL != "" || len(c.Variants) > 0 && !c.DryRun:
		errs = append(errs, checkQueueURL("queue-url", c.QueueURL, "the SQS queue for jobs; or --backfill-queue-url")...)
	}
	errs = append(errs, between("quality", c.Quality, 1, 100)...)
	errs = append(errs, between("rate", c.Rate, 0.01, 100_000)...)
	errs = append(errs, between("at-once", c.AtOnce, 1, 1024)...)
	return append(errs, between("max-bytes", c.MaxBytes, 1, 5<<30)...)
}

// where takes the argument apart. The bucket is empty where it says none.
func (c *warmCommand) where() (bucket, prefix string) {
	rest, ok := strings.CutPrefix(c.Where, "s3://")
	if !ok {
		return "", ""
	}
	bucket, prefix, _ = strings.Cut(rest, "/")
	return bucket, prefix
}

func (c *warmCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	aws, err := connect(ctx, c.AtOnce+16)
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
	b := backfill.Backfill{
		Bucket:        store.New(aws.s3, bucket),
		Prefix:        c.ResizedPrefix,
		Presets:       c.Presets.orDefault(),
		Sources:       prefix,
		Variants:      c.Variants,
		Quality:       c.Quality,
		Encoder:       wantedEncoder(c.Encoder),
		MaxBytes:      c.MaxBytes,
		Rate:          c.Rate,
		DeleteOrphans: c.DeleteOrphans,
		DryRun:        c.DryRun,
		Concurrency:   c.AtOnce,
	}
	for _, url := range queues {
		b.Jobs = queue.New(aws.sqs, url)
	}
	checkpoint := checkpoint{file: c.Checkpoint, Of: c.purpose(bucket, prefix)}
	from, err := checkpoint.load()
	if err != nil {
		return err
	}
	if !c.DryRun {
		if err := checkpoint.save(from); err != nil { // Before anything is sent.
			return fmt.Errorf("--checkpoint: %w%w", err, markErr(errUsage))
		}
	}
	told := newWarmReport(c, from, stdout, stderr)
	b.OnResult, b.Save = told.finding, checkpoint.save
	stopCounting := told.count(ctx, &b)
	summary, err := b.Run(ctx, from)
	stopCounting()
	if err == nil && !c.DryRun { // It may be that of a run that is to go on.
		err = checkpoint.remove()
	}
	return told.end(ctx, summary, err)
}

// purpose is what a checkpoint is good for.
func (c *warmCommand) purpose(bucket, prefix string) string {
	var variants []string
	for _, v := range c.Variants {
		preset, _ := c.Presets.orDefault().Lookup(v.Preset)
		variants = append(variants, fmt.Sprintf("%s (%s)", v, preset.Boxes()))
	}
	return fmt.Sprintf("s3://%s/%s --variants %s --resized-prefix %s --quality %d --encoder %s --max-bytes %d --delete-orphans=%v",
		bucket, prefix, strings.Join(variants, ","), c.ResizedPrefix, c.Quality, c.Encoder, c.MaxBytes, c.DeleteOrphans)
}

// encoderDefault is the default of --encoder. A program without libvips, which makes no
// renditions, has none to compare with.
func encoderDefault() string {
	if encoder := render.Encoder(); encoder != "none" {
		return encoder
	}
	return "any"
}

// wantedEncoder reads --encoder: it is empty where any will do.
func wantedEncoder(flag string) string {
	if flag == "any" {
		return ""
	}
	return flag
}

// reasons writes why renditions are to be made, the most frequent first.
func reasons(counts map[calotype.Staleness]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b calotype.Staleness) int { return counts[b] - counts[a] })
	var parts []string
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(parts, ", ")
}
