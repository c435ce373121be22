package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"calotype"
	"calotype/worker/render"
)

// renderFiles renders each file to the variants, one after the other, as a worker
// with one slot does, and throws the renditions away.
func renderFiles(variants string, files []string) error {
	if err := render.Start(); err != nil {
		return err
	}
	presets := calotype.DefaultPresets()
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		picture, err := render.Open(body, render.Limits{})
		if err != nil {
			return err
		}
		var targets []render.Target
		for name := range strings.SplitSeq(variants, ",") {
			v, err := calotype.ParseVariant(name)
			if err != nil {
				return err
			}
			p, _ := presets.Lookup(v.Preset)
			t := render.Target{Format: v.Format, Quality: 80}
			if t.Format == "" {
				t.Format = picture.Format
			}
			t.Width, t.Height = p.BoxFor(picture.Width, picture.Height).Fit(picture.Width, picture.Height)
			targets = append(targets, t)
		}
		for _, err := range picture.Render(targets) {
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return nil
}

// vipsthumbnail makes the same with one call for each variant.
func vipsthumbnail(dir, variants string, files []string) (cost, error) {
	var all cost
	presets := calotype.DefaultPresets()
	for name := range strings.SplitSeq(variants, ",") {
		v, err := calotype.ParseVariant(name)
		if err != nil {
			return cost{}, err
		}
		p, _ := presets.Lookup(v.Preset)
		out := "%s-out.jpg[Q=80,optimize_coding,strip]"
		if v.Format == calotype.WebP {
			out = "%s-out.webp[Q=80,effort=2,strip]"
		}
		// The samples are wide and tall: each gets the box that it would get here.
		for box, group := range byBox(p, files) {
			args := append([]string{"--size", box + ">", "--output", filepath.Join(dir, "out", out)}, group...)
			if err := os.MkdirAll(filepath.Join(dir, "out"), 0o700); err != nil {
				return cost{}, err
			}
			cmd := exec.Command("vipsthumbnail", args...)
			cmd.Env = append(os.Environ(), "VIPS_CONCURRENCY=1")
			c, err := measure(cmd)
			if err != nil {
				return cost{}, err
			}
			all.cpu += c.cpu
			all.peak = max(all.peak, c.peak)
		}
	}
	return all, nil
}

func byBox(p calotype.Preset, files []string) map[string][]string {
	groups := map[string][]string{}
	for _, file := range files {
		box := p.Wide
		if strings.HasPrefix(filepath.Base(file), "tall") {
			box = p.Tall
		}
		groups[box.String()] = append(groups[box.String()], file)
	}
	return groups
}

// measure runs a command and says what it used, as the kernel counts it.
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

func count(variants string) int { return strings.Count(variants, ",") + 1 }
