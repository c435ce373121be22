package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/worker/decoder"
	"calotype/worker/render"
)

// renderCommand runs the engine on files, without S3 or a queue. renderfile.go handles one
// file.
type renderCommand struct {
	Files       []string           `arg:"" name:"file" help:"The pictures."`
	Variants    []calotype.Variant `help:"The variants to make of each file, such as M,M.webp: a preset, or a preset with webp, avif, jxl, jpeg or png." placeholder:"LIST"`
	All         bool               `help:"Make every preset, in the picture's own format and as WebP."`
	Out         string             `help:"The folder to write to: DIR/{variant}/{file name}." placeholder:"DIR"`
	Presets     presetsFile        `help:"A JSON file of presets, such as {\"M\": \"1200x628\"}, instead of the eight that are built in." placeholder:"FILE"`
	Quality     int                `help:"The quality of renditions, 1 to 100." default:"${quality}"`
	Concurrency int                `help:"The number of concurrent files. The default is one per CPU." default:"${concurrency}"`
	Focal       []focalPoint       `sep:"none" help:"The focal point of all files, such as 0.3,0.7, or of one, such as kitty.jpg=0.3,0.7, for presets with that gravity. It may be given several times. In a bucket it is a picture's metadata." placeholder:"[FILE=]X,Y"`
	Contact     string             `help:"Write a page that shows all renditions of all files." placeholder:"FILE"`
	JSON        bool               `name:"json" help:"Print one line of JSON for each file."`
	limitFlags
	poolFlags
	Memory    size `help:"The memory that decoding one picture may use. The default is half of the machine's, or most of the cgroup's limit." placeholder:"SIZE"`
	InProcess bool `help:"Decode in this process, without a sandbox or a memory limit; --max-time is checked between steps only. Only in builds with cgo."`

	engine decoder.Engine
}

func (c *renderCommand) check() []error {
	var errs []error
	if c.Out == "" {
		errs = append(errs, errors.New("--out is missing: name the folder to write to"))
	}
	switch {
	case c.All && len(c.Variants) > 0:
		errs = append(errs, errors.New("--all and --variants: give one of them"))
	case !c.All && len(c.Variants) == 0:
		errs = append(errs, errors.New("--variants is missing: name the variants, such as M,M.webp, or give --all"))
	}
	for _, v := range c.Variants {
		if _, ok := c.Presets.orDefault().Lookup(v.Preset); !ok && !c.Presets.unread {
			errs = append(errs, fmt.Errorf("--variants %s: there is no preset %q; there are %s", v, v.Preset, presetNames(c.Presets.orDefault())))
		}
	}
	errs = append(errs, c.clashes()...)
	errs = append(errs, c.checkFocal()...)
	if info, err := os.Stat(filepath.Dir(c.Contact)); c.Contact != "" && (err != nil || !info.IsDir()) {
		errs = append(errs, fmt.Errorf("--contact %s: there is no folder %s", c.Contact, filepath.Dir(c.Contact)))
	}
	errs = append(errs, between("quality", c.Quality, 1, 100)...)
	errs = append(errs, between("concurrency", c.Concurrency, 1, 1024)...)
	errs = append(errs, c.limitFlags.check()...)
	return append(errs, c.poolFlags.check()...)
}

// clashes finds files that would overwrite each other, or themselves.
func (c *renderCommand) clashes() (errs []error) {
	read, written := map[string]bool{}, map[string]string{}
	for _, file := range c.Files {
		if path, err := filepath.Abs(file); err == nil {
			read[path] = true
		}
	}
	for _, file := range c.Files {
		if other, twice := written[filepath.Base(file)]; twice {
			errs = append(errs, fmt.Errorf("%s and %s would be written to the same files", other, file))
		}
		written[filepath.Base(file)] = file
		for _, v := range c.variants() {
			if path, err := filepath.Abs(c.path(v, file)); err == nil && read[path] {
				errs = append(errs, fmt.Errorf("%s would be overwritten: choose another --out", path))
			}
		}
	}
	return errs
}

