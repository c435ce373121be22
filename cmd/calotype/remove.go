package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"calotype"
	"calotype/queue"
	"calotype/worker/invalidate"
	"calotype/worker/store"
)

// sourceFlags are the flags of commands that act on all renditions of one source.
type sourceFlags struct {
	Key               string          `arg:"" help:"The key of the source, such as cats/kitty.jpg." placeholder:"KEY"`
	Bucket            string          `help:"The S3 bucket that holds the pictures." placeholder:"NAME"`
	ResizedPrefix     calotype.Prefix `help:"The prefix of the renditions' keys." default:"${prefix}"`
	PurgeDistribution string          `help:"The CloudFront distribution to invalidate the picture in; none if empty." placeholder:"ID"`
	PurgeByTag        bool            `help:"Invalidate the picture by its cache tag instead of its path."`
	PurgeOriginPath   string          `help:"The origin path of the distribution, if it has one." placeholder:"PATH"`
	DryRun            bool            `env:"-" help:"Print what would be done, and change nothing."`
	JSON              bool            `name:"json" env:"-" help:"Print one JSON object per line, the last a summary."`
}

func (f *sourceFlags) check() []error {
	errs := checkBucket(f.Bucket)
	if err := calotype.CheckKey(f.Key); err != nil {
		errs = append(errs, err)
	} else if strings.HasPrefix(f.Key, string(f.ResizedPrefix)+"/") {
		errs = append(errs, fmt.Errorf("%s: this is the key of a rendition; name its source", f.Key))
	}
	return append(errs, checkDistribution(f.PurgeDistribution)...)
}

type removeCommand struct {
	sourceFlags
	Source bool `env:"-" help:"Delete the source too. Otherwise the next view makes renditions of it again."`
	Yes    bool `env:"-" help:"Do not ask before the source is deleted. Required if standard input is not a terminal."`
}

// Help is shown with the command's help.
func (removeCommand) Help() string {
	return `It deletes all renditions of one source and invalidates the picture at CloudFront.
For a takedown use --source: it deletes the source first, so that nothing can be
rendered from it any more. In a bucket with versioning, older versions stay.`
}

func (c *removeCommand) check() []error {
	errs := c.sourceFlags.check()
	if c.Source && !c.Yes && !c.DryRun && !term.IsTerminal(int(os.Stdin.Fd())) {
		errs = append(errs, errors.New("--yes is missing: standard input is not a terminal, so the command cannot ask"))
	}
	return errs
}

func (c *removeCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	s, err := c.open(ctx, stdout, nil)
	if err != nil {
		return err
	}
	if c.Source && !c.Yes && !c.DryRun {
		yes, err := confirm(ctx, os.Stdin, stderr, words("Permanently delete %s and its renditions? [y/N] ", c.Key))
		if err != nil || !yes {
			return err
		}
	}
	if c.Source {
		if s.sourceDeleted, err = s.delete(ctx, c.Key); err != nil {
			return err
		}
	}
	if err := s.deleteRenditions(ctx); err != nil {
		return err
	}
	if err := s.invalidate(ctx); err != nil {
		return err
	}
	return s.end(ctx)
}

type againCommand struct {
	sourceFlags
	QueueURL string             `name:"queue-url" help:"The SQS queue for jobs." placeholder:"URL"`
	Variants []calotype.Variant `env:"-" help:"Renditions to make in addition to those that exist, such as S.webp,M." placeholder:"VARIANT"`
}

// Help is shown with the command's help.
func (againCommand) Help() string {
	return `It deletes all renditions of one source, including fallback copies, sends one job that makes
them again, and invalidates the picture at CloudFront. Until the job is done, viewers
get the source.`
}

func (c *againCommand) check() []error {
	return append(c.sourceFlags.check(), checkQueueURL("queue-url", c.QueueURL, "the SQS queue for jobs")...)
}

func (c *againCommand) run(ctx context.Context, stdout, _ io.Writer) error {
	s, err := c.open(ctx, stdout, map[string]string{"queue-url": c.QueueURL})
	if err != nil {
		return err
	}
	if _, err := s.bucket.Head(ctx, c.Key); err != nil {
		return err
	}
	if err := s.deleteRenditions(ctx); err != nil {
		return err
	}
	job := calotype.Job{Source: c.Key, Variants: append(s.deleted, c.Variants...), Exact: true, Again: true, Info: s.infoDeleted}
	if len(job.Variants) > 0 || job.Info {
		s.enqueued = 1
		if !c.DryRun {
			if err := queue.New(s.aws.sqs, c.QueueURL).Send(ctx, job.Encode(), 0); err != nil {
				return err
			}
		}
	}
	if err := s.invalidate(ctx); err != nil {
		return err
	}
	return s.end(ctx)
}

