package origin

import (
	"net/http"
	"strings"
	"testing"

	"calotype"
	"calotype/edge"
	"calotype/internal/awstest"
)

var infoRules = edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Info: true}

func TestInfoIsPending(t *testing.T) {
	s := startWith(t, infoRules)
	etag := awstest.Put(t, s.bucket, "cats/kitty cat.jpg", []byte("source"), awstest.Headers{ContentType: "image/jpeg", Metadata: map[string]string{"focal": "0.3,0.7"}})
	r, body := s.ask(t, "GET", "/cats/kitty%20cat.jpg?info=1")
	if r.StatusCode != http.StatusAccepted {
		t.Errorf("got %d", r.StatusCode)
	}
	wantHeader(t, r, "X-Calotype", "info; pending")
	wantHeader(t, r, "Content-Type", "application/json")
	wantHeader(t, r, "Cache-Control", edge.NotFoundCacheControl)
	for _, part := range []string{
		`"state": "pending"`, `"source": "cats/kitty cat.jpg"`, `"etag": "` + calotype.TrimETag(etag) + `"`, `"bytes": 6`, `"type": "image/jpeg"`,
		`"x": 0.3`, `"url": "/cats/kitty%20cat.jpg?size=M"`,
	} {
		if !strings.Contains(body, part) {
			t.Errorf("no %s in %s", part, body)
		}
	}
	if r, body = s.ask(t, "HEAD", "/cats/kitty%20cat.jpg?info=1"); r.StatusCode != http.StatusAccepted || body != "" {
		t.Errorf("HEAD: got %d %q", r.StatusCode, body)
	}
	s.settle()
	jobs := awstest.Drain(t, s.jobs)
	if len(jobs) != 1 || !strings.Contains(jobs[0], `"source":"cats/kitty cat.jpg","info":true`) {
		t.Errorf("jobs: got %q", jobs)
	}
	if n := s.log.count(`"message":"enqueue"`, `"variant":"info"`); n != 1 {
		t.Errorf("%d lines about the job", n)
	}
	if r, _ := s.ask(t, "GET", "/missing.jpg?info=1"); r.StatusCode != http.StatusNotFound {
		t.Errorf("without a source: got %d", r.StatusCode)
	}
	awstest.Scrape(t, s.origin).Want(t, awstest.Samples{`calotype_responses_total{state="pending"}`: 2, `calotype_responses_total{state="not-found"}`: 1})
}

func TestInfo(t *testing.T) {
	s := startWith(t, infoRules)
	info := calotype.Info{Source: "kitty.jpg", State: calotype.InfoReady, Width: 4000, Height: 3000, Frames: 1, ThumbHash: []byte{1, 2, 3}, Colour: "#102030"}
	lineage := calotype.Lineage{SourceETag: "v1", Recipe: calotype.InfoRecipe("e")}
	awstest.Put(t, s.bucket, "resized/.info/kitty.jpg", info.Encode(), awstest.Headers{ContentType: "application/json", CacheControl: sourceLife, Metadata: lineage.Metadata()})
	r, body := s.ask(t, "GET", "/kitty.jpg?info=1")
	if r.StatusCode != http.StatusOK || !strings.Contains(body, `"thumbhash": "AQID"`) || !strings.Contains(body, "\"M\": {\n      \"width\": 837,\n      \"height\": 628,\n      \"url\": \"/kitty.jpg?size=M\"\n    }") {
		t.Errorf("got %d %s", r.StatusCode, body)
	}
	wantHeader(t, r, "X-Calotype", "info")
	wantHeader(t, r, "Cache-Control", sourceLife)
	wantHeader(t, r, "Content-Type", "application/json")
	etag := r.Header.Get("ETag")
	if r, body := s.ask(t, "GET", "/kitty.jpg?info=1", "If-None-Match", etag); r.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("with its ETag: got %d %q", r.StatusCode, body)
	}
	if r, body := s.ask(t, "HEAD", "/kitty.jpg?info=1"); r.StatusCode != http.StatusOK || body != "" || r.Header.Get("ETag") != etag {
		t.Errorf("HEAD: got %d %q", r.StatusCode, body)
	}
	if r, _ := s.ask(t, "GET", "/resized/.info/kitty.jpg"); r.StatusCode != http.StatusNotFound {
		t.Errorf("by its key: got %d", r.StatusCode)
	}
	s.settle()
	awstest.Scrape(t, s.origin).Want(t, awstest.Samples{`calotype_responses_total{state="info"}`: 3})
	if jobs := awstest.Drain(t, s.jobs); len(jobs) != 0 {
		t.Errorf("jobs: got %q", jobs)
	}
	awstest.Put(t, s.bucket, "resized/.info/other.jpg", []byte("no JSON"), awstest.Headers{Metadata: lineage.Metadata()})
	s.putSource(t, "other.jpg", "source")
	if r, _ := s.ask(t, "GET", "/other.jpg?info=1"); r.StatusCode != http.StatusAccepted {
		t.Errorf("of an object that is no description: got %d", r.StatusCode)
	}
}

// Nothing can be said while the store fails.
func TestInfoOfAFailingStore(t *testing.T) {
	s := startWith(t, infoRules, func(r *http.Request) *http.Response {
		if strings.Contains(r.URL.Path, "/.info/") {
			return respond(500, 0, "", "Content-Length", "0")
		}
		return nil
	})
	s.putSource(t, "kitty.jpg", "source")
	r, _ := s.ask(t, "GET", "/kitty.jpg?info=1")
	if r.StatusCode != http.StatusBadGateway {
		t.Errorf("got %d", r.StatusCode)
	}
	wantHeader(t, r, "Cache-Control", "no-store")
}

// A replaced picture's description is not served where the edge checks.
func TestInfoIsChecked(t *testing.T) {
	checked := infoRules
	checked.CheckSource = true
	s := startWith(t, checked)
	etag := s.putSource(t, "kitty.jpg", "source")
	put := func(etag string) {
		lineage := calotype.Lineage{SourceETag: etag, Recipe: calotype.InfoRecipe("e")}
		awstest.Put(t, s.bucket, "resized/.info/kitty.jpg", calotype.Info{State: calotype.InfoReady}.Encode(), awstest.Headers{Metadata: lineage.Metadata()})
	}
	for version, want := range map[string]int{etag: http.StatusOK, "before": http.StatusAccepted} {
		put(version)
		if r, _ := s.ask(t, "GET", "/kitty.jpg?info=1"); r.StatusCode != want {
			t.Errorf("of %s: got %d, want %d", version, r.StatusCode, want)
		}
	}
}