// variants returns what is made of each file, without duplicates.
func (c *renderCommand) variants() (variants []calotype.Variant) {
	if c.All {
		for _, preset := range c.Presets.orDefault() {
			variants = append(variants, calotype.Variant{Preset: preset.Name}, calotype.Variant{Preset: preset.Name, Format: calotype.WebP})
		}
		return c.Presets.orDefault().Variants(variants, "")
	}
	known := map[calotype.Variant]bool{}
	for _, v := range c.Variants {
		if !known[v] {
			known[v] = true
			variants = append(variants, v)
		}
	}
	return variants
}

func (c *renderCommand) path(v calotype.Variant, file string) string {
	return filepath.Join(c.Out, v.String(), filepath.Base(file))
}

func (c *renderCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	end, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer end()
	for _, v := range c.variants() {
		if err := os.MkdirAll(filepath.Join(c.Out, v.String()), 0o777); err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
	}
	out := newOutcomes(c.JSON, len(c.Files), stdout, stderr)
	sheet := contactSheet{path: c.Contact}
	var g errgroup.Group
	g.SetLimit(c.Concurrency)
	for _, file := range c.Files {
		g.Go(func() error {
			if ctx.Err() == nil {
				report := c.renderFile(ctx, file)
				sheet.add(report)
				return out.add(report)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return errors.Join(out.end(ctx), sheet.write(c.Files))
}

// start starts the engine.
func (c *renderCommand) start(ctx context.Context) (end func(), err error) {
	if c.InProcess {
		render.UseWebPEffort(c.WebPEffort)
		c.engine = decoder.InProcess{}
		return func() {}, render.Start()
	}
	pool, err := c.pool(context.WithoutCancel(ctx), c.Concurrency, c.MaxTime, zerolog.Nop()) // An interrupt is reported for the files.
	if err != nil {
		return nil, err
	}
	c.engine = pool
	return pool.Close, nil
}

// outcomes reports the result of each file.
type outcomes struct {
	mu             sync.Mutex
	json           bool
	stdout, stderr io.Writer
	bar            *progressbar.ProgressBar // Nil if standard error is not a terminal.
	start          time.Time
	files          int
	done, failed   int
	written        int64
}

func newOutcomes(json bool, files int, stdout, stderr io.Writer) *outcomes {
	o := &outcomes{json: json, stdout: stdout, stderr: stderr, start: time.Now(), files: files}
	if isTerminal(stderr) {
		o.bar = progressbar.NewOptions(files, progressbar.OptionSetWriter(stderr), progressbar.OptionShowCount(),
			progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
	}
	return o
}

// add reports one file.
func (o *outcomes) add(r fileReport) (err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bar != nil {
		_ = o.bar.Clear() // Printed lines would appear behind the bar.
		defer func() { _ = o.bar.Add(1) }()
	}
	o.done++
	for _, rendition := range r.Renditions {
		o.written += rendition.Bytes
	}
	if r.Error != "" {
		o.failed++
		_, _ = show(o.stderr, "calotype render: %s: %s\n", r.File, r.Error)
	}
	switch {
	case o.json:
		err = json.NewEncoder(o.stdout).Encode(r)
	case r.Error == "":
		damaged := ""
		if r.damaged() {
			damaged = "damaged "
		}
		_, err = show(o.stdout, "%s: %s%s of %dx%d, %d bytes: %s, %d bytes, %d ms\n",
			r.File, damaged, r.Format, r.Width, r.Height, r.Bytes, plural(len(r.Renditions), "rendition"), r.renditionBytes(), r.Milliseconds)
	}
	return err
}

// end prints a summary. Its error names what was not done.
func (o *outcomes) end(ctx context.Context) error {
	if o.bar != nil {
		_ = o.bar.Exit()
		fmt.Fprintf(o.stderr, "%d of %s, %s written in %v\n", o.done-o.failed, plural(o.files, "file"), fileSize(o.written), time.Since(o.start).Round(100*time.Millisecond))
	}
	var errs []error
	if ctx.Err() != nil {
		errs = append(errs, fmt.Errorf("interrupted: %d of %d files were not started", o.files-o.done, o.files))
	}
	if o.failed > 0 {
		errs = append(errs, fmt.Errorf("%d of %s failed", o.failed, plural(o.files, "file")))
	}
	return errors.Join(errs...)
}
