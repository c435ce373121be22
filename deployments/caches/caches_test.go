//go:build caches

package caches

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/edge/origin"
	"calotype/internal/awstest"
	"calotype/queue"
)

func TestMain(m *testing.M) { awstest.Main(m) }

// site is a bucket, the edge before it, and a cache before that.
type site struct {
	bucket string
	edge   *httptest.Server
	asked  atomic.Int64 // Requests that reached the edge.
	cache  string       // The URL of the cache.
}

func newSite(t *testing.T) *site {
	jobs, _ := awstest.Queues(t)
	s := &site{bucket: awstest.Bucket(t)}
	rules := edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Auto: edge.AutoFormats{calotype.WebP}}
	pictures := origin.New(rules, awstest.S3(t), s.bucket, queue.New(awstest.SQS(t), jobs), zerolog.Nop(), origin.Settings{AllowOrigin: "*"})
	s.edge = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		pictures.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.edge.Close()
		pictures.Wait()
	})
	return s
}

// content returns bytes without a pattern, larger than what some caches keep by default.
func content(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	b := make([]byte, 1_300_000)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (s *site) putSource(t *testing.T, key string, body []byte) string {
	return awstest.Put(t, s.bucket, key, body, awstest.Headers{ContentType: "image/jpeg"})
}

func (s *site) putRendition(t *testing.T, key, etag string, format calotype.Format, body []byte) {
	awstest.Put(t, s.bucket, key, body, awstest.Headers{
		ContentType: format.ContentType(), CacheControl: "public, max-age=300, s-maxage=86400",
		Metadata: calotype.Lineage{SourceETag: etag, Recipe: calotype.Recipe{Boxes: "1200x628", Format: format}}.Metadata(),
	})
}

// answer is a response through the cache.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) state() string { return a.header.Get("X-Calotype") }

func (s *site) ask(t *testing.T, method, path string, header ...string) answer {
	t.Helper()
	response, body, err := awstest.Ask(t, method, s.cache+path, header...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{response.StatusCode, response.Header, []byte(body)}
}

// await asks until the state is the wanted one.
func (s *site) await(t *testing.T, path, state string, header ...string) answer {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(300 * time.Millisecond) {
		a := s.ask(t, "GET", path, header...)
		if a.state() == state {
			return a
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: still %d %q", path, a.status, a.state())
		}
	}
}

// many sends the requests of 50 viewers at once. It returns how many reached the edge, and
// the states of the responses.
func (s *site) many(t *testing.T, path string) (asked int64, states map[string]int) {
	const viewers = 50
	before := s.asked.Load()
	states = map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range viewers {
		all.Go(func() {
			r, err := http.Get(s.cache + path)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Body.Close()
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			states[fmt.Sprint(r.StatusCode, " ", r.Header.Get("X-Calotype"))]++
		})
	}
	all.Wait()
	return s.asked.Load() - before, states
}

// Each cache shows what is pending for its few seconds, then the rendition, and never mixes
// the bytes of two.
func TestCaches(t *testing.T) {
	for name, c := range caches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.cache = c.start(t, strings.TrimPrefix(s.edge.URL, "http://"))
			t.Run("life", s.testLife)
			t.Run("resumed", s.testResumed)
			t.Run("auto", s.testAuto)
			t.Run("missing", s.testMissing)
			t.Run("many", func(t *testing.T) { s.testMany(t, c.collapses) })
		})
	}
}

func (s *site) testLife(t *testing.T) {
	original, rendition := content(1), content(2)
	etag := s.putSource(t, "life.jpg", original)
	const path = "/life.jpg?size=M&to_webp=1"
	first := s.ask(t, "GET", path)
	if first.status != 200 || first.state() != "original; pending" || !bytes.Equal(first.body, original) {
		t.Fatalf("got %d %q, %d bytes, want the original", first.status, first.state(), len(first.body))
	}
	before := s.asked.Load()
	for range 3 {
		if a := s.ask(t, "GET", path); a.state() != "original; pending" || !bytes.Equal(a.body, original) {
			t.Errorf("at once: got %d %q, want the original", a.status, a.state())
		}
	}
	if asked := s.asked.Load() - before; asked > 0 {
		t.Errorf("a pending original is not stored: %d of 3 requests reached the edge", asked)
	}
	if a := s.ask(t, "GET", "/life.jpg?size=m&to_webp=1"); a.state() != "original; untouched" {
		t.Errorf("size=m: got %q: the key ignores case", a.state())
	}
	s.putRendition(t, "resized/M.webp/life.jpg", etag, calotype.WebP, rendition)
	if a := s.await(t, path, "rendition"); !bytes.Equal(a.body, rendition) {
		t.Error("the rendition's bytes are wrong")
	}
	before = s.asked.Load()
	stored := s.ask(t, "GET", path)
	if s.asked.Load() > before || stored.state() != "rendition" {
		t.Errorf("the rendition is not stored: %q", stored.state())
	}
	if a := s.ask(t, "HEAD", path); a.status != 200 || a.state() != "rendition" || a.header.Get("Content-Length") != fmt.Sprint(len(rendition)) {
		t.Errorf("HEAD: got %d %q, Content-Length %s", a.status, a.state(), a.header.Get("Content-Length"))
	}
	if a := s.ask(t, "GET", path, "If-None-Match", stored.header.Get("ETag")); a.status != 304 {
		t.Errorf("If-None-Match: got %d, want 304", a.status)
	}
	if a := s.ask(t, "GET", path, "If-None-Match", first.header.Get("ETag")); a.status != 200 || !bytes.Equal(a.body, rendition) {
		t.Errorf("If-None-Match of the original: got %d, want the rendition", a.status)
	}
	// A server may ignore a range (RFC 9110, 14.2). HAProxy's cache does.
	switch a := s.ask(t, "GET", path, "Range", "bytes=1000-1999"); {
	case a.status == 206 && bytes.Equal(a.body, rendition[1000:2000]):
	case a.status == 200 && bytes.Equal(a.body, rendition):
	default:
		t.Errorf("a range: got %d with %d bytes", a.status, len(a.body))
	}
}

