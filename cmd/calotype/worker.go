package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"calotype/queue"
	"calotype/worker"
	"calotype/worker/decoder"
	"calotype/worker/render"
	"calotype/worker/store"
)

type workerCommand struct {
	serviceFlags
	DeadLetterURL string          `name:"dead-letter-url" help:"The SQS queue for dead letters." placeholder:"URL"`
	Concurrency   int             `help:"The number of concurrent jobs. The default is one per CPU." default:"${concurrency}"`
	Quality       int             `help:"The quality of renditions, 1 to 100, for jobs that ask for none." default:"${quality}"`
	Siblings      worker.Siblings `help:"What a job makes in addition: none, format (the same format in every preset) or all." default:"${siblings}"`
	Info          bool            `help:"Store a description of every picture that is decoded: its size, ThumbHash, main colour, and the points of smart crops. Without it, of those that a viewer requests with info=1."`
	limitFlags
	poolFlags
	freshnessFlags
	notifyFlags
	CacheControl     string        `help:"The Cache-Control of renditions." default:"${cache_control}"`
	KeptCacheControl string        `help:"The Cache-Control of fallback copies, and of renditions of damaged pictures." default:"${kept_cache_control}"`
	Memory           size          `help:"The memory that all jobs together may use for decoding, by prediction. The default is three quarters of the cgroup's limit, or half of the machine's memory, after 64 MiB and 32 MiB for each concurrent job are subtracted." placeholder:"SIZE"`
	Grace            time.Duration `help:"How long jobs may still run after a signal to stop. Polls are shortened to fit." default:"${grace}"`
	adminFlags
}

// Help is shown with the command's help.
func (workerCommand) Help() string {
	return `Exit codes: 0 after a signal to stop, with every message handled or requeued; 1 if it
could not work; 2 if a flag is wrong or names something that does not exist; 3 if a
job did not return after it was cancelled: restart the process. A second signal kills
it.`
}

// workerDefaults returns the defaults of the flags.
func workerDefaults() kong.Vars {
	d := worker.Defaults()
	return kong.Vars{
		"prefix":             string(d.Prefix),
		"concurrency":        fmt.Sprint(d.Concurrency),
		"quality":            fmt.Sprint(d.Quality),
		"siblings":           string(d.Siblings),
		"max_bytes":          size(d.MaxBytes).String(),
		"max_pixels":         fmt.Sprint(d.Limits.Pixels),
		"max_frames":         fmt.Sprint(d.Limits.Frames),
		"max_time":           decoder.DefaultTimes().Wall.String(),
		"max_cpu":            decoder.DefaultTimes().CPU.String(),
		"webp_effort":        fmt.Sprint(render.DefaultWebPEffort),
		"cache_control":      d.CacheControl,
		"kept_cache_control": d.FallbackCacheControl,
		"grace":              d.Grace.String(),
	}
}

func (c *workerCommand) check() []error {
	errs := c.serviceFlags.check()
	errs = append(errs, checkQueueURL("dead-letter-url", c.DeadLetterURL, "the SQS queue for dead letters")...)
	if c.DeadLetterURL != "" && c.DeadLetterURL == c.QueueURL {
		errs = append(errs, errors.New("--dead-letter-url is the same as --queue-url: dead letters would return endlessly"))
	}
	errs = append(errs, between("concurrency", c.Concurrency, 1, 1024)...)
	errs = append(errs, between("quality", c.Quality, 1, 100)...)
	errs = append(errs, c.limitFlags.check()...)
	errs = append(errs, c.poolFlags.check()...)
	errs = append(errs, c.freshnessFlags.check(c.table(), map[string]string{"queue-url": c.QueueURL, "dead-letter-url": c.DeadLetterURL})...)
	errs = append(errs, c.notifyFlags.check(c.freshnessFlags.queues(map[string]string{"queue-url": c.QueueURL, "dead-letter-url": c.DeadLetterURL}))...)
	errs = append(errs, checkHeader("cache-control", c.CacheControl)...)
	errs = append(errs, checkHeader("kept-cache-control", c.KeptCacheControl)...)
	if c.Memory != 0 {
		errs = append(errs, between("memory", c.Memory, 16<<20, math.MaxInt64)...)
	}
	errs = append(errs, c.adminFlags.check()...)
	return append(errs, between("grace", c.Grace, 0, time.Hour)...)
}

