package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/worker/store"
)

// smokeCommand tests a deployment as its viewers use it.
type smokeCommand struct {
	URL           string           `arg:"" help:"The address of the pictures, such as https://d111111abcdef8.cloudfront.net." placeholder:"URL"`
	Bucket        string           `help:"The S3 bucket that holds the pictures." placeholder:"NAME"`
	ResizedPrefix calotype.Prefix  `help:"The prefix of the renditions' keys." default:"${prefix}"`
	Size          string           `env:"-" help:"The preset to view." default:"M"`
	Pending       string           `env:"-" help:"What the edge serves while a rendition does not exist." enum:"original,best,none" default:"original"`
	FunctionMode  bool             `env:"-" help:"The deployment is in the function mode, which gives fallback copies the state of renditions."`
	Events        bool             `env:"-" help:"The workers read the bucket's events, so replaced and deleted pictures are followed."`
	OnUpload      calotype.Variant `env:"-" help:"A rendition that the workers make at each upload." placeholder:"VARIANT"`
	CheckSource   bool             `env:"-" help:"The edge compares renditions with their sources."`
	Wait          time.Duration    `env:"-" help:"The maximum time to wait for a rendition. The very first task may take minutes to start." default:"3m"`
	JSON          bool             `name:"json" env:"-" help:"Print one JSON object per line, the last a summary."`
}

// Help is shown with the command's help.
func (smokeCommand) Help() string {
	return `Run it after a deployment, with credentials that may read, write and delete objects.
It puts pictures under smoke/, views them, and deletes them and their renditions at
the end, also after Ctrl-C. One of the pictures is broken, so one dead letter stays:
delete it with "calotype dlq purge". It exits with 1 if a check fails.`
}

func (c *smokeCommand) check() []error {
	errs := checkBucket(c.Bucket)
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		errs = append(errs, fmt.Errorf("%s: want an address such as https://d111111abcdef8.cloudfront.net", c.URL))
	}
	if c.Wait < time.Second {
		errs = append(errs, errors.New("--wait: want at least 1s"))
	}
	return errs
}

func (c *smokeCommand) run(ctx context.Context, stdout, _ io.Writer) error {
	aws, err := connect(ctx, 4)
	if err != nil {
		return err
	}
	if err := aws.find(ctx, zerolog.Nop(), c.Bucket, nil); err != nil {
		return err
	}
	s := &smoke{
		smokeCommand: c,
		bucket:       store.New(aws.s3, c.Bucket),
		report:       printer{stdout: stdout, json: c.JSON},
		folder:       "smoke/" + strings.ToLower(rand.Text()) + "/",
	}
	err = s.checks(ctx)
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return errors.Join(err, s.clean(clean))
}

// smoke is a run of the smoke test. All its pictures are in a folder of its own.
type smoke struct {
	*smokeCommand
	bucket *store.Bucket
	report printer
	folder string
	put    []string // The keys that were put.
	failed int
	passed int
}

