package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"calotype/queue"
	"calotype/worker"
	"calotype/worker/render"
	"calotype/worker/store"
)

type workerCommand struct {
	serviceFlags
	DeadLetterURL    string          `name:"dead-letter-url" help:"The SQS queue for jobs that are given up." placeholder:"URL"`
	Concurrency      int             `help:"How many jobs run at once. The default is one for each CPU." default:"${concurrency}"`
	Quality          int             `help:"The quality of renditions, 1 to 100, where a job asks for none." default:"${quality}"`
	Siblings         worker.Siblings `help:"What a job makes beside what was asked for: none, format (that format in every preset) or all." default:"${siblings}"`
	MaxBytes         int64           `help:"The largest source that is read, in bytes." default:"${max_bytes}"`
	MaxPixels        int64           `help:"The largest source that is decoded: width x height x frames." default:"${max_pixels}"`
	MaxFrames        int             `help:"The longest animation that is decoded." default:"${max_frames}"`
	CacheControl     string          `help:"The Cache-Control of renditions." default:"${cache_control}"`
	KeptCacheControl string          `help:"The Cache-Control of a broken source's copy." default:"${kept_cache_control}"`
	Grace            time.Duration   `help:"How long jobs may still run after a signal to stop." default:"${grace}"`
}

// workerDefaults are the defaults of the flags above.
func workerDefaults() kong.Vars {
	d := worker.Defaults()
	return kong.Vars{
		"prefix":             string(d.Prefix),
		"concurrency":        fmt.Sprint(d.Concurrency),
		"quality":            fmt.Sprint(d.Quality),
		"siblings":           string(d.Siblings),
		"max_bytes":          fmt.Sprint(d.MaxBytes),
		"max_pixels":         fmt.Sprint(d.Limits.Pixels),
		"max_frames":         fmt.Sprint(d.Limits.Frames),
		"cache_control":      d.CacheControl,
		"kept_cache_control": d.KeptCacheControl,
		"grace":              d.Grace.String(),
	}
}

func (c *workerCommand) check() []error {
	errs := c.serviceFlags.check()
	errs = append(errs, checkQueueURL("dead-letter-url", c.DeadLetterURL, "the SQS queue for jobs that are given up")...)
	if c.DeadLetterURL != "" && c.DeadLetterURL == c.QueueURL {
		errs = append(errs, errors.New("--dead-letter-url is the same as --queue-url: given up jobs would come back for ever"))
	}
	errs = append(errs, between("concurrency", c.Concurrency, 1, 1024)...)
	errs = append(errs, between("quality", c.Quality, 1, 100)...)
	errs = append(errs, between("max-bytes", c.MaxBytes, 1, 5<<30)...)
	errs = append(errs, between("max-pixels", c.MaxPixels, 1, math.MaxInt32)...)
	errs = append(errs, between("max-frames", c.MaxFrames, 1, 100_000)...)
	errs = append(errs, checkHeader("cache-control", c.CacheControl)...)
	errs = append(errs, checkHeader("kept-cache-control", c.KeptCacheControl)...)
	return append(errs, between("grace", c.Grace, 0, time.Hour)...)
}

func (c *workerCommand) run(ctx context.Context, _, stderr io.Writer) error {
	log := c.logger(stderr)
	if err := render.Start(); err != nil {
		return err
	}
	aws, err := connect(ctx, 16*c.Concurrency)
	if err != nil {
		return err
	}
	queues := map[string]string{"queue-url": c.QueueURL, "dead-letter-url": c.DeadLetterURL}
	if err := aws.find(ctx, log, c.Bucket, queues); err != nil {
		return err
	}
	settings := worker.Settings{
		Presets:          c.table(),
		Prefix:           c.ResizedPrefix,
		Quality:          c.Quality,
		Siblings:         c.Siblings,
		Concurrency:      c.Concurrency,
		MaxBytes:         c.MaxBytes,
		Limits:           render.Limits{Pixels: c.MaxPixels, Frames: c.MaxFrames},
		CacheControl:     c.CacheControl,
		KeptCacheControl: c.KeptCacheControl,
		Grace:            c.Grace,
		Name:             name(),
	}
	log.Info().Int("concurrency", c.Concurrency).Str("name", settings.Name).Str("version", version()).Msg("worker begins")
	worker.New(settings,
		queue.New(aws.sqs, c.QueueURL), queue.New(aws.sqs, c.DeadLetterURL), store.New(aws.s3, c.Bucket), log).Run(ctx)
	log.Info().Msg("worker ends")
	return nil
}

// name tells this worker from others: the host, which is the task in ECS, and the
// process.
func name() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}