// A viewer that resumes the download of the original, before or after the rendition took
// its place, gets the rest of the original or a whole picture, and never a mixture.
func (s *site) testResumed(t *testing.T) {
	original, rendition := content(3), content(4)
	etag := s.putSource(t, "resumed.jpg", original)
	const path = "/resumed.jpg?size=M&to_webp=1"
	first := s.ask(t, "GET", path)
	check := func(when string) {
		t.Helper()
		a := s.ask(t, "GET", path, "Range", "bytes=500000-", "If-Range", first.header.Get("ETag"))
		switch {
		case a.status == 206 && bytes.Equal(a.body, original[500_000:]):
		case a.status == 200 && (bytes.Equal(a.body, original) || bytes.Equal(a.body, rendition)):
		default:
			t.Errorf("%s: got %d with %d bytes of neither the original's rest nor a whole picture", when, a.status, len(a.body))
		}
	}
	check("before")
	s.putRendition(t, "resized/M.webp/resumed.jpg", etag, calotype.WebP, rendition)
	check("at the change")
	time.Sleep(6 * time.Second) // The pending original has expired, and no one has asked since.
	check("after it expired")
	s.await(t, path, "rendition")
	check("after the rendition is stored")
}

// Answers to format=auto go to those viewers only whose Accept header they are for.
func (s *site) testAuto(t *testing.T) {
	etag := s.putSource(t, "auto.jpg", content(5))
	webp, jpeg := content(6), content(7)
	s.putRendition(t, "resized/M.webp/auto.jpg", etag, calotype.WebP, webp)
	s.putRendition(t, "resized/M/auto.jpg", etag, calotype.JPEG, jpeg)
	for range 2 {
		for accept, want := range map[string][]byte{"image/webp,*/*;q=0.8": webp, "image/png,*/*;q=0.5": jpeg} {
			if a := s.ask(t, "GET", "/auto.jpg?size=M&format=auto", "Accept", accept); a.status != 200 || !bytes.Equal(a.body, want) {
				t.Errorf("Accept: %s: got %d with the wrong bytes, of type %s", accept, a.status, a.header.Get("Content-Type"))
			}
		}
	}
}

// A picture that is missing is shown soon after its upload.
func (s *site) testMissing(t *testing.T) {
	if a := s.ask(t, "GET", "/new.jpg?size=M"); a.status != 404 {
		t.Fatalf("got %d, want 404", a.status)
	}
	s.putSource(t, "new.jpg", content(8))
	started := time.Now()
	s.await(t, "/new.jpg?size=M", "original; pending")
	if waited := time.Since(started); waited > 30*time.Second {
		t.Errorf("a 404 stayed for %v", waited)
	}
}

// Many viewers ask for a new picture, and again when its seconds are over. What a cache
// does with them is in docs/caches.md.
func (s *site) testMany(t *testing.T, collapses bool) {
	original := content(9)
	etag := s.putSource(t, "many.jpg", original)
	const path = "/many.jpg?size=M&to_webp=1"
	cold, states := s.many(t, path)
	if states["200 original; pending"] != 50 {
		t.Errorf("a new picture: %v", states)
	}
	s.putRendition(t, "resized/M.webp/many.jpg", etag, calotype.WebP, content(10))
	time.Sleep(6 * time.Second)
	expired, states := s.many(t, path)
	if states["200 original; pending"]+states["200 rendition"] != 50 {
		t.Errorf("at expiry: %v", states)
	}
	t.Logf("%s: of 50 viewers at once %d reached the edge for a new picture, %d at expiry", t.Name(), cold, expired)
	if collapses && (cold > 5 || expired > 5) {
		t.Errorf("%d and %d of 50 requests reached the edge: want them collapsed", cold, expired)
	}
	s.await(t, path, "rendition")
}
