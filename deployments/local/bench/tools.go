package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"calotype"
)

// tool makes renditions.
type tool struct {
	name string
	// can reports whether it reads and writes a format.
	can func(calotype.Format) bool
	run func(order) (cost, error)
}

// tools returns this program first, with its decoders, then the earlier build and the tools
// that are installed. It reports the missing ones.
func tools(decoder string, earlier *base) []tool {
	found := []tool{
		{"calotype", all, func(o order) (cost, error) { return measure(renderOrder(self("-render", "-decoder", decoder), o)) }},
		floorTool(),
	}
	if earlier != nil {
		found = append(found, tool{"calotype " + earlier.commit, all, func(o order) (cost, error) {
			return measure(renderOrder(exec.Command(earlier.bench, "-render"), o))
		}})
	}
	if _, err := exec.LookPath("vipsthumbnail"); err != nil {
		fmt.Println("vipsthumbnail is missing: install libvips-tools")
	} else {
		found = append(found, tool{"vipsthumbnail", all, vipsthumbnail})
	}
	_, source, _, _ := runtime.Caller(0)
	peers := filepath.Join(filepath.Dir(source), "peers")
	sharp := filepath.Join(peers, "sharp.mjs")
	if version, err := exec.Command("node", sharp, "{}").Output(); err != nil {
		fmt.Println("sharp is missing: npm ci in", peers)
	} else {
		fmt.Println("sharp is", strings.TrimSpace(string(version)))
		noBMP := func(f calotype.Format) bool { return f != calotype.BMP }
		for _, effort := range []int{2, 4} {
			found = append(found, tool{fmt.Sprintf("sharp, WebP effort %d", effort), noBMP, func(o order) (cost, error) {
				o.WebPEffort = effort
				cmd := exec.Command("node", sharp, o.text())
				// Node has 4 threads for this by default, which limits the concurrent
				// pictures.
				cmd.Env = append(os.Environ(), fmt.Sprintf("UV_THREADPOOL_SIZE=%d", o.AtOnce))
				return measure(cmd)
			}})
		}
	}
	pillow := filepath.Join(peers, "pillow.py")
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		version, err := exec.Command(python, pillow, "{}").Output()
		if err != nil {
			continue
		}
		noAVIF := func(f calotype.Format) bool { return f != calotype.AVIF }
		fmt.Println("Pillow is", strings.TrimSpace(string(version)))
		return append(found, tool{"Pillow", noAVIF, func(o order) (cost, error) {
			return measure(exec.Command(python, pillow, o.text()))
		}})
	}
	fmt.Println("Pillow is missing: install python3-pil")
	return found
}

func all(calotype.Format) bool { return true }

func (o order) text() string {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // Strings and numbers always marshal.
	}
	return string(text)
}

// vipsthumbnail makes each rendition with a separate call, up to the given number at once.
// Its memory is that of as many of the largest calls.
func vipsthumbnail(o order) (cost, error) {
	options := map[calotype.Format]string{
		calotype.JPEG: "[Q=80,optimize_coding,strip]",
		calotype.WebP: "[Q=80,effort=2,strip]",
		calotype.AVIF: "[Q=60,effort=1,strip]",
		calotype.PNG:  "[filter=all,strip]",
		calotype.GIF:  "[effort=4]",
		calotype.BMP:  "",
	}
	var mu sync.Mutex
	var sum cost
	var g errgroup.Group
	g.SetLimit(o.AtOnce)
	for _, j := range o.Jobs {
		g.Go(func() error {
			in := j.In
			if j.Format == calotype.GIF {
				in += "[n=-1]"
			}
			cmd := exec.Command("vipsthumbnail", in, "--size", fmt.Sprintf("%dx%d>", j.Width, j.Height), "--output", j.Out+options[j.Format])
			cmd.Env = append(os.Environ(), "VIPS_CONCURRENCY=1")
			c, err := measure(cmd)
			mu.Lock()
			defer mu.Unlock()
			sum.cpu += c.cpu
			sum.peak = max(sum.peak, c.peak*int64(o.AtOnce))
			return err
		})
	}
	return sum, g.Wait()
}
