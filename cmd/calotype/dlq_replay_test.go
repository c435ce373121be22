package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"calotype"
	"calotype/internal/awstest"
)

// sources receives the jobs that were sent and returns their sources. Each must be marked.
func (b *deadLetters) sources(t *testing.T) map[string]int {
	t.Helper()
	times := map[string]int{}
	for _, body := range awstest.Drain(t, b.jobsURL) {
		job, err := calotype.ParseJob(body)
		if err != nil || !job.Again || job.Attempt != 0 {
			t.Errorf("sent %s, %v", body, err)
		}
		times[job.Source]++
	}
	return times
}

func TestDLQReplay(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		sent string
		left string
	}{
		"by reason": {[]string{"--reason=corrupt"}, "map[cats/a.jpg:1 cats/b.jpg:1 dogs/c.jpg:1]", "malformed-job 1, redriven 1, too-many-pixels 1"},
		"by prefix": {[]string{"--prefix=cats/"}, "map[cats/a.jpg:1 cats/b.jpg:1 cats/d.jpg:1]", "corrupt 1, malformed-job 1, redriven 1"},
		"by key":    {[]string{"killer.jpg"}, "map[killer.jpg:1]", "corrupt 3, malformed-job 1, too-many-pixels 1"},
		"all":       {[]string{"--all"}, "map[cats/a.jpg:1 cats/b.jpg:1 cats/d.jpg:1 dogs/c.jpg:1 killer.jpg:1]", "malformed-job 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newDeadLetters(t)
			b.some(t)
			b.dlq(t, append([]string{"replay"}, c.args...)...)
			if got := fmt.Sprint(b.sources(t)); got != c.sent {
				t.Errorf("sent %s, want %s", got, c.sent)
			}
			if got := b.left(t); got != c.left {
				t.Errorf("left is %s, want %s", got, c.left)
			}
		})
	}
}

// A message that is not a job cannot be marked. It stays, and the command reports it.
func TestDLQReplaySkipsMalformedJobs(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	b.deadLetter(t, "malformed-job", "not a job")
	b.deadLetter(t, "unknown-job-version", `{"v":9,"source":"a.jpg","variants":["M"]}`)
	code, stdout, stderr := call(t, append([]string{"dlq", "replay", "--all"}, b.flags...)...)
	for _, want := range []string{"skipped: ", "is not a job: parse job", "unknown job version 9", "sent 0 jobs", "skipped 2 that are not jobs", "calotype dlq purge"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if got := b.left(t); got != "malformed-job 1, unknown-job-version 1" {
		t.Errorf("left is %s", got)
	}
}

// A thousand views of one broken picture make one job.
func TestDLQReplayMerges(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	for i := range 20 {
		job := calotype.Job{Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M"}}, Request: fmt.Sprint("viewer ", i), Attempt: i}
		b.deadLetter(t, "too-many-bytes", job.Encode())
	}
	b.deadLetter(t, "corrupt", jobBody("kitty.jpg")) // Another variant.
	_, last := b.dlq(t, "replay", "--all")
	if last["sent"] != 2.0 || last["merged"] != 19.0 || last["deleted"] != 21.0 {
		t.Errorf("got %v", last)
	}
	if got := fmt.Sprint(b.sources(t)); got != "map[kitty.jpg:2]" {
		t.Errorf("sent %s", got)
	}
	if got := b.left(t); got != "" {
		t.Errorf("left is %s", got)
	}
}

func TestDLQReplayDryRun(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	b.some(t)
	lines, last := b.dlq(t, "replay", "--all", "--dry-run")
	if len(lines) != 6 || last["sent"] != 5.0 || last["skipped"] != 1.0 || last["deleted"] != 0.0 || last["dry_run"] != true {
		t.Errorf("got %v, %v", lines, last)
	}
	if got := b.sources(t); len(got) != 0 {
		t.Errorf("sent %v", got)
	}
	if got := b.left(t); got != allOfSome {
		t.Errorf("left is %s", got)
	}
	_, stdout, _ := call(t, append([]string{"dlq", "replay", "dogs/c.jpg", "--dry-run"}, b.flags...)...)
	for _, want := range []string{"would be sent: dogs/c.jpg [M.webp] (corrupt)", "would send 1 job,"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

// After Ctrl-C midway the summary lists what was done, and the rest is visible at once.
func TestDLQReplayStops(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	for i := range 30 {
		b.deadLetter(t, "corrupt", jobBody(fmt.Sprintf("%02d.jpg", i)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout, stderr awstest.Log
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"dlq", "replay", "--all", "--rate=2", "--json"}, b.flags...), &stdout, &stderr)
	}()
	awstest.Eventually(t, time.Minute, "some jobs are sent", func() bool { return stdout.Count(`"outcome":"sent"`) >= 2 })
	cancel()
	if code := <-ended; code != exitFailure || !strings.Contains(stderr.String(), "stopped before the end") {
		t.Errorf("exit code %d, %s", code, stderr.String())
	}
	if !strings.Contains(stdout.String(), `"stopped":true`) {
		t.Errorf("no summary in\n%s", stdout.String())
	}
	visible, inFlight, delayed := awstest.Waiting(t, b.deadURL)
	sent := len(b.sources(t))
	if inFlight+delayed != "00" || fmt.Sprint(30-sent) != visible || sent == 30 {
		t.Errorf("%d jobs sent, %s dead letters left, %s hidden", sent, visible, inFlight)
	}
}
