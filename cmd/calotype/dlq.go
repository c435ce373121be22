package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"

	"calotype/queue"
	"calotype/worker/deadletter"
	"calotype/worker/store"
)

// dlqCommands are the subcommands for dead letters. Package deadletter does the work; this
// package has the flags and the output.
type dlqCommands struct {
	List   dlqListCommand   `cmd:"" help:"Count dead letters by reason."`
	Show   dlqShowCommand   `cmd:"" help:"Print dead letters in full."`
	Replay dlqReplayCommand `cmd:"" help:"Send dead letters back to the workers: each is received, sent, and then deleted."`
	Purge  dlqPurgeCommand  `cmd:"" help:"Delete dead letters permanently."`
}

type dlqFlags struct {
	Bucket        string        `help:"The S3 bucket that holds the pictures: show inspects the source there." placeholder:"NAME"`
	QueueURL      string        `name:"queue-url" help:"The SQS queue for jobs: replay sends there." placeholder:"URL"`
	DeadLetterURL string        `name:"dead-letter-url" help:"The SQS queue for dead letters." placeholder:"URL"`
	Hide          time.Duration `help:"How long dead letters stay hidden from others if this is killed." default:"2m"`
	JSON          bool          `name:"json" env:"-" help:"Print one JSON object per line; docs/dead-letters.md names the fields."`
	Reason        []string      `env:"-" help:"Only dead letters of these reasons, as list names them." placeholder:"CLASS"`
	Prefix        string        `env:"-" help:"Only dead letters whose source key has this prefix." placeholder:"KEY"`
	Which         []string      `arg:"" optional:"" help:"Only dead letters of these source keys or message IDs."`
}

// Help is shown with the help of every subcommand.
func (dlqFlags) Help() string {
	return "SQS shows messages only to receivers. While this runs, other receivers do not see the dead letters that it inspects. " +
		"At the end it releases what is left; if it is killed, they reappear after --hide."
}

func (f dlqFlags) check() []error {
	errs := checkQueueURL("dead-letter-url", f.DeadLetterURL, "the SQS queue for dead letters")
	if f.DeadLetterURL != "" && f.DeadLetterURL == f.QueueURL {
		errs = append(errs, errors.New("--dead-letter-url is the same as --queue-url: that queue holds waiting jobs, not dead letters"))
	}
	return append(errs, between("hide", f.Hide, 10*time.Second, 12*time.Hour)...)
}

// checkChosen requires an explicit choice, because the command cannot be undone.
func (f dlqFlags) checkChosen(all bool) []error {
	chosen := len(f.Reason) > 0 || f.Prefix != "" || len(f.Which) > 0
	switch {
	case all && chosen:
		return []error{errors.New("--all cannot be combined with --reason, --prefix or keys")}
	case !all && !chosen:
		return []error{errors.New("say which dead letters: --reason CLASS, --prefix KEY, source keys or message IDs, or --all")}
	}
	return nil
}

func (f dlqFlags) filter() deadletter.Filter {
	return deadletter.Filter{Which: f.Which, Classes: f.Reason, Prefix: f.Prefix}
}

// session holds what the subcommands work with.
type session struct {
	dead   deadletter.Queue
	jobs   *queue.Queue  // If --queue-url is set.
	bucket *store.Bucket // If --bucket is set.
	*printer
}

// open checks the queues and starts the report.
func (f dlqFlags) open(ctx context.Context, stdout, stderr io.Writer) (*session, error) {
	aws, err := connect(ctx, 64)
	if err != nil {
		return nil, err
	}
	queues := map[string]string{"dead-letter-url": f.DeadLetterURL}
	if f.QueueURL != "" {
		queues["queue-url"] = f.QueueURL
	}
	if err := aws.find(ctx, zerolog.Nop(), f.Bucket, queues); err != nil {
		return nil, err
	}
	d := &session{
		dead: deadletter.Queue{Letters: queue.New(aws.sqs, f.DeadLetterURL), Lease: f.Hide},
		jobs: queue.New(aws.sqs, f.QueueURL),
	}
	if f.Bucket != "" {
		d.bucket = store.New(aws.s3, f.Bucket)
	}
	count, err := d.dead.Letters.Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("--dead-letter-url: %w", err)
	}
	d.printer = newPrinter(f, count, stdout, stderr)
	d.dead.Inspected = d.inspected
	return d, nil
}
