// Command bench compares tools in one run on the same pictures: the cost of a rendition
// with Calotype, an earlier build of it, vipsthumbnail, sharp, Pillow and the codecs alone;
// the similarity to the original; a worker's jobs per second, and the share of its CPU time
// that is not rendering; and the edge's renditions per second relative to its S3 server.
// Machines are noisy, so only the ratios count, as medians of alternating rounds. "make
// bench" runs it.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"calotype/deployments/local/samples"
)

func main() {
	itself := flag.Bool("render", false, "for the bench itself: make the renditions that standard input lists as JSON")
	program := flag.String("decoder", "", "for the bench itself: with -render, render in processes of this program")
	floor := flag.Bool("floor", false, "for the bench itself: do with the codecs alone what standard input lists")
	draw := flag.String("draw", "", "for the bench itself: draw the pictures into this folder")
	photos := flag.String("photos", "", "a folder of JPEGs to use in addition to the drawn pictures")
	commit := flag.String("base", baseCommit, "the commit whose build is compared with; none for none")
	rounds := flag.Int("rounds", 5, "how often each measurement is repeated")
	only := flag.String("only", "", "what to measure, such as W3; or services, for the worker, the backfill and the edge")
	flag.Parse()
	var err error
	switch {
	case *draw != "":
		err = drawPictures(*draw)
	case *itself:
		err = renderItself(os.Stdin, *program)
	case *floor:
		err = renderFloor(os.Stdin, os.Stdout)
	default:
		err = run(*photos, *commit, *rounds, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// baseCommit is the state before the last round of work on speed.
const baseCommit = "c55a9a3"

func run(photos, commit string, rounds int, only string) error {
	dir, err := os.MkdirTemp("", "calotype-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// In a separate process, because the kernel counts a parent's memory as its child's.
	if err := self("-draw", dir).Run(); err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
	if err != nil {
		return err
	}
	var earlier *base
	if commit != "none" {
		if earlier, err = buildBase(commit); err != nil {
			return err
		}
	}
	if only != "services" {
		if err := compare(dir, photos, only, rounds, earlier); err != nil || only != "" {
			return err
		}
	}
	return services(dir, files, rounds, earlier)
}

// drawPictures writes the samples except the turned one, each in a folder named after its
// format.
func drawPictures(dir string) error {
	var g errgroup.Group
	for i, p := range samples.All() {
		if p.Key == "turned.jpg" || p.Key == "tiny.png" {
			continue
		}
		g.Go(func() error {
			body, err := p.Draw()
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d%s", i, filepath.Ext(p.Key))), body, 0o600)
		})
	}
	return g.Wait()
}

// drawSmall writes a JPEG of 640x480, a typical picture of a shop or a forum.
func drawSmall(dir string) (file string, err error) {
	img := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for y := range 480 {
		for x := range 640 {
			img.SetRGBA(x, y, color.RGBA{uint8(x * 255 / 640), uint8(y * 255 / 480), uint8((x*x + y*y) / 97), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		return "", err
	}
	file = filepath.Join(dir, "wide-small")
	return file, os.WriteFile(file, b.Bytes(), 0o600)
}

// self returns a command that runs this program.
func self(args ...string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	return exec.Command(program, args...)
}

func medianCost(costs []cost) cost {
	return cost{
		cpu:  median(costs, func(c cost) time.Duration { return c.cpu }),
		peak: median(costs, func(c cost) int64 { return c.peak }),
	}
}

func median[C any, T int64 | time.Duration | float64](costs []C, of func(C) T) T {
	values := make([]T, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
