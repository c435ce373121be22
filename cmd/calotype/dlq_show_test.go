package main

import (
	"fmt"
	"strings"
	"testing"

	"calotype/internal/awstest"
)

func TestDLQShow(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	b.some(t)
	lines, _ := b.dlq(t, "show", "dogs/c.jpg")
	if len(lines) != 1 {
		t.Fatalf("got %v", lines)
	}
	got := lines[0]
	for field, want := range map[string]any{
		"kind": "dead-letter", "reason": "corrupt", "detail": "corrupt it is", "attempts": 2.0, "worker": "host-1",
		"first_seen": "2026-11-01T02:03:04Z", "source": "dogs/c.jpg", "body": jobBody("dogs/c.jpg"),
	} {
		if got[field] != want {
			t.Errorf("%s: got %v, want %v", field, got[field], want)
		}
	}
	if byID, _ := b.dlq(t, "show", got["id"].(string)); len(byID) != 1 || byID[0]["source"] != "dogs/c.jpg" {
		t.Errorf("by id: got %v", byID)
	}
	if redriven, _ := b.dlq(t, "show", "--reason=redriven"); len(redriven) != 1 || !strings.Contains(fmt.Sprint(redriven[0]["detail"]), "redrive policy") {
		t.Errorf("redriven: got %v", redriven)
	}
	if malformed, _ := b.dlq(t, "show", "--reason=malformed-job"); len(malformed) != 1 || malformed[0]["body"] != "not a job" || malformed[0]["malformed"] == nil {
		t.Errorf("malformed: got %v", malformed)
	}
}

func TestDLQShowsTheNewest(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	for i := range 15 {
		b.deadLetter(t, "corrupt", jobBody(fmt.Sprintf("%02d.jpg", i)))
	}
	code, stdout, _ := call(t, append([]string{"dlq", "show", "--limit=3"}, b.flags...)...)
	if code != exitOK || strings.Count(stdout, "id  ") != 3 || !strings.Contains(stdout, "14.jpg") || !strings.Contains(stdout, "newest 3 of 15") {
		t.Errorf("got %d, %s", code, stdout)
	}
}

func TestDLQShowInspectsTheBucket(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	bucket := awstest.Bucket(t)
	b.deadLetter(t, "corrupt", jobBody("gone.jpg"), jobBody("there.jpg"), "no job")
	awstest.Put(t, bucket, "there.jpg", []byte("broken"), awstest.Headers{})
	awstest.Put(t, bucket, "resized/M.webp/there.jpg", []byte("older"), awstest.Headers{Metadata: map[string]string{"calotype-source-etag": "another"}})
	lines, _ := b.dlq(t, "show", "--bucket="+bucket)
	now := map[any]string{}
	for _, line := range lines {
		now[line["source"]] = fmt.Sprint(line["state"])
	}
	if len(now) != 3 || now[nil] != "<nil>" || strings.Contains(now["gone.jpg"], "source_etag") ||
		!strings.Contains(now["there.jpg"], "source_bytes:6") || !strings.Contains(now["there.jpg"], "current:false") {
		t.Errorf("got %v", now)
	}
	code, _, stderr := call(t, append([]string{"dlq", "show", "--bucket=no-such-bucket"}, b.flags...)...)
	if code != exitUsage || !strings.Contains(stderr, "--bucket no-such-bucket: there is no such bucket") {
		t.Errorf("got %d, %s", code, stderr)
	}
}
