package main

import (
	"encoding/json"
	"strings"
	"testing"

	"calotype"
	"calotype/internal/awstest"
)

func TestInfoCommand(t *testing.T) {
	bucket := awstest.Bucket(t)
	jobs, _ := awstest.Queues(t)
	etag := awstest.Put(t, bucket, "cats/a b.jpg", []byte("source"), awstest.Headers{ContentType: "image/jpeg"})
	info := func(args ...string) (i calotype.Info, text string) {
		t.Helper()
		args = append([]string{"info", "cats/a b.jpg", "--bucket=" + bucket}, args...)
		code, stdout, stderr := call(t, append(args, "--json")...)
		if code != exitOK {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr)
		}
		if err := json.Unmarshal([]byte(stdout), &i); err != nil {
			t.Fatal(err)
		}
		_, text, _ = call(t, args...)
		return i, text
	}
	i, text := info()
	if i.State != calotype.InfoPending || i.Bytes != 6 || i.Presets["M"].URL != "/cats/a%20b.jpg?size=M" || !strings.Contains(text, "--queue-url sends a job") {
		t.Errorf("before it exists: got %+v, %s", i, text)
	}
	if _, text := info("--queue-url=" + jobs); !strings.Contains(text, "a job was sent") {
		t.Errorf("with a queue: got %s", text)
	}
	if sent := awstest.Drain(t, jobs); len(sent) != 2 || sent[0] != `{"v":2,"source":"cats/a b.jpg","info":true}` {
		t.Errorf("jobs: got %q", sent)
	}
	stored := calotype.Info{
		Source: "cats/a b.jpg", State: calotype.InfoReady, ETag: calotype.TrimETag(etag), Bytes: 6, Type: "image/jpeg", Width: 4000, Height: 3000, Frames: 1,
		ThumbHash: []byte{1, 2, 3}, Colour: "#102030", Focal: &calotype.Point{X: 0.3, Y: 0.7},
	}
	lineage := calotype.Lineage{SourceETag: etag, Recipe: calotype.InfoRecipe("e")}
	put := func() {
		awstest.Put(t, bucket, "resized/.info/cats/a b.jpg", stored.Encode(), awstest.Headers{ContentType: "application/json", Metadata: lineage.Metadata()})
	}
	put()
	i, text = info()
	if i.State != calotype.InfoReady || i.Presets["M"] != (calotype.InfoPreset{Width: 837, Height: 628, URL: "/cats/a%20b.jpg?size=M"}) {
		t.Errorf("got %+v", i)
	}
	for _, part := range []string{"ready", "4000x3000", "AQID", "#102030", "0.3,0.7", "image/jpeg, 6 B", "837x628", "/cats/a%20b.jpg?size=XS"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in %s", part, text)
		}
	}
	stored.State, stored.Reason = calotype.InfoFailed, "corrupt"
	put()
	if _, text = info(); !strings.Contains(text, "failed: corrupt") {
		t.Errorf("got %s", text)
	}
	lineage.SourceETag = "older"
	put()
	if i, _ = info(); i.State != calotype.InfoPending {
		t.Errorf("of an older version: got %+v", i)
	}
	lineage.SourceETag = etag
	awstest.Put(t, bucket, "resized/.info/cats/a b.jpg", []byte("{"), awstest.Headers{ContentType: "application/json", Metadata: lineage.Metadata()})
	if i, _ = info(); i.State != calotype.InfoPending {
		t.Errorf("what cannot be parsed: got %+v", i)
	}
	if code, _, stderr := call(t, "info", "missing.jpg", "--bucket="+bucket); code != exitFailure || !strings.Contains(stderr, "missing.jpg") {
		t.Errorf("without a source: got %d, %s", code, stderr)
	}
	if code, _, _ := call(t, "info", "resized/M/kitty.jpg", "--bucket="+bucket); code != exitUsage {
		t.Errorf("a rendition: got %d", code)
	}
}
