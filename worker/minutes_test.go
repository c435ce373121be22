package worker

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype"
	"calotype/internal/awstest"
	"calotype/queue"
	"calotype/worker/decoder"
	"calotype/worker/failure"
	"calotype/worker/render"
	"calotype/worker/store"
)

// conditionalStore is a store in memory that enforces conditions, for tests in fake time.
// fault answers a request in its place, or lets it pass with 0.
type conditionalStore struct {
	mu      sync.Mutex
	objects map[string]*memoryObject
	puts    int
	etag    func(string) string // Alters ETags on the way out.
	fault   func(method, key string) (status int, code string)
}

type memoryObject struct {
	body []byte
	etag string
	meta http.Header
}

func (s *conditionalStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.TrimPrefix(r.URL.Path, "/b/")
	if status, code := s.fault(r.Method, key); status != 0 {
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>it is so</Message></Error>", code)
		}
		return
	}
	if r.URL.Query().Has("list-type") {
		_, _ = io.WriteString(w, "<ListBucketResult/>")
		return
	}
	o := s.objects[key]
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	switch {
	case o == nil && r.Method == http.MethodPut && match == "":
	case o == nil:
		w.WriteHeader(http.StatusNotFound)
		return
	case match != "" && match != o.etag, none == "*":
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	switch r.Method {
	case http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		s.put(key, body, r.Header)
		w.Header().Set("ETag", s.etag(s.objects[key].etag))
	case http.MethodDelete:
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	default:
		for name, values := range o.meta {
			if strings.HasPrefix(name, "X-Amz-Meta-") || name == "Content-Type" || name == "Content-Disposition" {
				w.Header()[name] = values
			}
		}
		w.Header().Set("ETag", s.etag(o.etag))
		w.Header().Set("Content-Length", strconv.Itoa(len(o.body)))
		_, _ = w.Write(o.body)
	}
}

func (s *conditionalStore) put(key string, body []byte, meta http.Header) {
	s.puts++
	s.objects[key] = &memoryObject{body, fmt.Sprintf(`"%d"`, s.puts), meta}
}

// with runs f while the store is not used.
func (s *conditionalStore) with(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// useConditionalStore gives the bubble's worker a store with one source.
func (b *bubble) useConditionalStore(key string) *conditionalStore {
	s := &conditionalStore{
		objects: map[string]*memoryObject{},
		etag:    func(etag string) string { return etag },
		fault:   func(string, string) (int, string) { return 0, "" },
	}
	s.put(key, []byte("picture"), http.Header{})
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}
	b.bucket = store.New(s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle, o.HTTPClient = aws.String("http://s3"), true, inProcess{s}
		o.DisableLogOutputChecksumValidationSkipped = true
	}), "b")
	return s
}

// drawing is an engine without pixels: each rendition is its name, or the error.
type drawing struct {
	decodes *atomic.Int32
	err     error
}

func (d drawing) Encoder() string { return "drawing" }

func (d drawing) Open(context.Context, *decoder.Source, render.Limits, decoder.Grant) (decoder.Picture, error) {
	d.decodes.Add(1)
	return d, nil
}

func (d drawing) Header() *render.Picture {
	return &render.Picture{Format: calotype.JPEG, Width: 3000, Height: 2000}
}

func (d drawing) Memory(context.Context, []render.Target) (int64, error) { return 1 << 20, nil }

func (d drawing) Render(_ context.Context, targets []render.Target, _ decoder.Grant) iter.Seq2[render.Rendition, error] {
	return func(yield func(render.Rendition, error) bool) {
		for _, t := range targets {
			r := render.Rendition{Body: fmt.Append(nil, t), Format: t.Format, Width: t.Width, Height: t.Height}
			if !yield(r, d.err) || d.err != nil {
				return
			}
		}
	}
}

func (d drawing) Close() {}

// A viewer who asks every 20 seconds for 15 minutes causes at most one decode and one dead
// letter, and the queue does not grow: for a picture that cannot be encoded, one whose key
// answers 501 to a PUT, and one that answers 400 to a GET.
func TestFifteenMinutesOfViews(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		fault   func(method, key string) (int, string)
		class   string
		decodes int32
	}{
		"cannot be encoded": {failure.New(failure.Corrupt, "encode: no"), nil, failure.Corrupt, 1},
		"501 to a PUT": {nil, func(method, key string) (int, string) {
			if method == http.MethodPut && strings.HasSuffix(key, "kitty.jpg") {
				return 501, "NotImplemented"
			}
			return 0, ""
		}, failure.NotImplemented, 1},
		"400 to a GET": {nil, func(method, key string) (int, string) {
			if method == http.MethodGet && key == "kitty.jpg" {
				return 400, "KMS.DisabledException"
			}
			return 0, ""
		}, failure.KMSKey, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, nil)
				s := b.useConditionalStore("kitty.jpg")
				if c.fault != nil {
					s.fault = c.fault
				}
				var decodes atomic.Int32
				b.Engine = drawing{&decodes, c.err}
				stop := b.run(t)
				longest := 0
				for i := range views {
					b.queue.send(job("kitty.jpg", []string{"M", "S", "M.webp"}[i%3]))
					time.Sleep(20 * time.Second)
					all, _ := b.queue.left()
					longest = max(longest, all)
				}
				if _, err := stop(); err != nil {
					t.Error(err)
				}
				if decodes.Load() != c.decodes || len(b.queue.dead) != 1 || longest > 0 {
					t.Errorf("%d decodes, %d dead letters, up to %d messages left after a view; want %d, 1 and 0",
						decodes.Load(), len(b.queue.dead), longest, c.decodes)
				}
				metric := fmt.Sprintf(`calotype_jobs_total{class=%q,outcome="rejected"}`, c.class)
				if got := awstest.Scrape(t, b.Worker)[metric]; got != 1 {
					t.Errorf("%s is %v, want 1", metric, got)
				}
			})
		})
	}
}

