package worker

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype"
	"calotype/internal/awstest"
)

// once returns a hook that runs a function before the first matching request.
func once(method, part string, happen func()) func(*http.Request) *http.Response {
	var o sync.Once
	return func(r *http.Request) *http.Response {
		if r.Method == method && strings.Contains(r.URL.Path, part) {
			o.Do(happen)
		}
		return nil
	}
}

// Whatever happens to the source between two steps of a job, the final object belongs to
// the last version, or there is none.
func TestSourceChangesDuringTheJob(t *testing.T) {
	for _, step := range []struct{ name, method, part string }{
		{"before the rendition's HEAD", "HEAD", "/resized/M/"},
		{"before the read", "GET", "/kitty.jpg"},
		{"before the put", "PUT", "/resized/M/"},
		{"before the next put", "PUT", "/resized/XS/"},
	} {
		t.Run("replaced "+step.name, func(t *testing.T) {
			var b *fixture
			var newer string
			b = newFixture(t, once(step.method, step.part, func() {
				newer = b.put(t, "kitty.jpg", jpegOf(t, photo(600, 900)))
			}))
			b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
			b.do(t, job("kitty.jpg", "M"))
			b.wantDone(t)
			for _, key := range []string{"resized/M/kitty.jpg", "resized/XS/kitty.jpg"} {
				body, o := b.object(t, key)
				if l := calotype.ParseLineage(o.Metadata); l.SourceETag != calotype.TrimETag(newer) {
					t.Errorf("%s is of %q, want %q", key, l.SourceETag, newer)
				}
				if _, w, h := size(t, body); w >= h {
					t.Errorf("%s is %dx%d, want the tall one", key, w, h)
				}
			}
		})
		t.Run("removed "+step.name, func(t *testing.T) {
			var b *fixture
			b = newFixture(t, once(step.method, step.part, func() {
				b.remove(t, "kitty.jpg")
			}))
			b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
			b.do(t, job("kitty.jpg", "M"))
			b.wantDone(t)
			b.wantKeys(t)
		})
	}
}

// A job is retried after it was half done, and its source is removed before the next
// attempt: nothing remains.
func TestRemovedBetweenAttempts(t *testing.T) {
	b := newFixture(t, func(r *http.Request) *http.Response {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/resized/XS/") {
			return awstest.Response(500)
		}
		return nil
	})
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	b.do(t, job("kitty.jpg", "M"))
	if body, _ := b.object(t, "resized/M/kitty.jpg"); body == nil {
		t.Fatal("the first attempt stored nothing")
	}
	b.remove(t, "kitty.jpg")
	b.doNext(t)
	b.wantDone(t)
	b.wantKeys(t)
}

// before returns a hook that runs a function before the nth request.
func before(n int32, happen func()) (hook func(*http.Request) *http.Response, requests *atomic.Int32) {
	requests = &atomic.Int32{}
	return func(*http.Request) *http.Response {
		if requests.Add(1) == n {
			happen()
		}
		return nil
	}, requests
}

// The store pauses before each step of a job in turn, and each possible change happens
// meanwhile. The final object belongs to the last version, or there is none, and an older
// version never replaces a newer one.
func TestBetweenAnyTwoSteps(t *testing.T) {
	wide, tall := jpegOf(t, photo(60, 40)), jpegOf(t, photo(40, 60))
	const key = "kitty.jpg"
	for name, c := range map[string]struct {
		source []byte // The state at the start of the job.
		event  func(t *testing.T, b, other *fixture)
		last   []byte // The source at the end.
	}{
		"replaced": {wide, func(t *testing.T, b, _ *fixture) { b.put(t, key, tall) }, tall},
		"removed":  {wide, func(t *testing.T, b, _ *fixture) { b.remove(t, key) }, nil},
		"replaced, and another worker has finished": {wide, func(t *testing.T, b, other *fixture) {
			b.put(t, key, tall)
			other.do(t, job(key, "A"))
		}, tall},
		"removed, and another worker has finished": {wide, func(t *testing.T, b, other *fixture) {
			b.remove(t, key)
			other.do(t, job(key, "A"))
		}, nil},
		"another worker does the same": {wide, func(t *testing.T, _, other *fixture) { other.do(t, job(key, "A")) }, wide},
		"removed and put again": {wide, func(t *testing.T, b, other *fixture) {
			b.remove(t, key)
			other.do(t, job(key, "A"))
			b.put(t, key, tall)
		}, tall},
		"broken, then repaired":      {[]byte("broken"), func(t *testing.T, b, _ *fixture) { b.put(t, key, tall) }, tall},
		"repaired by another worker": {[]byte("broken"), func(t *testing.T, b, other *fixture) { b.put(t, key, tall); other.do(t, job(key, "A")) }, tall},
		"broken, then removed":       {[]byte("broken"), func(t *testing.T, b, _ *fixture) { b.remove(t, key) }, nil},
		"put after all":              {nil, func(t *testing.T, b, _ *fixture) { b.put(t, key, wide) }, wide},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			presets := calotype.Presets{{Name: "A", Wide: calotype.Box{Width: 20, Height: 20}, Tall: calotype.Box{Width: 20, Height: 20}}}
			other := newFixture(t)
			other.Presets = presets
			for n := int32(1); ; n++ {
				var b *fixture
				hook, requests := before(n, func() { c.event(t, b, other) })
				b = newFixture(t, hook)
				b.Presets = presets
				other.bucketName, other.bucket = b.bucketName, storeOf(t, b.bucketName)
				if c.source != nil {
					b.put(t, key, c.source)
				}
				b.do(t, job(key, "A"))
				if requests.Load() < n { // The job had ended.
					if n < 4 {
						t.Errorf("only %d steps", n-1)
					}
					return
				}
				b.wantNothingStale(t, n, c.last)
			}
		})
	}
}

