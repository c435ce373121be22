package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/queue"
	"calotype/worker/deadletter"
	"calotype/worker/store"
)

type explainCommand struct {
	What          string          `arg:"" name:"url-or-key" help:"A URL or path as a viewer requests it, the key of a picture, or the key of a rendition." placeholder:"URL-OR-KEY"`
	Bucket        string          `help:"The S3 bucket that holds the pictures." placeholder:"NAME"`
	DeadLetterURL string          `name:"dead-letter-url" help:"The SQS queue for dead letters, to search for this picture's." placeholder:"URL"`
	Hide          time.Duration   `help:"How long dead letters stay hidden from others if this is killed." default:"2m"`
	ResizedPrefix calotype.Prefix `help:"The prefix of the renditions' keys." default:"${prefix}"`
	Presets       presetsFile     `help:"A JSON file of presets, as the edge has it." placeholder:"FILE"`
	Quality       int             `help:"The current quality of renditions, 1 to 100." default:"${quality}"`
	Encoder       string          `env:"-" help:"The current encoder, as workers record it, or \"any\". The default is this machine's decoder." placeholder:"NAME"`
	decoderFlags
	CheckSource bool             `help:"The edge compares each rendition with its source."`
	Pending     edge.Pending     `help:"What the edge serves while a rendition does not exist: original, best or none." default:"original"`
	Widths      bool             `help:"The parameters w and dpr count, as at the edge."`
	Auto        edge.AutoFormats `help:"The formats of format=auto, as the edge has them." placeholder:"FORMATS"`
	Accept      string           `env:"-" help:"The Accept header of the viewer, for format=auto." default:"image/avif,image/webp,*/*" placeholder:"HEADER"`
	JSON        bool             `name:"json" env:"-" help:"Print it as a JSON object."`
}

// Help is shown with the command's help.
func (explainCommand) Help() string {
	return `It shows which variant is requested, its key, whether the rendition exists, the version
and recipe that it was made from, what the edge serves, and why a job was dead-lettered.
It changes nothing. Dead letters, if they are inspected, are hidden from others meanwhile.`
}

func (c *explainCommand) check() []error {
	errs := checkBucket(c.Bucket)
	if c.DeadLetterURL != "" {
		errs = append(errs, checkQueueURL("dead-letter-url", c.DeadLetterURL, "the SQS queue for dead letters")...)
	}
	errs = append(errs, between("quality", c.Quality, 1, 100)...)
	if _, err := c.request(); err != nil {
		errs = append(errs, err)
	}
	return append(errs, between("hide", c.Hide, 10*time.Second, 12*time.Hour)...)
}

// request parses the argument as a viewer's request. A key means its picture; a rendition's
// key means that rendition.
func (c *explainCommand) request() (edge.Request, error) {
	if strings.HasPrefix(c.What, "http://") || strings.HasPrefix(c.What, "https://") || strings.HasPrefix(c.What, "/") {
		u, err := url.Parse(c.What)
		if err != nil {
			return edge.Request{}, fmt.Errorf("%q is not a URL: %w", c.What, err)
		}
		return edge.Request{Method: "GET", Path: u.EscapedPath(), Query: u.RawQuery}, nil
	}
	key := c.What
	if rest, ok := strings.CutPrefix(key, "s3://"); ok {
		if key, ok = strings.CutPrefix(rest, c.Bucket+"/"); !ok {
			return edge.Request{}, fmt.Errorf("%q is not in the bucket %q: name another with --bucket", c.What, c.Bucket)
		}
	}
	if v, source, err := c.ResizedPrefix.ParseRenditionKey(key); err == nil {
		return edge.RequestFor(source, v), nil
	}
	if err := calotype.CheckKey(key); err != nil {
		return edge.Request{}, err
	}
	return edge.RequestFor(key, calotype.Variant{}), nil
}