// What a worker does with a store that answers a write with 409, 412 or 501, or whose ETags
// are weak or missing.
func TestStoresThatAnswerOtherwise(t *testing.T) {
	put := func(n int, status int, code string) func(string, string) (int, string) {
		return func(method, key string) (int, string) {
			if method != http.MethodPut || !strings.HasPrefix(key, "resized/M/") || n == 0 {
				return 0, ""
			}
			n--
			return status, code
		}
	}
	for name, c := range map[string]struct {
		fault     func(method, key string) (int, string)
		etag      func(string) string
		dead      string // The class of the one dead letter, or empty.
		rendition bool
	}{
		"409 once":     {put(1, 409, "ConditionalRequestConflict"), nil, "", true},
		"412 once":     {put(1, 412, "PreconditionFailed"), nil, "", true},
		"409 for long": {put(12, 409, "ConditionalRequestConflict"), nil, "", true},
		"501":          {put(-1, 501, "NotImplemented"), nil, failure.NotImplemented, false},
		"weak ETags":   {nil, func(etag string) string { return "W/" + etag }, failure.NotImplemented, false},
		"no ETags":     {nil, func(string) string { return "" }, failure.NotImplemented, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, nil)
				s := b.useConditionalStore("kitty.jpg")
				if c.fault != nil {
					s.fault = c.fault
				}
				if c.etag != nil {
					s.etag = c.etag
				}
				var decodes atomic.Int32
				b.Engine = drawing{&decodes, nil}
				stop := b.run(t)
				for range 3 {
					b.queue.send(job("kitty.jpg", "M"))
					time.Sleep(queue.MaxDelay)
				}
				if _, err := stop(); err != nil {
					t.Error(err)
				}
				var made bool
				s.with(func() { made = s.objects["resized/M/kitty.jpg"] != nil })
				all, _ := b.queue.left()
				if made != c.rendition || all != 0 || len(b.queue.dead) > 1 || (len(b.queue.dead) == 1) != (c.dead != "") {
					t.Errorf("a rendition: %v, %d messages, dead letters %q", made, all, b.queue.dead)
				}
				if c.dead != "" && awstest.Scrape(t, b.Worker)[fmt.Sprintf(`calotype_jobs_total{class=%q,outcome="rejected"}`, c.dead)] != 1 {
					t.Errorf("no job was rejected as %s", c.dead)
				}
				if n := decodes.Load(); c.etag != nil && n != 0 {
					t.Errorf("%d decodes of a picture that cannot be published", n)
				}
			})
		})
	}
}

// A header of the source that no request can carry does not keep its copy from being put,
// and a download stays one.
func TestCopyOfASourceWithOddHeaders(t *testing.T) {
	for given, want := range map[string]string{
		`attachment; filename="a.jpg"`: `attachment; filename="a.jpg"`, "inline": "inline", "": "",
		"attachment; filename=\"\xe9\x7f.jpg\"": "attachment", "inline; filename=\"été.jpg\"": "attachment",
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBubble(t, nil)
			s := b.useConditionalStore("kitty.jpg")
			s.put("kitty.jpg", []byte("picture"), http.Header{"Content-Disposition": {given}})
			b.Engine = drawing{new(atomic.Int32), failure.New(failure.Corrupt, "no")}
			b.queue.send(job("kitty.jpg", "M"))
			stop := b.run(t)
			time.Sleep(time.Minute)
			if _, err := stop(); err != nil {
				t.Error(err)
			}
			copied := s.objects["resized/M/kitty.jpg"]
			if all, _ := b.queue.left(); copied == nil || copied.meta.Get("Content-Disposition") != want || all != 0 || len(b.queue.dead) != 1 {
				t.Errorf("%q: got %+v, %d messages, dead letters %q", given, copied, all, b.queue.dead)
			}
		})
	}
}

// While no dead letter can be sent, a picture that fails is decoded once an hour and not at
// each retry. It has its dead letter in the end.
func TestFailureWhileNoDeadLetterCanBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		s := b.useConditionalStore("kitty.jpg")
		var decodes atomic.Int32
		b.Engine = drawing{&decodes, failure.New(failure.Corrupt, "no")}
		refuse := func(refused bool) {
			b.queue.mu.Lock()
			defer b.queue.mu.Unlock()
			b.queue.refuse = map[string]bool{"dead": refused}
		}
		refuse(true)
		b.queue.send(job("kitty.jpg", "M"))
		stop := b.run(t)
		time.Sleep(3 * time.Hour)
		if n := decodes.Load(); n < 1 || n > 4 {
			t.Errorf("%d decodes in 3 hours, want one an hour", n)
		}
		refuse(false)
		time.Sleep(time.Hour)
		if _, err := stop(); err != nil {
			t.Error(err)
		}
		var copied bool
		s.with(func() { copied = s.objects["resized/M/kitty.jpg"] != nil })
		if all, _ := b.queue.left(); all != 0 || len(b.queue.dead) != 1 || !copied {
			t.Errorf("%d messages, dead letters %q, a copy: %v", all, b.queue.dead, copied)
		}
	})
}
