package main

import (
	"errors"
	"fmt"
	"image"
	_ "image/gif" // Registers itself.
	_ "image/jpeg"
	_ "image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	_ "golang.org/x/image/bmp" // Registers itself.

	"calotype/internal/awstest"
	"calotype/worker/render"
)

// workload is a set of pictures of one kind and the variants to make of them.
type workload struct {
	name, files, variants string
	sources               int // The existing files, repeated.
}

var workloads = []workload{
	{"W1 JPEG to M", "*.jpg", "M", 12},
	{"W2 JPEG to M.webp", "*.jpg", "M.webp", 12},
	{"W3 JPEG to all 16", "*.jpg", "L,M,S,XS,SL,SM,SS,SXS,L.webp,M.webp,S.webp,XS.webp,SL.webp,SM.webp,SS.webp,SXS.webp", 8},
	{"W4 PNG to M", "*.png", "M", 8},
	{"W4 GIF to XS", "*.gif", "XS", 8},
	{"W4 BMP to M", "*.bmp", "M", 8},
	{"W5 JPEG to M.avif", "*.jpg", "M.avif", 8},
}

// result is what a tool achieved in a workload.
type result struct {
	two, eight []cost // With 2 and 8 pictures at once.
	start      []cost // Without any picture.
	bytes      float64
	likeness   map[string]float64 // SSIM, keyed by variant.
	ratios     map[string]float64 // Our bytes relative to the tool's.
}

// compare prints a table of all tools for all workloads, or for the named ones.
func compare(dir, photos, only string, rounds int, earlier *base) error {
	if err := render.Start(); err != nil {
		return err
	}
	decoder, err := awstest.Decoder()
	if err != nil {
		return err
	}
	tools := tools(decoder, earlier)
	fmt.Printf("\nMedians of %d alternating rounds; ratios are calotype's to the tool's; SSIM to a Lanczos reference\n", rounds)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "workload\ttool\tCPU ms each\tratio\tpast the start\tratio\tMB, 2 at once\tratio\tMB, 8 at once\tratio\tkB each\tratio\tSSIM\tours less theirs\tworst preset\t")
	workloads := slices.DeleteFunc(slices.Clone(workloads), func(w workload) bool { return !strings.HasPrefix(w.name, only) })
	results := make([][]result, len(workloads))
	out := func(workload, tool int) string {
		return filepath.Join(dir, "out", fmt.Sprint(workload), fmt.Sprint(tool))
	}
	for i, w := range workloads {
		files, err := sources(dir, photos, w)
		if err != nil {
			return err
		}
		results[i] = make([]result, len(tools))
		for range rounds {
			for j, t := range tools {
				if err := results[i][j].measure(t, w, files, out(i, j)); err != nil {
					return err
				}
			}
		}
	}
	// Not before: the kernel counts this process's memory for the processes that it starts.
	for i, w := range workloads {
		files, err := sources(dir, photos, w)
		if err != nil {
			return err
		}
		refs := references{}
		for j, t := range tools {
			if results[i][j].two == nil {
				continue
			}
			if err := results[i][j].look(w, files, out(i, j), refs); err != nil {
				return err
			}
			results[i][j].print(table, w, t, results[i][0], len(files))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	printGoals(workloads, tools, results)
	return nil
}

// sources returns as many files as the workload has, and with photos all of them.
func sources(dir, photos string, w workload) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(dir, w.files))
	if photos != "" && w.files == "*.jpg" {
		found, err = filepath.Glob(filepath.Join(photos, w.files))
		w.sources = len(found)
	}
	if err != nil || len(found) == 0 {
		return nil, errors.Join(err, fmt.Errorf("no %s", w.files))
	}
	files := make([]string, w.sources)
	for i := range files {
		files[i] = found[i%len(found)]
	}
	return files, nil
}

func (r *result) measure(t tool, w workload, files []string, out string) error {
	if err := os.MkdirAll(out, 0o700); err != nil {
		return err
	}
	jobs, err := jobsFor(files, w.variants, out)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if !t.can(j.Format) {
			return nil
		}
	}
	for _, m := range []struct {
		order order
		costs *[]cost
	}{
		{order{AtOnce: 2, Jobs: jobs}, &r.two}, {order{AtOnce: 8, Jobs: jobs}, &r.eight}, {order{AtOnce: 2, Jobs: []job{}}, &r.start},
	} {
		c, err := t.run(m.order)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", t.name, w.name, err)
		}
		*m.costs = append(*m.costs, c)
	}
	return nil
}

// maxLooked is how many sources' renditions are compared with references, which takes
// longer than to make them.
const maxLooked = 10

