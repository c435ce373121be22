package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"calotype"
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

// renderOrder returns a command that runs this program on an order.
func renderOrder(o order) *exec.Cmd {
	cmd := self("-render")
	cmd.Stdin = strings.NewReader(o.text())
	return cmd
}

// renderItself executes an order, as a worker with that many slots does.
func renderItself(text io.Reader) error {
	var o order
	if err := json.NewDecoder(text).Decode(&o); err != nil {
		return err
	}
	if err := render.Start(); err != nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(o.AtOnce)
	for _, jobs := range o.groups() {
		g.Go(func() error { return renderGroup(jobs) })
	}
	return g.Wait()
}

func renderGroup(jobs []job) error {
	body, err := os.ReadFile(jobs[0].In)
	if err != nil {
		return err
	}
	picture, err := render.Open(body, render.Limits{})
	if err != nil {
		return err
	}
	targets := make([]render.Target, len(jobs))
	for i, j := range jobs {
		targets[i] = render.Target{Width: j.Width, Height: j.Height, Format: j.Format, Quality: 80}
	}
	i := 0
	for r, err := range picture.Render(targets) {
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

// measure runs a command and returns what it used, as the kernel counts it.
func measure(cmd *exec.Cmd) (cost, error) {
	if out, err := cmd.CombinedOutput(); err != nil {
		return cost{}, fmt.Errorf("%s: %w\n%s", cmd.Path, err, out)
	}
	return used(cmd.ProcessState), nil
}

func used(state *os.ProcessState) cost {
	usage := state.SysUsage().(*syscall.Rusage)
	peak := usage.Maxrss
	if runtime.GOOS == "linux" {
		peak *= 1024
	}
	return cost{time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), peak}
}
