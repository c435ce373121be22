//go:build cgo

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
	"calotype/internal/awstest"
	"calotype/worker/render"
)

// memoryLimit is the memory that the worker's process may use in TestMemoryHolds.
const memoryLimit = 1 << 30

// Among huge progressive pictures and small ones, the worker stays within its memory, by
// its own default if a cgroup sets the limit, and small pictures overtake the huge ones.
// CALOTYPE_SOAK makes the numbers large and compares the times.
func TestMemoryHolds(t *testing.T) {
	small, huge, width, height, every := 20, 3, 2400, 1600, 10*time.Millisecond
	soak := os.Getenv("CALOTYPE_SOAK") != ""
	if soak {
		small, huge, width, height, every = 250, 20, 8660, 5774, 200*time.Millisecond
	}
	if err := render.Start(); err != nil {
		t.Fatal(err)
	}
	mix := mix{small: small, every: every, smallBody: drawn(t, 640, 480), hugeBody: progressive(t, width, height)}
	alone := mix.run(t)
	mix.huge = huge
	among := mix.run(t)
	t.Logf("%d small pictures alone: median %v, p95 %v, peak %d MB", small, alone.median, alone.p95, alone.peak>>20)
	t.Logf("among %d of %d megapixels: median %v, p95 %v, peak %d MB of %d (%s)",
		huge, width*height/1e6, among.median, among.p95, among.peak>>20, memoryLimit>>20, among.limit)
	if among.peak > memoryLimit {
		t.Errorf("peak %d MB, the limit is %d", among.peak>>20, memoryLimit>>20)
	}
	if soak && among.p95 > 2*alone.p95 {
		t.Errorf("huge pictures made p95 of small ones %v of %v", among.p95, alone.p95)
	}
}

// mix is a set of jobs for one worker: the huge ones at once, the small ones one by one.
type mix struct {
	small, huge         int
	every               time.Duration
	smallBody, hugeBody []byte
}

// figures are the results of one run.
type figures struct {
	median, p95 time.Duration // For small pictures, the time from the job to the rendition.
	peak        int64         // Of the worker and its decoders, in bytes.
	limit       string        // How the limit was set.
}

func (m mix) run(t *testing.T) figures {
	t.Helper()
	p, group := startLimited(t)
	for i := range m.huge {
		p.send(t, fmt.Sprintf("huge/%d.jpg", i), m.hugeBody)
	}
	for i := range m.small {
		time.Sleep(m.every) // This is the load, not a wait.
		p.send(t, fmt.Sprintf("small/%d.jpg", i), m.smallBody)
	}
	awstest.Eventually(t, 10*time.Minute, "the queue is empty", func() bool {
		visible, inFlight, delayed := awstest.Waiting(t, p.jobs)
		return visible+inFlight+delayed == "000"
	})
	if left := awstest.Drain(t, p.dead); len(left) > 0 {
		t.Errorf("%d dead letters, such as %s", len(left), left[0])
	}
	var f figures
	if group != "" {
		f = figures{peak: peakOfGroup(t, group), limit: "cgroup"}
	} else {
		f = figures{peak: peakOfProcesses(t, p.Process.Pid), limit: "--memory and GOMEMLIMIT"}
	}
	p.signal(t)
	if err := p.Wait(); err != nil {
		t.Errorf("got %v, want exit code 0", err)
	}
	var times []time.Duration
	for line := range strings.Lines(p.log.String()) {
		var event struct {
			Source string  `json:"source"`
			Took   float64 `json:"miss_to_rendition_ms"`
		}
		if json.Unmarshal([]byte(line), &event) == nil && strings.HasPrefix(event.Source, "small/") && event.Took > 0 {
			times = append(times, time.Duration(event.Took*float64(time.Millisecond)))
		}
	}
	if len(times) != m.small {
		t.Errorf("%d of %d small renditions", len(times), m.small)
		return f
	}
	slices.Sort(times)
	f.median = times[len(times)/2].Round(time.Millisecond)
	f.p95 = times[len(times)*95/100].Round(time.Millisecond)
	return f
}

// send puts a picture and requests a rendition of it.
func (p process) send(t *testing.T, key string, body []byte) {
	t.Helper()
	awstest.Put(t, p.bucket, key, body, awstest.Headers{ContentType: "image/jpeg"})
	job := calotype.Job{Source: key, Variants: []calotype.Variant{{Preset: "M", Format: calotype.WebP}}}.Encode()
	if _, err := awstest.SQS(t).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &p.jobs, MessageBody: &job}); err != nil {
		t.Fatal(err)
	}
}

