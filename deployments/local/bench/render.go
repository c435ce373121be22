package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/worker/decoder"
	"calotype/worker/render"
)

// order is a list of renditions to make, in the form that every tool gets.
type order struct {
	AtOnce     int   `json:"atOnce"`
	WebPEffort int   `json:"webpEffort"`
	Jobs       []job `json:"jobs"`
}

// job is one rendition.
type job struct {
	In      string          `json:"in"`
	Out     string          `json:"out"`
	Width   int             `json:"width"`
	Height  int             `json:"height"`
	Format  calotype.Format `json:"format"`
	Group   int             `json:"group"` // Equal for jobs of one source that may share its decoding.
	variant string
}

// groups returns the jobs that share a decoding.
func (o order) groups() [][]job {
	var groups [][]job
	for i, j := range o.Jobs {
		if i == 0 || j.Group != o.Jobs[i-1].Group {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], j)
	}
	return groups
}

// jobsFor returns the jobs for variants of files, group by group.
func jobsFor(files []string, variants, out string) ([]job, error) {
	presets := calotype.DefaultPresets()
	var jobs []job
	for group, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		picture, err := render.Open(body, render.Limits{})
		if err != nil {
			return nil, err
		}
		for name := range strings.SplitSeq(variants, ",") {
			v, err := calotype.ParseVariant(name)
			if err != nil {
				return nil, err
			}
			preset, _ := presets.Lookup(v.Preset)
			t := picture.Target(v, preset, 80)
			jobs = append(jobs, job{file, fmt.Sprintf("%s/%s-%d.%s", out, v.Preset, group, t.Format), t.Width, t.Height, t.Format, group, name})
		}
	}
	return jobs, nil
}

// renderOrder returns a command that runs a bench on an order.
func renderOrder(bench *exec.Cmd, o order) *exec.Cmd {
	bench.Stdin = strings.NewReader(o.text())
	return bench
}

// renderItself executes an order, as a worker with that many slots does: with the decoder
// program in child processes, otherwise in this one.
func renderItself(text io.Reader, program string) error {
	var o order
	if err := json.NewDecoder(text).Decode(&o); err != nil {
		return err
	}
	var engine decoder.Engine = decoder.InProcess{}
	if program == "" {
		if err := render.Start(); err != nil {
			return err
		}
	} else {
		pool, err := startDecoders(program, o.AtOnce)
		if err != nil {
			return err
		}
		defer pool.Close() // It waits for the processes, whose CPU time counts.
		engine = pool
	}
	var g errgroup.Group
	g.SetLimit(o.AtOnce)
	for _, jobs := range o.groups() {
		g.Go(func() error { return renderGroup(engine, jobs) })
	}
	return g.Wait()
}

// startDecoders starts as many processes as there are slots, also for an order without jobs.
func startDecoders(program string, slots int) (*decoder.Pool, error) {
	pool, err := decoder.NewPool(context.Background(), decoder.Config{Path: program, Idle: slots, Log: zerolog.New(os.Stderr).Level(zerolog.WarnLevel)})
	if err != nil {
		return nil, err
	}
	var tiny bytes.Buffer
	if err := png.Encode(&tiny, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		return nil, err
	}
	source := decoder.SourceOf(tiny.Bytes())
	defer source.Close()
	var g errgroup.Group
	opened := make([]decoder.Picture, slots)
	for i := range opened {
		g.Go(func() (err error) {
			opened[i], err = pool.Open(context.Background(), source, render.Limits{}, decoder.Grant{Bytes: 1 << 20})
			return err
		})
	}
	err = g.Wait()
	for _, picture := range opened {
		if picture != nil {
			picture.Close()
		}
	}
	return pool, err
}

func readSource(file string) (*decoder.Source, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return decoder.NewSource(f, info.Size())
}

func renderGroup(engine decoder.Engine, jobs []job) error {
	source, err := readSource(jobs[0].In)
	if err != nil {
		return err
	}
	defer source.Close()
	ctx := context.Background()
	picture, err := engine.Open(ctx, source, render.Limits{}, decoder.Grant{})
	if err != nil {
		return err
	}
	defer picture.Close()
	targets := make([]render.Target, len(jobs))
	for i, j := range jobs {
		targets[i] = render.Target{Width: j.Width, Height: j.Height, Format: j.Format, Quality: 80}
	}
	memory, err := picture.Memory(ctx, targets)
	if err != nil {
		return err
	}
	i := 0
	for r, err := range picture.Render(ctx, targets, decoder.Grant{Bytes: memory}) {
		if err != nil {
			return fmt.Errorf("%s: %w", jobs[0].In, err)
		}
		if err := os.WriteFile(jobs[i].Out, r.Body, 0o600); err != nil {
			return err
		}
		i++
	}
	return nil
}
