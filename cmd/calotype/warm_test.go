package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calotype"
	"calotype/internal/awstest"
	"calotype/worker/backfill"
)

// warm runs calotype warm and returns the JSON lines that it printed.
func warm(t *testing.T, wantCode int, args ...string) (lines []string, stderr string) {
	t.Helper()
	code, stdout, stderr := call(t, append([]string{"warm", "--json", "--encoder=any"}, args...)...)
	if code != wantCode {
		t.Fatalf("%v: exit code %d, want %d: %s", args, code, wantCode, stderr)
	}
	return strings.Split(strings.TrimSpace(stdout), "\n"), stderr
}

func TestWarm(t *testing.T) {
	bucket := awstest.Bucket(t)
	jobs, _ := awstest.Queues(t)
	for _, key := range []string{"cats/a.jpg", "cats/b.png", "dogs/c.jpg"} {
		awstest.Put(t, bucket, key, []byte("x"), awstest.Headers{})
	}
	flags := []string{"s3://" + bucket + "/cats/", "--variants=S.webp,M", "--queue-url=" + jobs}
	last := func(lines []string) string { return lines[len(lines)-1] }

	dry, _ := warm(t, exitOK, append(flags, "--dry-run")...)
	if want := `{"seen":2,"current":0,"enqueued":2,"failed":0}`; last(dry) != want || len(awstest.Drain(t, jobs)) != 0 {
		t.Errorf("dry run: got %s, want %s and nothing sent", last(dry), want)
	}
	lines, _ := warm(t, exitOK, flags...)
	if want := `{"seen":2,"current":0,"enqueued":2,"failed":0}`; last(lines) != want {
		t.Errorf("got %s, want %s", last(lines), want)
	}
	var why struct{ Renditions map[string]int }
	if err := json.Unmarshal([]byte(lines[0]), &why); err != nil || why.Renditions["missing"] != 4 {
		t.Errorf("got %s, %v, want four missing", lines[0], err)
	}
	sent := awstest.Drain(t, jobs)
	if len(sent) != 2 {
		t.Errorf("sent %q", sent)
	}
	for _, body := range sent {
		job, err := calotype.ParseJob(body)
		if err != nil || !job.Exact || len(job.Variants) != 2 {
			t.Errorf("sent %s, %v", body, err)
		}
	}
}

// A checkpoint belongs to one backfill; no other run resumes from it.
func TestWarmCheckpoint(t *testing.T) {
	bucket := awstest.Bucket(t)
	jobs, _ := awstest.Queues(t)
	for _, key := range []string{"a.jpg", "b.jpg", "c.jpg"} {
		awstest.Put(t, bucket, key, []byte("x"), awstest.Headers{})
	}
	file := filepath.Join(t.TempDir(), "checkpoint")
	flags := []string{"s3://" + bucket, "--variants=M", "--queue-url=" + jobs, "--checkpoint=" + file}
	c := checkpoint{file: file, Of: "s3://" + bucket + "/ --variants M (1200x628) --resized-prefix resized --quality 80 --encoder any --max-bytes 104857600 --delete-orphans=false"}
	c.Position.After, c.Position.Summary.Seen, c.Position.Summary.Enqueued = "b.jpg", 2, 2
	if err := c.save(c.Position); err != nil {
		t.Fatal(err)
	}
	presets := filepath.Join(t.TempDir(), "presets.json")
	if err := os.WriteFile(presets, []byte(`{"M": "1000x1000"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"--quality=70", "--presets=" + presets} {
		if _, stderr := warm(t, exitUsage, append(flags, other)...); !strings.Contains(stderr, "belongs to another run") {
			t.Errorf("%s: said %q", other, stderr)
		}
	}
	warm(t, exitOK, append(flags, "--dry-run")...)
	if _, err := os.Stat(file); err != nil || len(awstest.Drain(t, jobs)) != 0 {
		t.Errorf("after a dry run: %v, want the checkpoint, and nothing sent", err)
	}
	lines, _ := warm(t, exitOK, flags...)
	if want := `{"seen":3,"current":0,"enqueued":3,"failed":0}`; lines[len(lines)-1] != want {
		t.Errorf("got %s, want %s", lines[len(lines)-1], want)
	}
	if sent := awstest.Drain(t, jobs); len(sent) != 1 || !strings.Contains(sent[0], "c.jpg") {
		t.Errorf("sent %q, want the one after the checkpoint", sent)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the checkpoint is still there at the end")
	}
	if err := os.WriteFile(file, []byte("notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr := warm(t, exitUsage, flags...); !strings.Contains(stderr, "is it a checkpoint?") {
		t.Errorf("said %q", stderr)
	}
}

// A checkpoint that cannot be written is an error before anything is sent.
func TestWarmCheckpointNotWritable(t *testing.T) {
	bucket := awstest.Bucket(t)
	jobs, _ := awstest.Queues(t)
	awstest.Put(t, bucket, "a.jpg", []byte("x"), awstest.Headers{})
	file := filepath.Join(t.TempDir(), "none", "checkpoint")
	_, stderr := warm(t, exitUsage, "s3://"+bucket, "--variants=M", "--queue-url="+jobs, "--checkpoint="+file)
	if sent := awstest.Drain(t, jobs); len(sent) > 0 || !strings.Contains(stderr, "--checkpoint: open ") {
		t.Errorf("sent %q, said %q", sent, stderr)
	}
}

// JSON reports every failure, text only as many as people can read.
func TestWarmReportsFailures(t *testing.T) {
	for asJSON, want := range map[bool]int{true: 30, false: maxFailures} {
		var out awstest.Log
		r := newWarmReport(&warmCommand{JSON: asJSON}, backfill.Position{}, &out, &out)
		for range 30 {
			r.finding(backfill.Finding{Source: "a.jpg", Err: fs.ErrPermission})
		}
		if n := out.Count("a.jpg"); n != want {
			t.Errorf("JSON %v: reported %d of 30, want %d", asJSON, n, want)
		}
	}
}

func TestWarmMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"no bucket":       {[]string{"pictures/cats"}, []string{`"pictures/cats": name the bucket and prefix`, "--variants is missing"}},
		"unknown variant": {[]string{"s3://b", "--variants=Q,M.gif"}, []string{"--variants", "M.gif"}},
		"renditions":      {[]string{"s3://b/resized/M/", "--variants=M"}, []string{`s3://b/resized/M/: resized/ holds renditions, not pictures`}},
		"unknown preset":  {[]string{"s3://b", "--variants=Q", "--rate=0"}, []string{"there is no preset Q", "--queue-url is missing", "--rate 0"}},
	} {
		code, _, stderr := call(t, append([]string{"warm"}, c.args...)...)
		if code != exitUsage {
			t.Errorf("%s: exit code %d", name, code)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: no %q in %s", name, want, stderr)
			}
		}
	}
}