// checkLine is the result of a check.
type checkLine struct {
	Kind  string `json:"kind"` // "check"
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

// smokeSummary is the last line.
type smokeSummary struct {
	Kind   string `json:"kind"` // "summary"
	Passed int    `json:"passed"`
	Failed int    `json:"failed"`
}

// checks runs every check that the flags ask for.
func (s *smoke) checks(ctx context.Context) error {
	kitty, broken := s.folder+"kitty.jpg", s.folder+"broken.jpg"
	for _, picture := range []struct {
		key  string
		body []byte
	}{{kitty, smokePicture(1600, 1200)}, {broken, []byte("This is not a picture.\n")}} {
		if err := s.upload(ctx, picture.key, picture.body); err != nil {
			return err
		}
	}
	view := s.viewOf(kitty)
	webp := view + "&to_webp=1"
	type check struct {
		name string
		run  func() error
	}
	list := []check{
		{"the first view is answered at once", func() error { return s.pending(ctx, webp) }},
		{"then the rendition exists", func() error { return s.eventually(ctx, webp, "rendition", "image/webp") }},
		{"it is a smaller WebP of the same shape", func() error { return s.isWebP(ctx, webp) }},
		{"an unknown size returns the original", func() error { return s.untouched(ctx, "/"+kitty+"?size=none-such&v=1") }},
		{"if size is repeated, the first one is used", func() error { return s.untouched(ctx, "/"+kitty+"?size=none-such&size="+url.QueryEscape(s.Size)) }},
		{"an escaped value counts as the same", func() error {
			return s.eventually(ctx, "/"+kitty+"?size="+escapeAll(s.Size)+"&to_webp=1", "rendition", "image/webp")
		}},
		{"a rendition's key is not served", func() error {
			return s.status(ctx, "/"+s.ResizedPrefix.RenditionKey(calotype.Variant{Preset: s.Size, Format: calotype.WebP}, kitty), 403, 404)
		}},
		{"a missing picture returns 403 or 404", func() error { return s.status(ctx, s.viewOf(s.folder+"missing.jpg"), 403, 404) }},
		{"the bucket's keys are not listed", func() error { return s.notListed(ctx) }},
		{"a broken picture becomes a fallback copy", func() error {
			return s.eventually(ctx, s.viewOf(broken), s.keptState(), "")
		}},
	}
	if strings.HasPrefix(s.URL, "https:") {
		list = append(list, check{"http is redirected to https", func() error { return s.redirects(ctx, view) }})
	}
	if s.OnUpload != (calotype.Variant{}) {
		list = append(list, check{"a rendition is made at the upload", func() error { return s.madeAtUpload(ctx) }})
	}
	if s.Events {
		list = append(list,
			check{"a replaced picture is rendered again", func() error { return s.replaced(ctx) }},
			check{"a deleted picture's renditions are deleted", func() error { return s.deleted(ctx) }})
	}
	if s.CheckSource {
		list = append(list, check{"a replaced picture is not served in its old version", func() error { return s.checksSource(ctx) }})
	}
	for _, check := range list {
		err := check.run()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		line := checkLine{"check", check.name, err == nil, ""}
		text := words("ok      %s", check.name)
		if err != nil {
			line.Error = plain(err)
			text = words("FAILED  %s: %s", check.name, line.Error)
			s.failed++
		} else {
			s.passed++
		}
		if err := s.report.line(line, text); err != nil {
			return err
		}
	}
	if err := s.report.line(smokeSummary{"summary", s.passed, s.failed}, words("%s passed, %d failed.", plural(s.passed, "check"), s.failed)); err != nil {
		return err
	}
	if s.failed > 0 {
		return fmt.Errorf("%d of %s failed", s.failed, plural(s.failed+s.passed, "check"))
	}
	return nil
}

// viewOf returns the path and query by which a viewer requests a picture in the preset.
func (s *smoke) viewOf(key string) string { return "/" + key + "?size=" + url.QueryEscape(s.Size) }

// upload puts an object and remembers to delete it.
func (s *smoke) upload(ctx context.Context, key string, body []byte) error {
	s.put = append(s.put, key)
	object, err := s.bucket.Head(ctx, key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err = s.bucket.Put(ctx, key, body, store.Object{ContentType: "image/jpeg"}, object.ETag)
	return err
}

// clean deletes the pictures, their renditions, and the records of failures.
func (s *smoke) clean(ctx context.Context) error {
	var errs []error
	for _, key := range s.put {
		session := sourceSession{
			sourceFlags: &sourceFlags{Key: key, Bucket: s.Bucket, ResizedPrefix: s.ResizedPrefix},
			bucket:      s.bucket, report: printer{stdout: io.Discard},
		}
		_, err := session.delete(ctx, key)
		errs = append(errs, err, session.deleteRenditions(ctx))
	}
	return errors.Join(errs...)
}

// smokePicture returns a JPEG whose colours depend on its size.
func smokePicture(width, height int) []byte {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.Set(x, y, color.RGBA{uint8(255 * x / width), uint8(255 * y / height), uint8(width), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 90}); err != nil {
		panic(err) // Writes to memory do not fail, and the size is valid.
	}
	return b.Bytes()
}

// escapeAll escapes every byte of a parameter's value.
func escapeAll(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