// look weighs a tool's output, and compares that of some sources with the references. Of
// repeated files the first counts.
func (r *result) look(w workload, files []string, out string, refs references) error {
	jobs, err := jobsFor(files, w.variants, out)
	if err != nil {
		return err
	}
	r.likeness = map[string]float64{}
	counts := map[string]float64{}
	seen := map[string]bool{}
	renditions := 0.0
	for _, j := range jobs {
		if seen[j.In+j.variant] {
			continue
		}
		seen[j.In+j.variant] = true
		info, err := os.Stat(j.Out)
		if err != nil {
			return err
		}
		r.bytes += float64(info.Size())
		renditions++
		if spread := max(1, len(files)/maxLooked); j.Group%spread != 0 {
			continue
		}
		png := j.Out + ".look.png"
		if text, err := exec.Command("vips", "copy", j.Out, png).CombinedOutput(); err != nil {
			return fmt.Errorf("vips copy %s: %w\n%s", j.Out, err, text)
		}
		made, err := decode(png)
		if err != nil {
			return err
		}
		reference, err := refs.of(j.In, made.width, made.height)
		if err != nil {
			return err
		}
		r.likeness[j.variant] += ssim(made, reference)
		counts[j.variant]++
	}
	for v := range r.likeness {
		r.likeness[v] /= counts[v]
	}
	r.bytes /= renditions
	return nil
}

func (r *result) mean() (mean float64) {
	for _, like := range r.likeness {
		mean += like / float64(len(r.likeness))
	}
	return mean
}

// print adds a line that compares a tool with Calotype.
func (r *result) print(table *tabwriter.Writer, w workload, t tool, ours result, files int) {
	renditions := float64(files * (strings.Count(w.variants, ",") + 1))
	two, eight := medianCost(r.two), medianCost(r.eight)
	ours2, ours8 := medianCost(ours.two), medianCost(ours.eight)
	// A worker starts once and renders for days; here a process renders a dozen pictures.
	past, oursPast := two.cpu-medianCost(r.start).cpu, ours2.cpu-medianCost(ours.start).cpu
	mb := func(c cost) float64 { return float64(c.peak) / 1e6 }
	worst := math.Inf(1)
	for v, like := range r.likeness {
		worst = min(worst, ours.likeness[v]-like)
	}
	r.ratios = map[string]float64{
		"CPU": ours2.cpu.Seconds() / two.cpu.Seconds(), "CPU past the start": oursPast.Seconds() / past.Seconds(), "memory, 2 at once": mb(ours2) / mb(two), "memory, 8 at once": mb(ours8) / mb(eight),
		"bytes": ours.bytes / r.bytes, "SSIM lost in the worst preset": max(0, -worst),
	}
	fmt.Fprintf(table, "%s\t%s\t%.1f\t%.2f\t%.1f\t%.2f\t%.0f\t%.2f\t%.0f\t%.2f\t%.1f\t%.2f\t%.4f\t%+.4f\t%+.4f\t\n", w.name, t.name,
		two.cpu.Seconds()*1000/renditions, r.ratios["CPU"], past.Seconds()*1000/renditions, r.ratios["CPU past the start"], mb(two), r.ratios["memory, 2 at once"], mb(eight), r.ratios["memory, 8 at once"],
		r.bytes/1e3, r.ratios["bytes"], r.mean(), ours.mean()-r.mean(), worst)
}

// references are the sources scaled down exactly.
type references map[string]grey

func (r references) of(file string, width, height int) (grey, error) {
	key := fmt.Sprintf("%s %dx%d", file, width, height)
	if ready, ok := r[key]; ok {
		return ready, nil
	}
	source, ok := r[file]
	if !ok {
		// Turned upright, because the tools apply the camera's orientation.
		upright, err := os.CreateTemp("", "calotype-bench-*.png")
		if err != nil {
			return grey{}, err
		}
		defer os.Remove(upright.Name())
		upright.Close()
		if text, err := exec.Command("vips", "autorot", file, upright.Name()).CombinedOutput(); err != nil {
			return grey{}, fmt.Errorf("vips autorot %s: %w\n%s", file, err, text)
		}
		if source, err = decode(upright.Name()); err != nil {
			return grey{}, err
		}
		r[file] = source
	}
	r[key] = source.lanczos(width, height)
	return r[key], nil
}

func decode(file string) (grey, error) {
	f, err := os.Open(file)
	if err != nil {
		return grey{}, err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return grey{}, fmt.Errorf("%s: %w", file, err)
	}
	return toGrey(img), nil
}
