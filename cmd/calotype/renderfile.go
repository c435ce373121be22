package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/google/renameio/v2"

	"calotype"
	"calotype/worker"
	"calotype/worker/decoder"
	"calotype/worker/failure"
	"calotype/worker/render"
)

// fileReport is the result for one file: a line of JSON.
type fileReport struct {
	File         string            `json:"file"`
	Format       calotype.Format   `json:"format,omitempty"`
	Width        int               `json:"width,omitempty"`
	Height       int               `json:"height,omitempty"`
	Frames       int               `json:"frames,omitempty"`
	Bytes        int64             `json:"bytes"`
	Milliseconds int64             `json:"ms"`
	Focal        calotype.Focal    `json:"focal,omitempty"`
	Renditions   []renditionReport `json:"renditions"`
	Class        string            `json:"class,omitempty"` // Set if the picture itself is at fault.
	Error        string            `json:"error,omitempty"`
}

type renditionReport struct {
	Variant calotype.Variant `json:"variant"`
	Path    string           `json:"path"`
	Format  calotype.Format  `json:"format"`
	Width   int              `json:"width"`
	Height  int              `json:"height"`
	Bytes   int64            `json:"bytes"`
	AsIs    bool             `json:"as_is,omitempty"`   // The file's own bytes.
	Damaged bool             `json:"damaged,omitempty"` // The rendition shows what could be decoded of a damaged file.
}

func (r fileReport) renditionBytes() (sum int64) {
	for _, rendition := range r.Renditions {
		sum += rendition.Bytes
	}
	return sum
}

// damaged reports whether the file is damaged.
func (r fileReport) damaged() bool {
	return slices.ContainsFunc(r.Renditions, func(r renditionReport) bool { return r.Damaged })
}

// renderFile makes the renditions of one file. What was made before an error stays.
func (c *renderCommand) renderFile(ctx context.Context, file string) fileReport {
	start := time.Now()
	report := fileReport{File: file, Focal: c.focalOf(file), Renditions: []renditionReport{}}
	err := decoder.WithGrants(func(whole bool) error { // Memory that earlier pictures left in the process counts as well.
		report.Renditions = report.Renditions[:0]
		return c.renderInto(ctx, &report, decoder.Grant{Bytes: c.memory(), Whole: whole})
	})
	if err != nil {
		report.Error = err.Error()
		if fault := (*failure.Failure)(nil); errors.As(err, &fault) {
			report.Class = fault.Class
		}
	}
	report.Milliseconds = time.Since(start).Milliseconds()
	return report
}

func (c *renderCommand) renderInto(ctx context.Context, report *fileReport, grant decoder.Grant) error {
	source, err := c.read(report.File)
	if err != nil {
		return err
	}
	defer source.Close()
	report.Bytes = source.Size()
	picture, err := c.engine.Open(ctx, source, c.limits(), grant)
	if err != nil {
		return err
	}
	defer picture.Close()
	header := picture.Header()
	report.Format, report.Width, report.Height, report.Frames = header.Format, header.Width, header.Height, header.Frames
	presets, variants := c.Presets.orDefault(), c.variants()
	var targets []render.Target
	for _, v := range variants {
		preset, _ := presets.Lookup(v.Preset)
		target := header.Target(v, preset, c.Quality)
		if preset.Gravity == calotype.GravityFocal {
			target.Focal = report.Focal
		}
		targets = append(targets, target)
	}
	for rendition, err := range picture.Render(ctx, targets, grant) {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		v := variants[len(report.Renditions)]
		path := c.path(v, report.File)
		if err := renameio.WriteFile(path, rendition.Body, 0o644); err != nil {
			return err
		}
		report.Renditions = append(report.Renditions, renditionReport{
			v, path, rendition.Format, rendition.Width, rendition.Height, int64(len(rendition.Body)), rendition.AsIs, rendition.Damaged,
		})
	}
	return nil
}

// memory returns the budget for one picture.
func (c *renderCommand) memory() int64 {
	return cmp.Or(int64(c.Memory), worker.DefaultMemory(c.Concurrency))
}

// read reads a file of at most the allowed number of bytes.
func (c *renderCommand) read(file string) (*decoder.Source, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, errors.Unwrap(err) // The report already names the file.
	case !info.Mode().IsRegular():
		return nil, errors.New("not a file")
	case info.Size() > int64(c.MaxBytes):
		return nil, failure.New(failure.TooManyBytes, "%d bytes, the limit is %d", info.Size(), c.MaxBytes)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	source, err := decoder.NewSource(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("read %d bytes: %w", info.Size(), err)
	}
	return source, nil
}
