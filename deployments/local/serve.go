package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"calotype"
	"calotype/deployments/local/page"
	"calotype/edge"
	"calotype/edge/origin"
	"calotype/queue"
	"calotype/worker"
	"calotype/worker/decoder"
	"calotype/worker/notify"
	"calotype/worker/store"
)

// serve runs everything until the context ends.
func serve(ctx context.Context, f flags, stdout, stderr io.Writer) (err error) {
	journal := page.NewJournal()
	log := logger(stderr, f.LogLevel, journal)
	var listener net.Listener
	var engine *decoder.Pool
	if !f.AWSOnly {
		path, err := decoder.Find(f.Decoder)
		if err != nil {
			return err
		}
		if engine, err = decoder.NewPool(ctx, decoder.Config{Path: path, Idle: f.Concurrency, Log: log}); err != nil {
			return err
		}
		defer engine.Close()
		if listener, err = net.Listen("tcp", f.Listen); err != nil {
			return portTaken("listen", "PORT", err)
		}
		defer listener.Close()
	}
	s, err := startServers(ctx, f, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if f.AWSOnly {
		if err := putPictures(ctx, f, s, log); err != nil {
			return err
		}
		remove, err := endpoints{S3: s.s3URL, SQS: s.sqsURL}.write(f.Data)
		if err != nil {
			return err
		}
		defer remove()
		fmt.Fprintf(stdout, "ready %s %s\n", s.s3URL, s.sqsURL)
		<-ctx.Done()
		return nil
	}
	remove, err := endpoints{Page: "http://" + listener.Addr().String(), S3: s.s3URL, SQS: s.sqsURL}.write(f.Data)
	if err != nil {
		return err
	}
	defer remove()
	return serveAll(ctx, f, s, engine, listener, journal, stdout, stderr, log)
}

// serveAll runs the edge, the page and the workers with the servers.
func serveAll(ctx context.Context, f flags, s *servers, engine *decoder.Pool, listener net.Listener, journal *page.Journal, stdout, stderr io.Writer, log zerolog.Logger) error {
	settings := worker.Defaults()
	settings.Concurrency = f.Concurrency
	settings.Name = "local"
	settings.Presets = f.table
	settings.Engine = engine
	settings.Info = true
	notifications := queue.New(s.sqs, s.notifyURL)
	settings.Notify = notify.New(notify.SQS(notifications), log).Send
	jobs := queue.New(s.sqs, s.jobsURL)
	queues := worker.Queues{
		Jobs: jobs, Events: queue.New(s.sqs, s.eventsURL), Backfill: queue.New(s.sqs, s.backfillURL), Dead: queue.New(s.sqs, s.deadURL),
	}
	pool := worker.New(settings, queues, store.New(s.s3, bucketName), log)

	// A replaced picture's old rendition is not shown until workers follow.
	rules := edge.Rules{Presets: settings.Presets, Prefix: settings.Prefix, CheckSource: true,
		Pending: edge.PendingBest, Widths: true, Info: true, Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}}
	pictures := origin.New(rules, s.s3, bucketName, jobs, log, origin.Settings{LowPriority: queues.Backfill})
	front := page.New(page.Config{
		S3: s.s3, Bucket: bucketName, Prefix: settings.Prefix, Presets: settings.Presets, Log: log, Auto: rules.Auto, Journal: journal,
		Queues: []page.Queue{{Name: "jobs", Queue: jobs}, {Name: "events", Queue: queues.Events}, {Name: "backfill", Queue: queues.Backfill}, {Name: "dead", Queue: queues.Dead}},
		Dead:   queues.Dead, Jobs: jobs, Notifications: page.NewJournal(),
	})
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if page.Serves(r.URL.Path) {
				front.ServeHTTP(w, r)
			} else {
				pictures.ServeHTTP(w, r)
			}
		}),
		ReadHeaderTimeout: 10 * time.Second,
	}

	log.Info().Str("s3", s.s3URL).Str("sqs", s.sqsURL).Msg("servers are up")
	if isTerminal(stderr) {
		greet(stderr, f, "http://"+listener.Addr().String()+"/")
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return pool.Run(ctx) })
	g.Go(func() error {
		front.Notifications.Receive(ctx, notifications, log)
		return nil
	})
	g.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		if err := putPictures(ctx, f, s, log); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "ready http://%s/\n", listener.Addr())
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		s.drain()
		front.Drain()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return errors.Join(server.Shutdown(ctx), server.Close())
	})
	defer pictures.Wait()
	return g.Wait()
}

// greet says where the page is while the samples are still being drawn. The ready line
// follows, and on a terminal nothing but warnings after it.
func greet(stderr io.Writer, f flags, page string) {
	fmt.Fprintf(stderr, "The page is at %s. In another shell, this points calotype and aws at it:\n  %s\n", page, f.hint)
	if f.Samples {
		fmt.Fprintln(stderr, "Sample pictures appear on it as they are drawn.")
	}
}

// portTaken adds how to choose another port.
func portTaken(flag, variable string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("--%s: %w; choose another port: --%s 127.0.0.1:PORT, or make run %s=…", flag, err, flag, variable)
	}
	return fmt.Errorf("--%s: %w", flag, err)
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// logger returns the program's log, of which the journal gets everything. On a terminal the
// page shows the jobs, so the log has only warnings unless a level is given.
func logger(stderr io.Writer, level string, journal io.Writer) zerolog.Logger {
	lowest := zerolog.InfoLevel
	if isTerminal(stderr) {
		lowest = zerolog.WarnLevel
		stderr = zerolog.ConsoleWriter{Out: stderr, TimeFormat: "15:04:05.000"}
	}
	if chosen, err := zerolog.ParseLevel(level); err == nil && level != "" {
		lowest = chosen
	}
	shown := &zerolog.FilteredLevelWriter{Writer: zerolog.LevelWriterAdapter{Writer: stderr}, Level: lowest}
	return zerolog.New(zerolog.MultiLevelWriter(journal, shown)).Level(min(lowest, zerolog.InfoLevel)).With().Timestamp().Logger()
}