// startLimited starts a worker in a cgroup with the limit, and returns the cgroup's folder. If
// no cgroup can be made, the folder is empty and the limit is set by flags.
func startLimited(t *testing.T) (process, string) {
	t.Helper()
	program, err := awstest.Build("calotype", "cmd/calotype")
	if err != nil {
		t.Fatal(err)
	}
	group, err := limitedGroup(t)
	if err != nil {
		t.Logf("no cgroup: %v", err)
		t.Setenv("GOMEMLIMIT", "200MiB")
		return startCommand(t, program, "worker", "--concurrency=2", "--siblings=none", "--grace=6s", "--memory=650MiB"), ""
	}
	inGroup := fmt.Sprintf(`echo $$ > %s/cgroup.procs && exec "$0" "$@"`, group)
	return startCommand(t, "sh", "-c", inGroup, program, "worker", "--concurrency=2", "--siblings=none", "--grace=6s"), group
}

// The files of a memory cgroup, by its version.
const (
	limitV1, limitV2 = "memory.limit_in_bytes", "memory.max"
	peakV1, peakV2   = "memory.max_usage_in_bytes", "memory.peak" // The second since Linux 5.19.
)

// limitedGroup makes a cgroup, of version 1 or 2, below this process's own.
func limitedGroup(t *testing.T) (string, error) {
	t.Helper()
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	var parent, limit, peak string
	for line := range strings.Lines(string(own)) {
		switch fields := strings.SplitN(strings.TrimSpace(line), ":", 3); {
		case slices.Contains(strings.Split(fields[1], ","), "memory"):
			parent, limit, peak = filepath.Join("/sys/fs/cgroup/memory", fields[2]), limitV1, peakV1
		case fields[0] == "0" && parent == "":
			parent, limit, peak = filepath.Join("/sys/fs/cgroup", fields[2]), limitV2, peakV2
		}
	}
	group := filepath.Join(parent, "calotype-test-"+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(group, 0o755); err != nil && !os.IsExist(err) {
		return "", err
	}
	t.Cleanup(func() {
		awstest.Eventually(t, time.Minute, "the cgroup is empty", func() bool { return os.Remove(group) == nil || !exists(group) })
	})
	if _, err := os.Stat(filepath.Join(group, peak)); err != nil {
		return "", err
	}
	return group, os.WriteFile(filepath.Join(group, limit), []byte(strconv.Itoa(memoryLimit)), 0o600)
}

// peakOfGroup returns the maximum memory that a cgroup has used.
func peakOfGroup(t *testing.T, group string) int64 {
	t.Helper()
	for _, name := range []string{peakV1, peakV2} {
		text, err := os.ReadFile(filepath.Join(group, name))
		if err != nil {
			continue
		}
		peak, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return peak
	}
	t.Fatalf("no peak in %s", group)
	return 0
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// peakOfProcesses returns the sum of the maxima of a process and its children.
func peakOfProcesses(t *testing.T, pid int) int64 {
	t.Helper()
	sum := peakOf(t, pid)
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		children, err := os.ReadFile(list)
		if err != nil {
			continue // The thread has ended.
		}
		for _, child := range strings.Fields(string(children)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				t.Fatal(err)
			}
			sum += peakOf(t, n)
		}
	}
	return sum
}

// peakOf returns the maximum memory that a process has used.
func peakOf(t *testing.T, pid int) int64 {
	t.Helper()
	file, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(file), "VmHWM:")
	var kB int64
	if _, err := fmt.Sscan(rest, &kB); err != nil {
		t.Fatalf("VmHWM of %q: %v", file, err)
	}
	return kB << 10
}

func drawn(t *testing.T, width, height int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{uint8(255 * x / width), uint8(255 * y / height), uint8((x*x + y*y) / 97), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// progressive enlarges a picture to a progressive JPEG.
func progressive(t *testing.T, width, height int) []byte {
	t.Helper()
	img, err := vips.NewImageFromBuffer(drawn(t, 866, 577))
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if err := img.ResizeWithVScale(float64(width)/866, float64(height)/577, vips.KernelLinear); err != nil {
		t.Fatal(err)
	}
	body, _, err := img.ExportJpeg(&vips.JpegExportParams{Quality: 85, Interlace: true})
	if err != nil {
		t.Fatal(err)
	}
	return body
}
