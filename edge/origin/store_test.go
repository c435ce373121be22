package origin

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"calotype"
	"calotype/edge"
	"calotype/internal/awstest"
)

// read gets a path and returns the body with the error of reading it.
func (f fixture) read(t *testing.T, path string, header ...string) (string, error) {
	t.Helper()
	_, body, err := awstest.Ask(t, http.MethodGet, f.URL+path, header...)
	return body, err
}

// response returns a store's response with headers, given as name and value in turn.
func respond(status int, length int64, body string, header ...string) *http.Response {
	r := &http.Response{StatusCode: status, ContentLength: length, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// Responses with a success status that cannot be an object's are errors. For a rendition
// the original is served; for an original the response is 502.
func TestResponsesThatAreNotObjects(t *testing.T) {
	for name, response := range map[string]func() *http.Response{
		"no Content-Length": func() *http.Response { return respond(200, -1, "", "ETag", `"x"`) },
		"204":               func() *http.Response { return respond(204, 0, "", "ETag", `"x"`, "Content-Length", "0") },
		"HTML": func() *http.Response {
			return respond(200, 5, "<p>ok", "Content-Length", "5", "Content-Type", "text/html")
		},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			s := start(t, func(r *http.Request) *http.Response {
				if strings.Contains(r.URL.Path, "/resized/") || strings.Contains(r.URL.Path, "broken") {
					return response()
				}
				return nil
			})
			s.putSource(t, "kitty.jpg", "source")
			r, body := s.ask(t, method, "/kitty.jpg?size=M")
			if r.StatusCode != 200 || method == "GET" && body != "source" {
				t.Errorf("%s, %s: got %d %q, want the original", name, method, r.StatusCode, body)
			}
			wantHeader(t, r, "X-Calotype", "original; pending")
			r, _ = s.ask(t, method, "/broken.jpg")
			if r.StatusCode != 502 {
				t.Errorf("%s, %s: got %d for an original, want 502", name, method, r.StatusCode)
			}
			wantHeader(t, r, "Cache-Control", "no-store")
			s.settle()
			awstest.Scrape(t, s.origin).Want(t, awstest.Samples{`calotype_store_failures_total{kind="invalid"}`: 2})
		}
	}
}

// A response whose bytes end too early is counted and logged as cut, not under its first
// state.
func TestCutResponse(t *testing.T) {
	s := start(t, func(r *http.Request) *http.Response {
		if strings.Contains(r.URL.Path, "/resized/") {
			return respond(200, 100, "0123456789", "Content-Length", "100", "ETag", `"x"`)
		}
		return nil
	})
	if body, err := s.read(t, "/kitty.jpg?size=M"); err == nil || body != "0123456789" {
		t.Errorf("got %q, %v, want the connection closed after 10 bytes", body, err)
	}
	s.settle()
	awstest.Scrape(t, s.origin).Want(t, awstest.Samples{
		`calotype_responses_total{state="cut"}`:       1,
		`calotype_responses_total{state="rendition"}`: 0,
	})
	if n := s.log.count(`"message":"response cut"`, `"key":"resized/M/kitty.jpg"`, "unexpected EOF"); n != 1 {
		t.Errorf("%d lines about it, want 1: %q", n, s.log.lines)
	}
}

// An object with a lineage is a rendition, perhaps of another prefix. It is served
// unchanged, and never becomes a source.
func TestRenditionIsNotASource(t *testing.T) {
	s := start(t)
	awstest.Put(t, s.bucket, "thumbs/M/kitty.jpg", []byte("rendition"), awstest.Headers{
		ContentType: "image/jpeg", CacheControl: sourceLife, Metadata: calotype.Lineage{SourceETag: "v1"}.Metadata(),
	})
	r, body := s.ask(t, "GET", "/thumbs/M/kitty.jpg?size=S")
	if r.StatusCode != 200 || body != "rendition" {
		t.Errorf("got %d %q", r.StatusCode, body)
	}
	wantHeader(t, r, edge.StateHeader, edge.StateUntouched)
	wantHeader(t, r, "Cache-Control", sourceLife)
	if jobs := s.enqueued(t); len(jobs) != 0 {
		t.Errorf("enqueued %+v", jobs)
	}
}

func TestHeadersOfEveryResponse(t *testing.T) {
	s := start(t, on("broken", http.StatusInternalServerError))
	s.putSource(t, "kitty.jpg", "source")
	s.putRendition(t, "resized/S/kitty.jpg", "rendition", "")
	for path, cacheControl := range map[string]string{
		"/kitty.jpg":           sourceLife,
		"/kitty.jpg?size=M":    edge.PendingCacheControl,
		"/kitty.jpg?size=S":    "public, max-age=300, s-maxage=86400",
		"/none.jpg":            edge.NotFoundCacheControl,
		"/none.jpg?size=M":     edge.NotFoundCacheControl,
		"/notes.txt":           edge.NotFoundCacheControl,
		"/resized/S/kitty.jpg": edge.NotFoundCacheControl,
		"/broken.jpg":          edge.ErrorCacheControl,
	} {
		r, _ := s.ask(t, "GET", path)
		wantHeader(t, r, "X-Content-Type-Options", "nosniff")
		wantHeader(t, r, "Cache-Control", cacheControl)
	}
	r, _ := s.ask(t, "POST", "/kitty.jpg")
	wantHeader(t, r, "X-Content-Type-Options", "nosniff")
	// Without a Content-Type the extension decides, since browsers may not guess.
	awstest.Put(t, s.bucket, "plain.png", []byte("<script>"), awstest.Headers{})
	if r, _ := s.ask(t, "GET", "/plain.png"); strings.HasPrefix(r.Header.Get("Content-Type"), "text/") {
		t.Errorf("Content-Type %q was guessed from the bytes", r.Header.Get("Content-Type"))
	}
	awstest.Put(t, s.bucket, "page.png", []byte("<script>"), awstest.Headers{ContentType: "text/html"})
	r, _ = s.ask(t, "GET", "/page.png")
	wantHeader(t, r, "Content-Type", "application/octet-stream")
}

// Beyond the budget the response is the original, without a job.
func TestJobBudget(t *testing.T) {
	s := start(t) // 4 per source, 8 in total.
	s.putSource(t, "a.jpg", "source")
	for _, size := range []string{"M", "S", "XS", "L", "SM", "SS"} {
		if r, _ := s.ask(t, "GET", "/a.jpg?size="+size); r.StatusCode != 200 || r.Header.Get("X-Calotype") != "original; pending" {
			t.Errorf("%s: got %d %v", size, r.StatusCode, r.Header)
		}
	}
	if jobs := s.enqueued(t); len(jobs) != 4 {
		t.Errorf("%d jobs for one source, want 4", len(jobs))
	}
	for _, key := range []string{"b", "c", "d", "e", "f", "g"} {
		s.putSource(t, key+".jpg", "source")
		s.ask(t, "GET", "/"+key+".jpg?size=M")
	}
	if jobs := s.enqueued(t); len(jobs) != 4 {
		t.Errorf("%d more jobs, want 4 of 8", len(jobs))
	}
	awstest.Scrape(t, s.origin).Want(t, awstest.Samples{
		`calotype_enqueues_total{result="sent"}`:        8,
		`calotype_enqueues_total{result="over-budget"}`: 4,
	})
	if n := s.log.count("job budget used up"); n != 1 {
		t.Errorf("%d lines, want 1 a minute", n)
	}
}