// sourceSession acts on one source and its renditions, and reports what it did.
type sourceSession struct {
	*sourceFlags
	aws    clients
	bucket *store.Bucket
	report printer

	deleted            []calotype.Variant
	sourceDeleted      bool
	infoDeleted        bool
	enqueued           int
	path, invalidation string
}

func (f *sourceFlags) open(ctx context.Context, stdout io.Writer, queues map[string]string) (*sourceSession, error) {
	aws, err := connect(ctx, 16)
	if err != nil {
		return nil, err
	}
	if err := aws.find(ctx, zerolog.Nop(), f.Bucket, queues); err != nil {
		return nil, err
	}
	return &sourceSession{sourceFlags: f, aws: aws, bucket: store.New(aws.s3, f.Bucket), report: printer{stdout: stdout, json: f.JSON}}, nil
}

// objectLine is an object that was deleted, or would be with --dry-run.
type objectLine struct {
	Kind   string `json:"kind"` // "deleted"
	Key    string `json:"key"`
	Bytes  int64  `json:"bytes"`
	DryRun bool   `json:"dry_run,omitempty"`
}

// sourceSummary is the last line.
type sourceSummary struct {
	Kind          string `json:"kind"` // "summary"
	Source        string `json:"source"`
	SourceDeleted bool   `json:"source_deleted"`
	Renditions    int    `json:"renditions"`
	Enqueued      int    `json:"enqueued"`
	Path          string `json:"path,omitempty"`
	Invalidation  string `json:"invalidation,omitempty"`
	DryRun        bool   `json:"dry_run,omitempty"`
}

// deleteRenditions deletes the renditions of the source, its description, and the record of
// a failure.
func (s *sourceSession) deleteRenditions(ctx context.Context) error {
	variants, err := s.bucket.Variants(ctx, s.ResizedPrefix)
	if err != nil {
		return err
	}
	for _, v := range variants {
		key := s.ResizedPrefix.RenditionKey(v, s.Key)
		if calotype.CheckKey(key) != nil {
			continue // Too long for S3.
		}
		deleted, err := s.delete(ctx, key)
		if err != nil {
			return err
		}
		if deleted {
			s.deleted = append(s.deleted, v)
		}
	}
	if key, ok := s.ResizedPrefix.InfoKey(s.Key); ok {
		if s.infoDeleted, err = s.delete(ctx, key); err != nil {
			return err
		}
	}
	if key, ok := s.ResizedPrefix.FailureKey(s.Key); ok {
		_, err = s.delete(ctx, key)
	}
	return err
}

// maxTries bounds how often the deletion of an object is tried while workers replace it.
const maxTries = 5

// delete deletes an object, whatever its version, and reports whether it existed.
func (s *sourceSession) delete(ctx context.Context, key string) (bool, error) {
	for try := 1; ; try++ {
		object, err := s.bucket.Head(ctx, key)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		text := words("deleted: %s", key)
		if s.DryRun {
			text = words("would be deleted: %s", key)
		} else if err := s.bucket.Delete(ctx, key, object.ETag); errors.Is(err, store.ErrConflict) && try < maxTries {
			continue
		} else if err != nil {
			return false, err
		}
		return true, s.report.line(objectLine{"deleted", key, object.Size, s.DryRun}, text)
	}
}

// invalidate invalidates the picture at CloudFront, if a distribution is given.
func (s *sourceSession) invalidate(ctx context.Context) (err error) {
	if s.PurgeDistribution == "" {
		return nil
	}
	path, served := invalidate.Path(strings.Trim(s.PurgeOriginPath, "/"), s.PurgeByTag, s.Key)
	if !served {
		return nil
	}
	s.path = path
	if s.DryRun {
		return nil
	}
	s.invalidation, err = invalidate.Once(ctx, s.aws.cloudfront(), s.PurgeDistribution, path)
	return err
}

func (s *sourceSession) end(ctx context.Context) error {
	did := "Deleted"
	if s.DryRun {
		did = "Would delete"
	}
	text := words("%s %s of %s", did, plural(len(s.deleted), "rendition"), s.Key)
	if s.sourceDeleted {
		text += ", and the source itself"
	}
	if s.enqueued > 0 {
		text += map[bool]string{false: "; sent a job", true: "; would send a job"}[s.DryRun]
	}
	if s.path != "" {
		text += words("%s %s at CloudFront", map[bool]string{false: "; invalidated", true: "; would invalidate"}[s.DryRun], s.path)
	}
	text += "."
	if _, err := s.bucket.Head(ctx, s.Key); err == nil && s.enqueued == 0 && !s.sourceDeleted {
		text += "\nThe source still exists, so the next view renders it again; calotype remove --source deletes it."
	}
	return s.report.line(sourceSummary{"summary", s.Key, s.sourceDeleted, len(s.deleted), s.enqueued, s.path, s.invalidation, s.DryRun}, text)
}
