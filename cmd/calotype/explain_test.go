package main

import (
	"encoding/json"
	"strings"
	"testing"

	"calotype"
	"calotype/internal/awstest"
)

func TestExplain(t *testing.T) {
	b := newDeadLetters(t)
	bucket := awstest.Bucket(t)
	etag := awstest.Put(t, bucket, "cats/a b.jpg", []byte("source"), awstest.Headers{ContentType: "image/jpeg"})
	l := calotype.Lineage{SourceETag: etag, Recipe: calotype.Recipe{Boxes: "1200x628", Quality: 80, Format: calotype.WebP, Encoder: "e1"}}
	put := func(key string, change func(l *calotype.Lineage)) {
		l := l
		change(&l)
		awstest.Put(t, bucket, key, []byte("rendition"), awstest.Headers{ContentType: "image/webp", CacheControl: "public", Metadata: l.Metadata()})
	}
	put("resized/M.webp/cats/a b.jpg", func(*calotype.Lineage) {})
	put("resized/M/cats/a b.jpg", func(l *calotype.Lineage) { l.SourceETag = "older" })
	put("resized/S/cats/a b.jpg", func(l *calotype.Lineage) { l.CopyReason, l.Recipe.Boxes = "corrupt", "854x480" })
	put("resized/XS/cats/a b.jpg", func(l *calotype.Lineage) { l.Recipe.Boxes, l.Recipe.Quality = "427x240", 70 })
	b.deadLetter(t, "corrupt", jobBody("cats/a b.jpg"), jobBody("cats/b.jpg"))

	explain := func(args ...string) (e explanation, text string) {
		t.Helper()
		args = append([]string{"explain", "--bucket=" + bucket, "--encoder=e1"}, args...)
		code, stdout, stderr := call(t, append(args, "--json")...)
		if code != exitOK {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr)
		}
		if err := json.Unmarshal([]byte(stdout), &e); err != nil {
			t.Fatal(err)
		}
		_, text, _ = call(t, args...)
		return e, text
	}
	for name, c := range map[string]struct {
		args  []string
		edge  edgeResponse
		words []string
	}{
		"current": {[]string{"https://pics.example/cats/a%20b.jpg?size=M&to_webp=1"},
			edgeResponse{200, "rendition", "public", false, "the rendition exists"},
			[]string{"resized/M.webp/cats/a b.jpg", "current", "quality 80, webp, e1"}},
		"old": {[]string{"/cats/a%20b.jpg?size=M"},
			edgeResponse{200, "rendition", "public", false, "the rendition exists"},
			[]string{"outdated: made from the version older"}},
		"old, and the edge looks": {[]string{"/cats/a%20b.jpg?size=M", "--check-source"},
			edgeResponse{200, "original; pending", "public, max-age=1, s-maxage=5, stale-if-error=86400", true, "the rendition is of another version or box"},
			[]string{"sends a job"}},
		"kept": {[]string{"resized/S/cats/a b.jpg"},
			edgeResponse{200, "rendition; kept", "public", false, "the rendition exists"},
			[]string{"because of a failure: corrupt"}},
		"by another recipe": {[]string{"/cats/a%20b.jpg?size=XS"},
			edgeResponse{200, "rendition", "public", false, "the rendition exists"},
			[]string{"calotype warm renders it again, because of its quality"}},
		"not made": {[]string{"/cats/a%20b.jpg?size=L"},
			edgeResponse{200, "original; pending", "public, max-age=1, s-maxage=5, stale-if-error=86400", true, "the rendition does not exist yet"},
			[]string{"does not exist"}},
		"not made, and the nearest is": {[]string{"/cats/a%20b.jpg?size=M&format=avif", "--pending=best"},
			edgeResponse{200, "nearest; pending; M.webp", "public, max-age=1, s-maxage=5, stale-if-error=86400", true, "the rendition does not exist yet; M.webp is the nearest that is current"},
			[]string{"resized/M.avif/cats/a b.jpg", "resized/M.webp/cats/a b.jpg"}},
		"not made, and originals are not served": {[]string{"/cats/a%20b.jpg?size=L", "--pending=none"},
			edgeResponse{Status: 404, State: "none; pending", Enqueues: true, Why: "the rendition does not exist yet; originals are not served"}, nil},
		"no size, and originals are not served": {[]string{"cats/a b.jpg", "--pending=none"},
			edgeResponse{Status: 404, Why: "no rendition is requested; originals are not served"}, nil},
		"a key": {[]string{"cats/a b.jpg"},
			edgeResponse{200, "original; untouched", "", false, "no size is requested"},
			[]string{"resized/M/cats/a b.jpg", "resized/M.webp/cats/a b.jpg", "resized/S/cats/a b.jpg", "resized/XS/cats/a b.jpg"}},
		"a key as warm has it": {[]string{"s3://" + bucket + "/resized/S/cats/a b.jpg"},
			edgeResponse{200, "rendition; kept", "public", false, "the rendition exists"}, nil},
		"a query without a path": {[]string{"cats/a b.jpg?size=M"},
			edgeResponse{Status: 404, Why: "the object does not exist; a path with a query must begin with /"}, nil},
		"an unknown size": {[]string{"/cats/a%20b.jpg?size=Q"},
			edgeResponse{200, "original; untouched", "", false, "the size is unknown; sizes are L, M, S, XS, SL, SM, SS, SXS"}, nil},
		"an unknown format": {[]string{"/cats/a%20b.jpg?size=M&format=svg"},
			edgeResponse{200, "original; untouched; unknown-format", "", false, "the format is unknown; formats are webp, avif, jxl, jpeg and png"}, nil},
		"no picture":    {[]string{"/dogs/none.jpg?size=M"}, edgeResponse{Status: 404, Why: "the picture does not exist"}, []string{"does not exist"}},
		"by its name":   {[]string{"/resized/M/cats/a%20b.jpg"}, edgeResponse{Status: 404, Why: "objects under resized/ are not served by name"}, nil},
		"not a name":    {[]string{"/notes.txt"}, edgeResponse{Status: 404, Why: "the object does not exist"}, nil},
		"no key at all": {[]string{"/%ff.jpg"}, edgeResponse{Status: 404, Why: "the path names no key"}, nil},
	} {
		e, text := explain(c.args...)
		if e.Edge != c.edge {
			t.Errorf("%s: got %+v, want %+v", name, e.Edge, c.edge)
		}
		for _, want := range c.words {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
	}
	e, text := explain("cats/a b.jpg", "--dead-letter-url="+b.deadURL)
	if len(e.DeadLetters) != 1 || e.DeadLetters[0].Reason != "corrupt" || !strings.Contains(text, "corrupt it is") {
		t.Errorf("got dead letters %+v and\n%s\nwant its own", e.DeadLetters, text)
	}
	if _, inFlight, _ := awstest.Waiting(t, b.deadURL); inFlight != "0" {
		t.Errorf("%s dead letters are still hidden", inFlight)
	}
}