func (c *explainCommand) run(ctx context.Context, stdout, _ io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	waitEncoder := c.startEncoder(ctx, c.Encoder)
	aws, err := connect(ctx, 16)
	if err != nil {
		return err
	}
	queues := map[string]string{}
	if c.DeadLetterURL != "" {
		queues["dead-letter-url"] = c.DeadLetterURL
	}
	if err := aws.find(ctx, zerolog.Nop(), c.Bucket, queues); err != nil {
		return err
	}
	request, err := c.request()
	if err != nil {
		return err
	}
	request.Accept = c.Accept
	encoder, err := waitEncoder()
	if err != nil {
		return err
	}
	rules := edge.Rules{Presets: c.Presets.orDefault(), Prefix: c.ResizedPrefix, CheckSource: c.CheckSource, Pending: c.Pending, Auto: c.Auto, Widths: c.Widths}
	x := explainer{explainCommand: c, rules: rules, bucket: store.New(aws.s3, c.Bucket), madeBy: encoder}
	e, err := x.explain(ctx, request)
	if err != nil {
		return err
	}
	if c.DeadLetterURL != "" && e.Source != nil {
		letters := deadletter.Queue{Letters: queue.New(aws.sqs, c.DeadLetterURL), Lease: c.Hide}
		_, err := letters.List(ctx, deadletter.Filter{Which: []string{e.Source.Key}}, func(l deadletter.Letter) {
			e.DeadLetters = append(e.DeadLetters, describe(l))
		})
		if err != nil {
			return err
		}
		e.lookedForLetters = true
	}
	if c.JSON {
		return json.NewEncoder(stdout).Encode(e)
	}
	_, err = fmt.Fprint(stdout, e)
	return err
}

// explainer inspects the objects in the bucket.
type explainer struct {
	madeBy string // The encoder that renditions are compared with; "" accepts any.
	*explainCommand
	rules  edge.Rules
	bucket *store.Bucket
}

func (x explainer) explain(ctx context.Context, r edge.Request) (*explanation, error) {
	d := x.rules.Decide(r)
	e := &explanation{Asked: x.What, Renditions: []explainedRendition{}}
	if d.Verdict == edge.NotFound {
		e.Edge = edgeResponse{Status: 404, Why: "objects under " + string(x.ResizedPrefix) + "/ are not served by name"}
		return e, nil
	}
	if d.Source == "" {
		e.Edge = edgeResponse{Status: 404, Why: "the path names no key"}
		return e, nil
	}
	source, err := x.bucket.Head(ctx, d.Source)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	e.Source = &explainedSource{Key: d.Source, There: err == nil, ETag: calotype.TrimETag(source.ETag), Bytes: source.Size, Modified: source.Modified, ContentType: source.ContentType, observed: observe(source, err)}

	variants := []calotype.Variant{d.Variant}
	if d.Verdict != edge.Resize {
		if variants, err = x.bucket.Variants(ctx, x.ResizedPrefix); err != nil {
			return nil, err
		}
	}
	for _, v := range variants {
		r, err := x.rendition(ctx, v, d.Source, e.Source.observed)
		if err != nil {
			return nil, err
		}
		if r.There || d.Verdict == edge.Resize {
			e.Renditions = append(e.Renditions, r)
		}
	}
	if d.Verdict != edge.Resize {
		e.Edge = x.untouched(r, d, e)
		return e, nil
	}
	resolution := x.rules.Resolve(d, e.Renditions[0].observed, e.Source.observed)
	if resolution.Serve == edge.InspectNearest {
		var observed []edge.Observation
		for _, v := range x.rules.Nearest(d) {
			r, err := x.rendition(ctx, v, d.Source, e.Source.observed)
			if err != nil {
				return nil, err
			}
			observed, e.Renditions = append(observed, r.observed), append(e.Renditions, r)
		}
		resolution = x.rules.Resolve(d, e.Renditions[0].observed, e.Source.observed, observed...)
	}
	e.Edge = describeResponse(resolution, e)
	return e, nil
}

