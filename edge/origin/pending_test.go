package origin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"calotype"
	"calotype/edge"
	"calotype/internal/awstest"
	"calotype/queue"
)

func (f fixture) putMade(t *testing.T, key, body, etag, boxes string, format calotype.Format) {
	awstest.Put(t, f.bucket, key, []byte(body), awstest.Headers{
		ContentType: format.ContentType(), CacheControl: "public, max-age=300, s-maxage=86400",
		Metadata: calotype.Lineage{SourceETag: etag, Recipe: calotype.Recipe{Boxes: boxes, Format: format}}.Metadata(),
	})
}

func TestBest(t *testing.T) {
	s := startWith(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Pending: edge.PendingBest})
	etag := s.putSource(t, "k.jpg", "the original")
	answer := func(query, wantState, wantBody string) *http.Response {
		t.Helper()
		r, body := s.ask(t, "GET", "/k.jpg?"+query)
		wantHeader(t, r, "X-Calotype", wantState)
		if r.StatusCode != 200 || body != wantBody {
			t.Errorf("%s: got %d %q, want %q", query, r.StatusCode, body, wantBody)
		}
		return r
	}
	answer("size=M&format=avif", "original; pending", "the original")
	s.putMade(t, "resized/M/k.jpg", "jpeg", etag, "1200x628", calotype.JPEG)
	answer("size=M&format=avif", "nearest; pending; M", "jpeg")
	s.putMade(t, "resized/M.webp/k.jpg", "webp", "older", "1200x628", calotype.WebP)
	answer("size=M&format=avif", "nearest; pending; M", "jpeg")
	s.putMade(t, "resized/M.webp/k.jpg", "webp", etag, "1200x628", calotype.WebP)
	r := answer("size=M&format=avif", "nearest; pending; M.webp", "webp")
	wantHeader(t, r, "Cache-Control", edge.PendingCacheControl)
	wantHeader(t, r, "Content-Type", "image/webp")
	wantHeader(t, r, "Accept-Ranges", "")
	if again, _ := s.ask(t, "GET", "/k.jpg?size=M&format=avif", "If-None-Match", r.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("the same nearest rendition: got %d, want 304", again.StatusCode)
	}
	if part, body := s.ask(t, "GET", "/k.jpg?size=M&format=avif", "Range", "bytes=1-2"); part.StatusCode != 200 || body != "webp" {
		t.Errorf("a range of the nearest rendition: got %d %q, want it whole", part.StatusCode, body)
	}
	s.putMade(t, "resized/M.avif/k.jpg", "avif", etag, "1200x628", calotype.AVIF)
	answer("size=M&format=avif", "rendition", "avif")
	if r, _ := s.ask(t, "GET", "/none.jpg?size=M&format=avif"); r.StatusCode != 404 {
		t.Errorf("no source: got %d, want 404", r.StatusCode)
	}
	s.settle()
	if jobs := awstest.Drain(t, s.jobs); len(jobs) != 1 {
		t.Errorf("jobs %v: want one", jobs)
	}
}

func TestNone(t *testing.T) {
	s := startWith(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Pending: edge.PendingNone})
	etag := s.putSource(t, "k.jpg", "the original")
	for _, c := range []struct{ method, path, state string }{
		{"GET", "/k.jpg", "none"}, {"GET", "/k.jpg?size=Q", "none"}, {"GET", "/k.jpg?size=M&format=svg", "none"},
		{"GET", "/k.jpg?size=M", "none; pending"}, {"HEAD", "/k.jpg?size=M", "none; pending"}, {"GET", "/none.jpg?size=M", "none"},
	} {
		r, body := s.ask(t, c.method, c.path)
		if r.StatusCode != 404 || c.method == "GET" && body != "404 page not found\n" {
			t.Errorf("%s %s: got %d %q, want 404", c.method, c.path, r.StatusCode, body)
		}
		wantHeader(t, r, "X-Calotype", c.state)
		wantHeader(t, r, "Cache-Control", edge.NotFoundCacheControl)
	}
	s.settle()
	if jobs := awstest.Drain(t, s.jobs); len(jobs) != 1 {
		t.Errorf("jobs %v: want one", jobs)
	}
	s.putMade(t, "resized/M/k.jpg", "jpeg", etag, "1200x628", calotype.JPEG)
	if r, body := s.ask(t, "GET", "/k.jpg?size=M"); r.StatusCode != 200 || body != "jpeg" {
		t.Errorf("the rendition: got %d %q", r.StatusCode, body)
	}
	s.putRendition(t, "resized/M/k.jpg", "the original", "corrupt")
	if r, body := s.ask(t, "GET", "/k.jpg?size=M"); r.StatusCode != 404 || body == "the original" {
		t.Errorf("a fallback copy: got %d %q, want 404", r.StatusCode, body)
	}
}

