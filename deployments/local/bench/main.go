// Command bench compares, in one run on the same pictures: what a rendition costs
// here and with Debian's vipsthumbnail, how much of a worker's CPU is not libvips,
// and how many renditions a second the HTTP edge serves beside the S3 server that
// it asks. Machines are noisy: what counts are the ratios, of medians of rounds
// that alternate. "make bench" runs it.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"calotype/deployments/local/samples"
)

func main() {
	renderOnly := flag.String("render", "", "what the bench runs of itself: render the files to these variants")
	draw := flag.String("draw", "", "what the bench runs of itself: draw the pictures into this folder")
	rounds := flag.Int("rounds", 5, "how often each measurement is made")
	flag.Parse()
	var err error
	switch {
	case *draw != "":
		err = drawJPEGs(*draw)
	case *renderOnly != "":
		err = renderFiles(*renderOnly, flag.Args())
	default:
		err = run(*rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// workload is what is made of every picture.
type workload struct {
	name, variants string
}

var workloads = []workload{
	{"JPEG to M", "M"},
	{"JPEG to M.webp", "M.webp"},
	{"JPEG to all 16", "L,M,S,XS,SL,SM,SS,SXS,L.webp,M.webp,S.webp,XS.webp,SL.webp,SM.webp,SS.webp,SXS.webp"},
}

func run(rounds int) error {
	dir, err := os.MkdirTemp("", "calotype-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// In a process of its own: the kernel counts a parent's memory as its child's.
	if err := self("-draw", dir, nil).Run(); err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "%d JPEGs of 6 to 12 megapixels, median of %d rounds\n", len(files), rounds)
	fmt.Fprintln(table, "workload\tCPU ms a rendition\tvipsthumbnail\tratio\tpeak MB\tvipsthumbnail\tratio\t")
	for _, w := range workloads {
		ours, theirs := make([]cost, rounds), make([]cost, rounds)
		for i := range rounds {
			if ours[i], err = measure(self("-render", w.variants, files)); err != nil {
				return err
			}
			if theirs[i], err = vipsthumbnail(dir, w.variants, files); err != nil {
				return err
			}
		}
		renditions := float64(len(files) * count(w.variants))
		a, b := medianCost(ours), medianCost(theirs)
		fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.2f\t%.0f\t%.0f\t%.2f\t\n", w.name,
			a.cpu.Seconds()*1000/renditions, b.cpu.Seconds()*1000/renditions, a.cpu.Seconds()/b.cpu.Seconds(),
			float64(a.peak)/1e6, float64(b.peak)/1e6, float64(a.peak)/float64(b.peak))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return services(dir, files, rounds)
}

// drawJPEGs writes the samples that are upright JPEGs, and names the tall ones so.
func drawJPEGs(dir string) error {
	var g errgroup.Group
	for i, p := range samples.All() {
		if p.ContentType != "image/jpeg" || p.Key == "turned.jpg" {
			continue
		}
		shape := "wide"
		if p.Size.Y >= p.Size.X {
			shape = "tall"
		}
		g.Go(func() error {
			body, err := p.Draw()
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.jpg", shape, i)), body, 0o600)
		})
	}
	return g.Wait()
}

// cost is what a process used.
type cost struct {
	cpu  time.Duration
	peak int64 // bytes
}

// self is a call of this program.
func self(flag, value string, files []string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	return exec.Command(program, append([]string{flag, value}, files...)...)
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