func (x explainer) rendition(ctx context.Context, v calotype.Variant, source string, observed edge.Observation) (explainedRendition, error) {
	r := explainedRendition{Variant: v, Key: x.ResizedPrefix.RenditionKey(v, source)}
	o, err := x.bucket.Head(ctx, r.Key)
	r.observed = observe(o, err)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	l := calotype.ParseLineage(o.Metadata)
	preset, _ := x.rules.Presets.Lookup(v.Preset)
	r.There, r.Bytes, r.Modified, r.ContentType, r.CacheControl = true, o.Size, o.Modified, o.ContentType, o.CacheControl
	r.Kept, r.SourceETag, r.Damaged = l.CopyReason, l.SourceETag, l.Damaged
	if l.Size != (calotype.Box{}) {
		r.Size = l.Size.String()
	}
	r.Boxes, r.Quality, r.Format, r.Encoder = l.Recipe.Boxes, l.Recipe.Quality, l.Recipe.Format, l.Recipe.Encoder
	target := calotype.Target{SourceETag: observed.ETag, Preset: preset, Focal: observed.Focal}
	r.Current = l.Staleness(target) == calotype.Current
	target.Quality, target.Encoder = x.Quality, x.madeBy
	r.Stale = l.Staleness(target)
	return r, nil
}

// describeResponse describes the edge's resolution.
func describeResponse(a edge.Resolution, e *explanation) edgeResponse {
	switch a.Serve {
	case edge.ServeRendition:
		return edgeResponse{Status: 200, State: a.State, CacheControl: e.Renditions[0].CacheControl, Why: a.Why}
	case edge.ServeSource, edge.ServeNearest:
		return edgeResponse{Status: 200, State: a.State, CacheControl: a.CacheControl, Enqueues: a.Enqueue, Why: a.Why}
	}
	return edgeResponse{Status: 404, State: a.State, Enqueues: a.Enqueue, Why: a.Why}
}

// observe translates the result of a HEAD.
func observe(o store.Object, err error) edge.Observation {
	switch {
	case err == nil:
		focal, _ := calotype.FocalOf(o.Metadata)
		return edge.Observation{Status: edge.Found, ETag: o.ETag, Lineage: calotype.ParseLineage(o.Metadata), Focal: focal}
	case errors.Is(err, fs.ErrNotExist):
		return edge.Observation{Status: edge.Missing}
	case errors.Is(err, fs.ErrPermission):
		return edge.Observation{Status: edge.Denied}
	}
	return edge.Observation{Status: edge.Unknown}
}

func (x explainer) untouched(r edge.Request, d edge.Decision, e *explanation) edgeResponse {
	resolution := x.rules.Resolve(d, edge.Observation{}, edge.Observation{Status: edge.Found})
	if resolution.Serve == edge.ServeNotFound {
		return edgeResponse{Status: 404, Why: resolution.Why}
	}
	a := edgeResponse{Status: 200, State: resolution.State}
	_, isPicture := calotype.FormatOfKey(d.Source)
	switch {
	case !e.Source.There && strings.Contains(d.Source, "?"):
		return edgeResponse{Status: 404, Why: "the object does not exist; a path with a query must begin with /"}
	case !e.Source.There:
		return edgeResponse{Status: 404, Why: "the object does not exist"}
	case !isPicture:
		a.Why = "the key has no image file extension; calotype edge answers 404"
	case a.State == edge.StateUnknownFormat:
		a.Why = "the format is unknown; formats are " + calotype.FormatList("and")
	case slices.ContainsFunc(strings.Split(r.Query, "&"), func(p string) bool { return strings.HasPrefix(p, "size=") }):
		a.Why = "the size is unknown; sizes are " + presetNames(x.rules.Presets)
	default:
		a.Why = "no size is requested"
	}
	return a
}