// format=auto: the original, then WebP with a job of low priority, then AVIF. Every response
// varies by Accept.
func TestAuto(t *testing.T) {
	s := startWith(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}})
	low, _ := awstest.Queues(t)
	s.origin.lowJobs = queue.New(awstest.SQS(t), low)
	etag := s.putSource(t, "k.jpg", "the original")
	const avif, webp = "image/avif,image/webp,*/*;q=0.8", "image/webp,*/*"
	answer := func(accept, wantState, wantBody, wantLife string) {
		t.Helper()
		r, body := s.ask(t, "GET", "/k.jpg?size=M&format=auto", "Accept", accept)
		wantHeader(t, r, "X-Calotype", wantState)
		wantHeader(t, r, "Vary", "Accept")
		wantHeader(t, r, "Cache-Control", wantLife)
		if r.StatusCode != 200 || body != wantBody {
			t.Errorf("%s: got %d %q, want %q", accept, r.StatusCode, body, wantBody)
		}
		if again, _ := s.ask(t, "GET", "/k.jpg?size=M&format=auto", "Accept", accept, "If-None-Match", r.Header.Get("ETag")); again.StatusCode != 304 || again.Header.Get("Vary") != "Accept" {
			t.Errorf("%s: got %d, Vary %q, want 304", accept, again.StatusCode, again.Header.Get("Vary"))
		}
	}
	jobs := func(url, want string) {
		t.Helper()
		s.settle()
		got := awstest.Drain(t, url)
		if want == "" && len(got) != 0 || want != "" && (len(got) != 1 || !strings.Contains(got[0], `"variants":["`+want+`"]`)) {
			t.Errorf("jobs %v, want %q", got, want)
		}
	}
	const stored = "public, max-age=300, s-maxage=86400"
	answer(avif, "original; pending", "the original", edge.PendingCacheControl)
	jobs(s.jobs, "M.webp")
	jobs(low, "")
	s.putMade(t, "resized/M.webp/k.jpg", "webp", etag, "1200x628", calotype.WebP)
	answer(avif, "nearest; pending; M.webp", "webp", edge.UpgradeCacheControl)
	answer(webp, "rendition", "webp", stored)
	jobs(s.jobs, "")
	jobs(low, "M.avif")
	s.putMade(t, "resized/M.avif/k.jpg", "avif", etag, "1200x628", calotype.AVIF)
	answer(avif, "rendition", "avif", stored)
	s.putMade(t, "resized/M/k.jpg", "jpeg", etag, "1200x628", calotype.JPEG)
	answer("*/*", "rendition", "jpeg", stored)
	for _, path := range []string{"/none.jpg?size=M&format=auto", "/resized/M/k.jpg?format=AUTO"} {
		if r, _ := s.ask(t, "GET", path); r.StatusCode != 404 || r.Header.Get("Vary") != "Accept" {
			t.Errorf("%s: got %d, Vary %q", path, r.StatusCode, r.Header.Get("Vary"))
		}
	}
	if r, _ := s.ask(t, "GET", "/k.jpg?size=M&to_webp=1"); r.Header.Get("Vary") != "" {
		t.Error("a response that does not depend on Accept says that it does")
	}
}

// Where originals must not be seen, format=auto serves its first step and nothing else.
func TestAutoNone(t *testing.T) {
	s := startWith(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}, Pending: edge.PendingNone})
	etag := s.putSource(t, "k.jpg", "the original")
	ask := func(status int, want string) {
		t.Helper()
		if r, body := s.ask(t, "GET", "/k.jpg?size=M&format=auto", "Accept", "image/avif,image/webp"); r.StatusCode != status || body != want {
			t.Errorf("got %d %q, want %d %q", r.StatusCode, body, status, want)
		}
	}
	ask(404, "404 page not found\n")
	s.putMade(t, "resized/M.webp/k.jpg", "webp", etag, "1200x628", calotype.WebP)
	ask(200, "webp")
}

// A nearest rendition that became a fallback copy after it was inspected is not served where
// originals must not be seen.
func TestNearestReplaced(t *testing.T) {
	s := startWith(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}, Pending: edge.PendingNone})
	etag := s.putSource(t, "k.jpg", "the original")
	s.putRendition(t, "resized/M.webp/k.jpg", "the original", "corrupt")
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/k.jpg?size=M&format=auto", nil)
	r.Header.Set("Accept", "image/avif")
	d := s.origin.rules.Decide(edge.Request{Method: "GET", Path: "/k.jpg", Query: r.URL.RawQuery, Accept: "image/avif"})
	observed, done := s.origin.metrics.observe(w)
	defer done()
	v := view{Origin: s.origin, w: observed, r: r, decision: d, deadline: time.Now().Add(time.Minute)}
	before := edge.Resolution{Serve: edge.ServeNearest, Nearest: d.First, State: edge.NearestState(d.First)}
	v.serveNearest(edge.Observation{Status: edge.Missing}, edge.Observation{Status: edge.Found, ETag: etag}, before)
	if w.Code != 404 || w.Body.String() == "the original" {
		t.Errorf("got %d %q, want 404", w.Code, w.Body.String())
	}
}

// The fallback copy of a picture that could not be made as AVIF does not hide its WebP.
func TestAutoPrefersARenditionToACopy(t *testing.T) {
	s := startWith(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}})
	etag := s.putSource(t, "k.jpg", "the original")
	awstest.Put(t, s.bucket, "resized/M.avif/k.jpg", []byte("the original"), awstest.Headers{ContentType: "image/jpeg",
		Metadata: calotype.Lineage{SourceETag: etag, CopyReason: "too-much-memory", Recipe: calotype.Recipe{Boxes: "1200x628"}}.Metadata()})
	ask := func(want string) {
		t.Helper()
		r, body := s.ask(t, "GET", "/k.jpg?size=M&format=auto", "Accept", "image/avif,image/webp")
		if got := r.Header.Get("X-Calotype") + " " + body; r.StatusCode != 200 || got != want {
			t.Errorf("got %d %q, want %q", r.StatusCode, got, want)
		}
	}
	ask("rendition; kept the original")
	s.putMade(t, "resized/M.webp/k.jpg", "webp", etag, "1200x628", calotype.WebP)
	ask("nearest; pending; M.webp webp")
	if jobs := s.enqueued(t); len(jobs) > 0 {
		t.Errorf("got jobs %v: AVIF failed before", jobs)
	}
}
