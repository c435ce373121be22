package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"text/tabwriter"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/queue"
	"calotype/worker/store"
)

type infoCommand struct {
	Key           string          `arg:"" help:"The key of the source, such as cats/kitty.jpg." placeholder:"KEY"`
	Bucket        string          `help:"The S3 bucket that holds the pictures." placeholder:"NAME"`
	ResizedPrefix calotype.Prefix `help:"The prefix of the renditions' keys." default:"${prefix}"`
	Presets       presetsFile     `help:"A JSON file of presets, as the edge has it." placeholder:"FILE"`
	QueueURL      string          `name:"queue-url" env:"-" help:"The SQS queue for jobs: if the description does not exist or is old, a job for it is sent." placeholder:"URL"`
	JSON          bool            `name:"json" env:"-" help:"Print the edge's response to info=1."`
}

// Help is shown with the command's help.
func (infoCommand) Help() string {
	return `It shows what is known of a picture: its size, type and frames, its ThumbHash and main
colour, its focal point, and the size and URL of each preset. A worker with --info stores
that for each picture that it decodes; others do if a request asks for it.`
}

func (c *infoCommand) check() []error {
	errs := checkBucket(c.Bucket)
	if c.QueueURL != "" {
		errs = append(errs, checkQueueURL("queue-url", c.QueueURL, "the SQS queue for jobs")...)
	}
	if err := c.ResizedPrefix.CheckSource(c.Key); err != nil {
		errs = append(errs, err)
	}
	return errs
}

func (c *infoCommand) run(ctx context.Context, stdout, _ io.Writer) error {
	aws, err := connect(ctx, 16)
	if err != nil {
		return err
	}
	queues := map[string]string{}
	if c.QueueURL != "" {
		queues["queue-url"] = c.QueueURL
	}
	if err := aws.find(ctx, zerolog.Nop(), c.Bucket, queues); err != nil {
		return err
	}
	info, err := c.read(ctx, store.New(aws.s3, c.Bucket))
	if err != nil {
		return err
	}
	sent := info.State == calotype.InfoPending && c.QueueURL != ""
	if sent {
		job := calotype.Job{Source: c.Key, Info: true}
		if err := queue.New(aws.sqs, c.QueueURL).Send(ctx, job.Encode(), 0); err != nil {
			return err
		}
	}
	info = info.WithPresets(c.Presets.orDefault(), edge.InfoURL(c.Key))
	if c.JSON {
		_, err = stdout.Write(info.Text())
		return err
	}
	return c.print(stdout, info, sent)
}

// read returns what is stored, or what is known of a source without it.
func (c *infoCommand) read(ctx context.Context, bucket *store.Bucket) (calotype.Info, error) {
	source, err := bucket.Head(ctx, c.Key)
	if err != nil {
		return calotype.Info{}, err
	}
	observed := observe(source, nil)
	pending := edge.PendingInfo(c.Key, source.Size, observed)
	key, ok := c.ResizedPrefix.InfoKey(c.Key)
	if !ok {
		return pending, errors.New("the key is too long for a description")
	}
	body, object, err := bucket.Get(ctx, key, calotype.MaxInfo)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrTooLarge) {
		return pending, nil
	} else if err != nil {
		return pending, err
	}
	info, err := calotype.ParseInfo(body)
	if err != nil || calotype.ParseLineage(object.Metadata).InfoStaleness(source.ETag, observed.Focal) != calotype.Current {
		return pending, nil // A job replaces what is stored.
	}
	return info, nil
}

// print prints the description for people.
func (c *infoCommand) print(stdout io.Writer, i calotype.Info, sent bool) error {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { _, _ = show(w, name+"\t"+format+"\n", args...) }
	state := string(i.State)
	switch {
	case i.Reason != "":
		state += ": " + i.Reason
	case sent:
		state += ": a job was sent"
	case i.State == calotype.InfoPending:
		state += ": the picture has not been decoded, or was replaced since; --queue-url sends a job"
	}
	line("Source", "%s", i.Source)
	line("State", "%s", state)
	line("Version", "%s", i.ETag)
	line("File", "%s", strings.TrimPrefix(i.Type+", ", ", ")+fileSize(i.Bytes))
	if i.Width > 0 {
		frames := ""
		if i.Frames > 1 {
			frames = ", " + plural(i.Frames, "frame")
		}
		line("Size", "%dx%d%s", i.Width, i.Height, frames)
	}
	if len(i.ThumbHash) > 0 {
		line("ThumbHash", "%s", base64.StdEncoding.EncodeToString(i.ThumbHash))
	}
	if i.Colour != "" {
		line("Main colour", "%s", i.Colour)
	}
	if i.Focal != nil {
		line("Focal point", "%v,%v", i.Focal.X, i.Focal.Y)
	}
	for n, p := range c.Presets.orDefault() {
		name, shown := "", i.Presets[p.Name]
		if n == 0 {
			name = "Presets"
		}
		size := ""
		if shown.Width > 0 {
			size = fmt.Sprintf("%dx%d", shown.Width, shown.Height)
		}
		line(name, "%s\t%s\t%s", p.Name, size, shown.URL)
	}
	_ = w.Flush() // Writes to memory cannot fail.
	_, err := io.WriteString(stdout, b.String())
	return err
}
