package origin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/internal/awstest"
	"calotype/queue"
)

func TestMain(m *testing.M) { awstest.Main(m) }

const sourceLife = "public, max-age=77"

// fixture is an origin with a separate bucket and queue.
type fixture struct {
	*httptest.Server
	bucket, jobs string
	origin       *Origin
	log          *logged
	settle       func() // Waits until the background work of earlier responses is done.
}

func start(t *testing.T, faults ...fault) fixture {
	t.Helper()
	return startWith(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized"}, faults...)
}

func startWith(t *testing.T, rules edge.Rules, faults ...fault) fixture {
	t.Helper()
	return startSet(t, rules, Settings{}, faults...)
}

func startSet(t *testing.T, rules edge.Rules, settings Settings, faults ...fault) fixture {
	t.Helper()
	settings.MaxSourceJobs, settings.MaxJobs = 4, 8
	jobs, _ := awstest.Queues(t)
	s := fixture{bucket: awstest.Bucket(t), jobs: jobs, log: &logged{}}
	o := New(rules, awstest.S3(t, s3Faults(faults)), s.bucket, queue.New(awstest.SQS(t, sqsFaults(faults)), jobs), zerolog.New(s.log), settings)
	// A busy machine is slow: only the tests of timeouts have short ones.
	o.bucket.timeouts = timeouts{time.Minute, time.Minute, time.Minute, time.Minute}
	s.origin = o
	var answering sync.WaitGroup
	s.settle = func() { answering.Wait(); o.Wait() }
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answering.Add(1)
		defer answering.Done()
		o.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// logged holds the lines that an origin logs.
type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, strings.TrimSpace(string(p)))
	return len(p), nil
}

// count returns how many lines contain all of the parts.
func (l *logged) count(parts ...string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.lines {
		all := true
		for _, part := range parts {
			all = all && strings.Contains(line, part)
		}
		if all {
			n++
		}
	}
	return n
}

// ask gets a path with headers, given as name and value in turn.
func (f fixture) ask(t *testing.T, method, path string, header ...string) (*http.Response, string) {
	t.Helper()
	response, body, err := awstest.Ask(t, method, f.URL+path, header...)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

func (f fixture) putSource(t *testing.T, key, body string) string {
	return awstest.Put(t, f.bucket, key, []byte(body), awstest.Headers{ContentType: "image/jpeg", CacheControl: sourceLife})
}

func (f fixture) putRendition(t *testing.T, key, body, kept string) string {
	return awstest.Put(t, f.bucket, key, []byte(body), awstest.Headers{
		ContentType: "image/webp", CacheControl: "public, max-age=300, s-maxage=86400",
		Metadata: calotype.Lineage{SourceETag: "v1", CopyReason: kept}.Metadata(),
	})
}

// enqueued returns the jobs in the queue. The viewer has the picture before the job is
// sent, so it waits.
func (f fixture) enqueued(t *testing.T) []calotype.Job {
	t.Helper()
	f.settle()
	var jobs []calotype.Job
	for _, body := range awstest.Drain(t, f.jobs) {
		job, err := calotype.ParseJob(body)
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, job)
	}
	return jobs
}

func wantHeader(t *testing.T, r *http.Response, name, want string) {
	t.Helper()
	if got := r.Header.Get(name); got != want {
		t.Errorf("%s: got %q, want %q", name, got, want)
	}
}

func TestMissServesTheSourceAndEnqueues(t *testing.T) {
	s := start(t)
	s.putSource(t, "cats/kitty.jpg", "source")
	r, body := s.ask(t, "GET", "/cats/kitty.jpg?size=M&to_webp=1", "X-Amz-Cf-Id", "r1")
	if r.StatusCode != 200 || body != "source" {
		t.Errorf("got %d %q", r.StatusCode, body)
	}
	wantHeader(t, r, "X-Calotype", "original; pending")
	wantHeader(t, r, "Cache-Control", "public, max-age=1, s-maxage=5, stale-if-error=86400")
	wantHeader(t, r, "Content-Type", "image/jpeg")
	jobs := s.enqueued(t)
	if len(jobs) != 1 || jobs[0].Source != "cats/kitty.jpg" || jobs[0].Variants[0].String() != "M.webp" || jobs[0].Request != "r1" {
		t.Errorf("got %+v, want one job", jobs)
	}
}

func TestHit(t *testing.T) {
	for name, c := range map[string]struct{ kept, want string }{
		"rendition":      {"", "rendition"},
		"kept copy":      {"corrupt", "rendition; kept"},
		"kept unchanged": {calotype.CopyAsIs, "rendition; kept"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.putSource(t, "kitty.jpg", "source")
			s.putRendition(t, "resized/M.webp/kitty.jpg", "rendition", c.kept)
			r, body := s.ask(t, "GET", "/kitty.jpg?size=M&to_webp=1")
			if r.StatusCode != 200 || body != "rendition" {
				t.Errorf("got %d %q", r.StatusCode, body)
			}
			wantHeader(t, r, "X-Calotype", c.want)
			wantHeader(t, r, "Cache-Control", "public, max-age=300, s-maxage=86400")
			wantHeader(t, r, "Content-Type", "image/webp")
			for header := range r.Header {
				if strings.HasPrefix(header, "X-Amz-") {
					t.Errorf("%s reaches the viewer", header)
				}
			}
			if jobs := s.enqueued(t); len(jobs) != 0 {
				t.Errorf("enqueued %+v", jobs)
			}
		})
	}
}