// wantNothingStale checks that the rendition belongs to the current source, or that there
// is none.
func (f *fixture) wantNothingStale(t *testing.T, step int32, last []byte) {
	t.Helper()
	source, o := f.object(t, "kitty.jpg")
	if !bytes.Equal(source, last) {
		t.Fatalf("before step %d nothing happened", step)
	}
	rendition, r := f.object(t, "resized/A/kitty.jpg")
	lineage := calotype.ParseLineage(r.Metadata)
	switch {
	case rendition == nil && last == nil:
	case rendition == nil:
		t.Errorf("before step %d: there is no object", step)
	case last == nil:
		t.Errorf("before step %d: a rendition of a removed source", step)
	case lineage.SourceETag != calotype.TrimETag(o.ETag) || lineage.CopyReason != "" && lineage.CopyReason != calotype.CopyAsIs:
		t.Errorf("before step %d: the object is %+v, the source is %s", step, lineage, o.ETag)
	}
}

func (f *fixture) remove(t *testing.T, key string) {
	t.Helper()
	if _, err := awstest.S3(t).DeleteObject(context.Background(), &s3.DeleteObjectInput{Bucket: &f.bucketName, Key: &key}); err != nil {
		t.Error(err)
	}
}

// A newer version from a faster worker is not overwritten.
func TestOlderNeverReplacesNewer(t *testing.T) {
	var slow, fast *fixture
	slow = newFixture(t, once("PUT", "/resized/M/", func() {
		slow.put(t, "kitty.jpg", jpegOf(t, photo(600, 900)))
		fast.do(t, job("kitty.jpg", "M"))
	}))
	fast = newFixture(t)
	fast.bucketName, fast.bucket = slow.bucketName, storeOf(t, slow.bucketName)
	slow.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	slow.do(t, job("kitty.jpg", "M"))
	slow.wantDone(t)
	fast.wantDone(t)
	body, _ := slow.object(t, "resized/M/kitty.jpg")
	if _, w, h := size(t, body); w >= h {
		t.Errorf("got %dx%d, want the newer, tall one", w, h)
	}
}

// A picture that was broken only in an earlier version leaves no copy.
func TestFaultOfAnOlderVersion(t *testing.T) {
	var b *fixture
	b = newFixture(t, once("PUT", "/resized/M/", func() {
		b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	}))
	b.put(t, "kitty.jpg", []byte("broken"))
	b.do(t, job("kitty.jpg", "M"))
	_, o := b.object(t, "resized/M/kitty.jpg")
	if l := calotype.ParseLineage(o.Metadata); l.CopyReason != "" {
		t.Errorf("kept %q of the removed version", l.CopyReason)
	}
}

func TestOneSourceAtATime(t *testing.T) {
	var l sourceLock
	unlock, err := l.lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	unlockB, err := l.lock(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	unlockB()
	impatient, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errShutdownTimeout)
	defer cancel()
	if _, err := l.lock(impatient, "a"); !errors.Is(err, errShutdownTimeout) {
		t.Errorf("got %v, want the cause", err)
	}
	got := make(chan error)
	go func() {
		unlock, err := l.lock(t.Context(), "a")
		if err == nil {
			unlock()
		}
		got <- err
	}()
	unlock()
	if err := <-got; err != nil {
		t.Error(err)
	}
	if len(l.held) != 0 {
		t.Errorf("%d locks are left", len(l.held))
	}
}

func TestSiblings(t *testing.T) {
	presets := calotype.Presets{{Name: "A"}, {Name: "B"}}
	for name, c := range map[string]struct {
		siblings Siblings
		body     string
		want     string
	}{
		"none":             {SiblingsNone, job("k.jpg", "B.webp"), "B.webp"},
		"same format":      {SiblingsFormat, job("k.jpg", "B.webp"), "B.webp A.webp"},
		"own format":       {SiblingsFormat, job("k.jpg", "B"), "B A"},
		"two formats":      {SiblingsFormat, job("k.jpg", "B", "A.avif"), "B A.avif A B.avif"},
		"all":              {SiblingsAll, job("k.jpg", "B"), "B A A.webp B.webp"},
		"all, and avif":    {SiblingsAll, job("k.jpg", "B.avif"), "B.avif A.avif A B A.webp B.webp"},
		"all of a webp":    {SiblingsAll, job("k.webp", "B"), "B A"},
		"an unknown one's": {SiblingsFormat, job("k.jpg", "Q.webp"), "Q.webp A.webp B.webp"},
	} {
		j, err := calotype.ParseJob(c.body)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(names(c.siblings.of(j, presets)), " "); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		j.Exact = true
		if got := c.siblings.of(j, presets); len(got) != len(j.Variants) {
			t.Errorf("%s, exact: got %v", name, got)
		}
	}
}
