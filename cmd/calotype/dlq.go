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

// dlqCommands are what the person on call does with jobs that were given up. What
// they do is in package deadletter; here are flags and words.
type dlqCommands struct {
	List   dlqListCommand   `cmd:"" help:"Count dead letters by reason."`
	Show   dlqShowCommand   `cmd:"" help:"Print dead letters in full."`
	Replay dlqReplayCommand `cmd:"" help:"Send jobs that were given up to the workers once more: each is received, sent, and then deleted."`
	Purge  dlqPurgeCommand  `cmd:"" help:"Delete dead letters for ever."`
}

type dlqFlags struct {
	Bucket        string        `help:"The S3 bucket that holds the pictures: show looks at the source there." placeholder:"NAME"`
	QueueURL      string        `name:"queue-url" help:"The SQS queue for jobs: replay sends there." placeholder:"URL"`
	DeadLetterURL string        `name:"dead-letter-url" help:"The SQS queue for jobs that are given up." placeholder:"URL"`
	Hide          time.Duration `help:"For how long dead letters stay hidden from others if this is killed." default:"2m"`
	JSON          bool          `name:"json" env:"-" help:"Print a JSON object a line; docs/dead-letters.md names the fields."`
	Reason        []string      `env:"-" help:"Only dead letters of these reasons, as list names them." placeholder:"CLASS"`
	Prefix        string        `env:"-" help:"Only dead letters whose source's key begins so." placeholder:"KEY"`
	Which         []string      `arg:"" optional:"" help:"Only dead letters of these source keys or message IDs."`
}

// Help is what the help of every verb says.
func (dlqFlags) Help() string {
	return "SQS shows messages only to those who receive them. So while this runs, nobody else can receive the dead letters that it looks at; " +
		"at its end it gives back what is left at once, and if it is killed, they come back after --hide."
}

func (f dlqFlags) check() []error {
	errs := checkQueueURL("dead-letter-url", f.DeadLetterURL, "the SQS queue for jobs that are given up")
	if f.DeadLetterURL != "" && f.DeadLetterURL == f.QueueURL {
		errs = append(errs, errors.New("--dead-letter-url is the same as --queue-url: these are the jobs that wait, not those that were given up"))
	}
	return append(errs, between("hide", f.Hide, 10*time.Second, 12*time.Hour)...)
}

// checkChosen wants all to be asked for by name where it cannot be taken back.
func (f dlqFlags) checkChosen(all bool) []error {
	chosen := len(f.Reason) > 0 || f.Prefix != "" || len(f.Which) > 0
	switch {
	case all && chosen:
		return []error{errors.New("--all goes with neither --reason nor --prefix nor keys: leave one of them out")}
	case !all && !chosen:
		return []error{errors.New("say which dead letters: --reason CLASS, --prefix KEY, source keys or message IDs, or --all")}
	}
	return nil
}

func (f dlqFlags) filter() deadletter.Filter {
	return deadletter.Filter{Which: f.Which, Classes: f.Reason, Prefix: f.Prefix}
}

// desk is what the verbs work with.
type desk struct {
	dead   deadletter.Queue
	jobs   *queue.Queue  // Where --queue-url is given.
	bucket *store.Bucket // Where --bucket is given.
	*account
}

// open finds the queues, and begins to account for what is done with the letters.
func (f dlqFlags) open(ctx context.Context, stdout, stderr io.Writer) (*desk, error) {
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
	d := &desk{
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
	d.account = openAccount(f, count, stdout, stderr)
	d.dead.Looked = d.looked
	return d, nil
}