func TestUntouched(t *testing.T) {
	s := start(t)
	s.putSource(t, "kitty.jpg", "source")
	for query, state := range map[string]string{
		"":                   "original; untouched",
		"?size=XXL":          "original; untouched",
		"?to_webp=1":         "original; untouched",
		"?size=M&format=svg": "original; untouched; unknown-format",
	} {
		r, body := s.ask(t, "GET", "/kitty.jpg"+query)
		if r.StatusCode != 200 || body != "source" {
			t.Errorf("%s: got %d %q", query, r.StatusCode, body)
		}
		wantHeader(t, r, "X-Calotype", state)
		wantHeader(t, r, "Cache-Control", sourceLife)
	}
	if jobs := s.enqueued(t); len(jobs) != 0 {
		t.Errorf("enqueued %+v", jobs)
	}
}

func TestNotFound(t *testing.T) {
	s := start(t)
	s.putSource(t, "notes.txt", "no picture")
	s.putRendition(t, "resized/M.webp/kitty.jpg", "rendition", "")
	s.putRendition(t, "resized/M/kitty.jpg", "rendition", "")
	for name, path := range map[string]string{
		"no source":          "/none.jpg?size=M",
		"no source, as is":   "/none.jpg",
		"no picture":         "/notes.txt",
		"the root":           "/",
		"a rendition":        "/resized/M.webp/kitty.jpg",
		"a rendition's size": "/resized/M/kitty.jpg?size=M",
		"encoded":            "/%72esized%2FM.webp/kitty.jpg",
		"folded":             "/a/..%2fresized/M.webp/kitty.jpg",
		"doubled":            "//resized/M.webp/kitty.jpg",
		"dots":               "/%2e/resized/M.webp/kitty.jpg",
	} {
		for _, method := range []string{"GET", "HEAD"} {
			if r, body := s.ask(t, method, path); r.StatusCode != 404 || strings.Contains(body, "rendition") {
				t.Errorf("%s: %s %s: got %d %q", name, method, path, r.StatusCode, body)
			}
		}
	}
	if r, _ := s.ask(t, "POST", "/kitty.jpg"); r.StatusCode != 405 || r.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: got %d, allow %q", r.StatusCode, r.Header.Get("Allow"))
	}
	if jobs := s.enqueued(t); len(jobs) != 0 {
		t.Errorf("enqueued %+v", jobs)
	}
}

func TestOddKeys(t *testing.T) {
	s := start(t)
	for path, key := range map[string]string{
		"/a%20b.jpg":              "a b.jpg",
		"/a+b.jpg":                "a+b.jpg",
		"/%C3%A9t%C3%A9/a%25.jpg": "été/a%.jpg",
		"/what%3F%23.jpg":         "what?#.jpg",
		"/%E7%8C%AB%2Fneko.PNG":   "猫/neko.PNG",
	} {
		s.putSource(t, key, "source of "+key)
		if r, body := s.ask(t, "GET", path+"?size=S"); r.StatusCode != 200 || body != "source of "+key {
			t.Errorf("%s: got %d %q", path, r.StatusCode, body)
		}
		if jobs := s.enqueued(t); len(jobs) != 1 || jobs[0].Source != key {
			t.Errorf("%s: enqueued %+v", path, jobs)
		}
		s.putRendition(t, "resized/S/"+key, "rendition of "+key, "")
		if _, body := s.ask(t, "GET", path+"?size=S"); body != "rendition of "+key {
			t.Errorf("%s: got %q", path, body)
		}
	}
}

func TestBurstEnqueuesOnce(t *testing.T) {
	s := start(t)
	s.putSource(t, "kitty.jpg", "source")
	var all sync.WaitGroup
	states := make([]string, 200)
	for i := range states {
		all.Go(func() {
			r, err := http.Get(s.URL + "/kitty.jpg?size=M")
			if err != nil {
				states[i] = err.Error()
				return
			}
			defer r.Body.Close()
			states[i] = fmt.Sprint(r.StatusCode, " ", r.Header.Get("X-Calotype"))
		})
	}
	all.Wait()
	for i, state := range states {
		if state != "200 original; pending" {
			t.Errorf("request %d: %s", i, state)
		}
	}
	if jobs := s.enqueued(t); len(jobs) != 1 {
		t.Errorf("%d jobs, want 1", len(jobs))
	}
}
