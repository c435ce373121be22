package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"calotype/edge"
	"calotype/edge/origin"
	"calotype/queue"
)

type edgeCommand struct {
	serviceFlags
	Listen        string           `help:"The address to serve on." default:":8080"`
	Quality       int              `help:"The quality that jobs ask for, 1 to 100; 0 leaves it to the worker." default:"0"`
	CheckSource   bool             `help:"Compare each rendition with its source, for one more HEAD in parallel: viewers then get a replaced picture at once, and a removed one no more."`
	Pending       edge.Pending     `help:"What is served while a rendition does not exist: the original; best: the nearest rendition that is current, or else the original; none: 404, and also for every other request whose response would be the original." default:"original"`
	Widths        bool             `help:"Let w=640&dpr=2 request the narrowest preset of at least that width, among those that limit the width only, as --presets web has them."`
	Auto          edge.AutoFormats `help:"The formats of format=auto, the most wanted first, such as avif,webp. A viewer gets the first that its Accept header names. Without them format=auto is unknown." placeholder:"FORMATS"`
	Info          bool             `help:"Respond to info=1 with a description of the picture in JSON: its size, ThumbHash, main colour, and the URL of each preset. If it does not exist, a job is sent and a worker makes it."`
	BackfillURL   string           `name:"backfill-queue-url" help:"The SQS queue for jobs that no viewer waits for: AVIF after WebP. By default they go to --queue-url." placeholder:"URL"`
	AllowOrigin   string           `help:"The website whose pages may read pictures by script (CORS), such as https://shop.example; * allows every site; none sends no CORS header." default:"*" placeholder:"ORIGIN"`
	CacheTag      string           `help:"The header that names a picture's tag for a CDN that invalidates by tags, such as Cache-Tag." placeholder:"HEADER"`
	OriginSecrets string           `help:"The secret of CloudFront in the function mode, of 24 characters or more; during rotation, the current and the previous one, separated by a comma. Prefer the environment variable: other users of the machine can read flags." placeholder:"SECRET"`
	MaxSourceJobs int              `help:"The maximum number of jobs sent in a minute for one picture." default:"64"`
	MaxJobs       int              `help:"The maximum number of jobs sent in a minute in total. Beyond it the original is served." default:"12000"`
	Grace         time.Duration    `help:"How long responses may take after a signal to stop." default:"25s"`
	adminFlags
}

func (c *edgeCommand) check() []error {
	errs := c.serviceFlags.check()
	if c.BackfillURL != "" {
		errs = append(errs, checkQueueURL("backfill-queue-url", c.BackfillURL, "the SQS queue for low-priority jobs")...)
	}
	errs = append(errs, between("quality", c.Quality, 0, 100)...)
	errs = append(errs, checkOrigin(c.AllowOrigin)...)
	if _, err := origin.ParseSecrets(c.OriginSecrets); err != nil { // A type of its own would show it in the error.
		errs = append(errs, fmt.Errorf("--origin-secrets: %w", err))
	}
	if !isHeaderName(c.CacheTag) {
		errs = append(errs, fmt.Errorf("--cache-tag %q: want the name of a header such as Cache-Tag", c.CacheTag))
	}
	errs = append(errs, between("max-source-jobs", c.MaxSourceJobs, 1, 1_000_000)...)
	errs = append(errs, between("max-jobs", c.MaxJobs, 1, 1_000_000)...)
	errs = append(errs, between("grace", c.Grace, 0, time.Hour)...)
	errs = append(errs, c.adminFlags.check()...)
	return append(errs, checkAddress("listen", c.Listen)...)
}

// isHeaderName reports whether a name can be that of a header, or is empty.
func isHeaderName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// checkOrigin checks a value of Access-Control-Allow-Origin. A browser compares it with a
// page's origin as text, so anything else would never match.
// https://fetch.spec.whatwg.org/#cors-check
func checkOrigin(value string) []error {
	u, err := url.Parse(value)
	if value == "*" || value == "none" || err == nil && u.Host != "" && value == strings.ToLower(u.Scheme+"://"+u.Host) {
		return nil
	}
	return []error{fmt.Errorf("--allow-origin %q: want *, none or an origin such as https://shop.example", value)}
}

func (c *edgeCommand) run(ctx context.Context, _, stderr io.Writer) error {
	log := c.logger(stderr)
	admin := newAdmin()
	end, err := admin.serve(c.adminFlags, log)
	if err != nil {
		return err
	}
	defer end()
	aws, err := connect(ctx, 256)
	if err != nil {
		return err
	}
	queues := map[string]string{"queue-url": c.QueueURL}
	secrets, err := origin.ParseSecrets(c.OriginSecrets)
	if err != nil {
		return err
	}
	settings := origin.Settings{MaxSourceJobs: c.MaxSourceJobs, MaxJobs: c.MaxJobs, Secrets: secrets, CacheTag: c.CacheTag}
	if c.AllowOrigin != "none" {
		settings.AllowOrigin = c.AllowOrigin
	}
	if c.BackfillURL != "" {
		queues["backfill-queue-url"] = c.BackfillURL
		settings.LowPriority = queue.New(aws.sqs, c.BackfillURL)
	}
	if err := aws.find(ctx, log, c.Bucket, queues); err != nil {
		return err
	}
	rules := edge.Rules{Presets: c.table(), Prefix: c.ResizedPrefix, Quality: c.Quality, CheckSource: c.CheckSource, Pending: c.Pending, Auto: c.Auto, Widths: c.Widths, Info: c.Info}
	pictures := origin.New(rules, aws.s3, c.Bucket, queue.New(aws.sqs, c.QueueURL), log, settings)
	server := &http.Server{
		Handler:           pictures,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       2 * time.Minute,
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w%w", err, markErr(errUsage))
	}
	admin.metrics.MustRegister(pictures)
	admin.setChecks(isHealthy, func() error {
		if ctx.Err() != nil {
			return errStopping
		}
		return pictures.Ready()
	})
	log.Info().Stringer("address", listener.Addr()).Msg("edge serves")
	defer pictures.Wait()
	return serve(ctx, server, listener, c.Grace)
}

// serve serves until the context ends, and then waits up to the grace period for responses
// in progress.
func serve(ctx context.Context, server *http.Server, listener net.Listener, grace time.Duration) error {
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		stopped <- server.Shutdown(ctx)
	})
	err := server.Serve(listener)
	if stop() {
		return err // The server stopped by itself.
	}
	if err := <-stopped; errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(fmt.Errorf("responses were still in progress after %v", grace), server.Close())
	}
	return nil
}

func (c *edgeCommand) grace() time.Duration { return c.Grace }