func (c *workerCommand) run(ctx context.Context, _, stderr io.Writer) error {
	log := c.logger(stderr)
	admin := newAdmin()
	end, err := admin.serve(c.adminFlags, log)
	if err != nil {
		return err
	}
	defer end()
	engine, err := c.pool(ctx, c.Concurrency, c.MaxTime, log)
	if err != nil {
		return err
	}
	defer engine.Close()
	aws, err := connect(ctx, 16*c.Concurrency)
	if err != nil {
		return err
	}
	queues := c.notifyFlags.queues(c.freshnessFlags.queues(map[string]string{"queue-url": c.QueueURL, "dead-letter-url": c.DeadLetterURL}))
	if err := aws.await(ctx, log, c.Bucket, queues); err != nil {
		return err
	}
	if err := aws.checkStore(ctx, log, c.Bucket, c.ResizedPrefix); err != nil {
		return err
	}
	workerQueues, bucket := c.workerQueues(aws, c.QueueURL, c.DeadLetterURL), store.New(aws.s3, c.Bucket)
	invalidator, endPurges := c.invalidator(ctx, aws, bucket, c.ResizedPrefix, log)
	defer endPurges()
	settings := worker.Settings{
		Presets:              c.table(),
		Prefix:               c.ResizedPrefix,
		Quality:              c.Quality,
		Siblings:             c.Siblings,
		Info:                 c.Info,
		Concurrency:          c.Concurrency,
		Memory:               cmp.Or(int64(c.Memory), worker.DefaultMemory(c.Concurrency)),
		MaxReceives:          maxReceives(ctx, log, workerQueues),
		OnUpload:             c.OnUpload,
		Notify:               c.notifier(aws, log),
		MaxBytes:             int64(c.MaxBytes),
		Limits:               c.limits(),
		Engine:               engine,
		CacheControl:         c.CacheControl,
		FallbackCacheControl: c.KeptCacheControl,
		Grace:                c.Grace,
		Name:                 name(),
	}
	if invalidator != nil {
		settings.Invalidate = invalidator.Invalidate
		admin.metrics.MustRegister(invalidator)
	}
	pool := worker.New(settings, workerQueues, bucket, log)
	admin.setChecks(pool.Healthy, pool.Ready)
	admin.metrics.MustRegister(pool, engine, newQueueDepth(named(workerQueues)))
	log.Info().Int("concurrency", c.Concurrency).Int64("memory", settings.Memory).Int("max_receives", settings.MaxReceives).
		Str("name", settings.Name).Str("version", version()+", "+engine.Libraries()).Msg("worker starts")
	for _, sentence := range engine.Shortcomings() {
		log.Warn().Msg(sentence)
	}
	err = pool.Run(ctx)
	log.Info().Msg("worker stops")
	if errors.Is(err, worker.ErrStuck) {
		return fmt.Errorf("%w%w", err, markErr(errStuck))
	}
	return err
}

// maxReceivesOf reads how often the queue lets a message be received. If it cannot be read,
// the documented value is assumed.
func maxReceivesOf(ctx context.Context, log zerolog.Logger, jobs *queue.Queue) int {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	n, err := jobs.MaxReceives(ctx)
	if n >= 3 {
		return n
	}
	usual := worker.Defaults().MaxReceives
	switch {
	case err != nil:
		log.Warn().Err(err).Int("assumed", usual).Msg("read redrive policy")
	case n == 0:
		log.Warn().Msgf("the queue has no redrive policy: want one to the dead-letter queue after %d receives", usual)
	default:
		log.Warn().Int("max_receives", n).Msgf("the queue's redrive policy gives up too soon: want %d receives", usual)
		return n
	}
	return usual
}

// name identifies this worker: the host, which in ECS is the task, and the process.
func name() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

func (c *workerCommand) grace() time.Duration { return c.Grace }
