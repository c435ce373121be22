package worker

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype"
	"calotype/internal/awstest"
)

// once makes a hook of what is to happen before the first request that fits.
func once(method, part string, happen func()) func(*http.Request) *http.Response {
	var o sync.Once
	return func(r *http.Request) *http.Response {
		if r.Method == method && strings.Contains(r.URL.Path, part) {
			o.Do(happen)
		}
		return nil
	}
}

// Whatever happens to the source between any two steps of a job, what stands in the
// end belongs to the last version, or nothing stands.
func TestSourceChangesDuringTheJob(t *testing.T) {
	for _, step := range []struct{ name, method, part string }{
		{"before the look at the rendition", "HEAD", "/resized/M/"},
		{"before the read", "GET", "/kitty.jpg"},
		{"before the put", "PUT", "/resized/M/"},
		{"before the next put", "PUT", "/resized/XS/"},
	} {
		t.Run("replaced "+step.name, func(t *testing.T) {
			var b *bench
			var newer string
			b = newBench(t, once(step.method, step.part, func() {
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
			var b *bench
			b = newBench(t, once(step.method, step.part, func() {
				key := "kitty.jpg"
				if _, err := awstest.S3(t).DeleteObject(context.Background(), &s3.DeleteObjectInput{Bucket: &b.bucketName, Key: &key}); err != nil {
					t.Error(err)
				}
			}))
			b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
			b.do(t, job("kitty.jpg", "M"))
			b.wantDone(t)
			b.wantKeys(t)
		})
	}
}

// A job that was put off half-way, of a source that is removed before its next
// attempt, leaves nothing behind.
func TestRemovedBetweenAttempts(t *testing.T) {
	b := newBench(t, func(r *http.Request) *http.Response {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/resized/XS/") {
			return awstest.Answer(500)
		}
		return nil
	})
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	b.do(t, job("kitty.jpg", "M"))
	if body, _ := b.object(t, "resized/M/kitty.jpg"); body == nil {
		t.Fatal("the first attempt stored nothing")
	}
	key := "kitty.jpg"
	if _, err := awstest.S3(t).DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &b.bucketName, Key: &key}); err != nil {
		t.Fatal(err)
	}
	b.doNext(t)
	b.wantDone(t)
	b.wantKeys(t)
}

// Another worker that was faster with a newer version is not overwritten.
func TestOlderNeverReplacesNewer(t *testing.T) {
	var slow, fast *bench
	slow = newBench(t, once("PUT", "/resized/M/", func() {
		slow.put(t, "kitty.jpg", jpegOf(t, photo(600, 900)))
		fast.do(t, job("kitty.jpg", "M"))
	}))
	fast = newBench(t)
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

// A picture that is broken only in a version that is gone by now leaves no copy.
func TestFaultOfAnOlderVersion(t *testing.T) {
	var b *bench
	b = newBench(t, once("PUT", "/resized/M/", func() {
		b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	}))
	b.put(t, "kitty.jpg", []byte("broken"))
	b.do(t, job("kitty.jpg", "M"))
	_, o := b.object(t, "resized/M/kitty.jpg")
	if l := calotype.ParseLineage(o.Metadata); l.Kept != "" {
		t.Errorf("kept %q of the version that is gone", l.Kept)
	}
}

func TestOneSourceAtATime(t *testing.T) {
	var l keyedLock
	unlock, err := l.lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	unlockB, err := l.lock(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	unlockB()
	impatient, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errGraceOver)
	defer cancel()
	if _, err := l.lock(impatient, "a"); !errors.Is(err, errGraceOver) {
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
		t.Errorf("%d locks are left over", len(l.held))
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
