package worker

import (
	"bytes"
	"fmt"
	"image"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"calotype"
	"calotype/internal/awstest"
	"calotype/worker/failure"
)

func TestJobMakesTheVariantAndItsSiblings(t *testing.T) {
	b := newFixture(t)
	etag := b.put(t, "cats/kitty.jpg", jpegOf(t, photo(4000, 3000)))
	b.do(t, job("cats/kitty.jpg", "M.webp"))
	b.wantDone(t)
	b.wantKeys(t, "cats/kitty.jpg",
		"resized/L.webp/cats/kitty.jpg", "resized/M.webp/cats/kitty.jpg", "resized/S.webp/cats/kitty.jpg",
		"resized/SL.webp/cats/kitty.jpg", "resized/SM.webp/cats/kitty.jpg", "resized/SS.webp/cats/kitty.jpg",
		"resized/SXS.webp/cats/kitty.jpg", "resized/XS.webp/cats/kitty.jpg")

	body, o := b.object(t, "resized/M.webp/cats/kitty.jpg")
	if f, w, h := size(t, body); f != calotype.WebP || w != 837 || h != 628 {
		t.Errorf("got %s %dx%d, want webp 837x628", f, w, h)
	}
	if o.ContentType != "image/webp" || o.CacheControl != "public, max-age=300, s-maxage=86400, stale-while-revalidate=60, stale-if-error=86400" {
		t.Errorf("got %q, %q", o.ContentType, o.CacheControl)
	}
	want := calotype.Lineage{
		SourceETag: calotype.TrimETag(etag),
		Recipe:     calotype.Recipe{Boxes: "1200x628", Quality: 80, Format: calotype.WebP, Encoder: engine.Encoder()},
		Size:       calotype.Box{Width: 837, Height: 628},
	}
	if got := calotype.ParseLineage(o.Metadata); got != want {
		t.Errorf("lineage: got %+v, want %+v", got, want)
	}
	if got, want := o.Metadata[calotype.CacheTagMetadata], calotype.CacheTag("cats/kitty.jpg"); got != want {
		t.Errorf("cache tag: got %q, want %q", got, want)
	}
}

func TestSizesAndTypes(t *testing.T) {
	b := newFixture(t)
	b.Siblings = SiblingsNone
	b.put(t, "wide.jpg", jpegOf(t, photo(4000, 3000)))
	b.put(t, "tall.jpg", jpegOf(t, photo(3000, 4000)))
	b.put(t, "drawing.png", pngOf(t, grainy(1000, 1000)))
	b.put(t, "regular.png", pngOf(t, photo(900, 900))) // Its rendition would be larger.
	b.put(t, "really-a-png.jpg", pngOf(t, grainy(900, 300)))
	for name, c := range map[string]struct {
		source, variant string
		format          calotype.Format
		width, height   int
	}{
		"wide":                  {"wide.jpg", "M", calotype.JPEG, 837, 628},
		"tall":                  {"tall.jpg", "M", calotype.JPEG, 628, 837},
		"square":                {"drawing.png", "S", calotype.PNG, 480, 480},
		"never heavier":         {"regular.png", "S", calotype.PNG, 900, 900},
		"jpeg of a png":         {"drawing.png", "SS.jpeg", calotype.JPEG, 360, 360},
		"avif":                  {"wide.jpg", "SXS.avif", calotype.AVIF, 180, 135},
		"png":                   {"tall.jpg", "SXS.png", calotype.PNG, 135, 180},
		"by content, not name":  {"really-a-png.jpg", "XS", calotype.PNG, 427, 142},
		"never enlarged":        {"really-a-png.jpg", "L.webp", calotype.WebP, 900, 300},
		"the default preset SL": {"wide.jpg", "SL.webp", calotype.WebP, 1080, 810},
	} {
		b.do(t, job(c.source, c.variant))
		body, o := b.object(t, "resized/"+c.variant+"/"+c.source)
		if body == nil {
			t.Errorf("%s: no rendition", name)
			continue
		}
		f, w, h := size(t, body)
		if f != c.format || w != c.width || h != c.height || o.ContentType != c.format.ContentType() {
			t.Errorf("%s: got %s %dx%d (%s), want %s %dx%d", name, f, w, h, o.ContentType, c.format, c.width, c.height)
		}
	}
	b.wantDone(t)
}

// grainy is a photo whose grain does not compress.
func grainy(width, height int) *image.RGBA {
	img := photo(width, height)
	for i := range img.Pix {
		if i%4 != 3 {
			img.Pix[i] ^= byte(i*i>>5) & 15
		}
	}
	return img
}

func TestQuality(t *testing.T) {
	b := newFixture(t)
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	b.do(t, calotype.Job{Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M", Format: calotype.WebP}}, Quality: 30, Exact: true}.Encode())
	b.wantKeys(t, "kitty.jpg", "resized/M.webp/kitty.jpg") // Exact: no siblings.
	_, o := b.object(t, "resized/M.webp/kitty.jpg")
	if got := calotype.ParseLineage(o.Metadata).Recipe.Quality; got != 30 {
		t.Errorf("got quality %d, want the job's", got)
	}
}

// Viewers' duplicates cost two HEADs: of the source and of the requested variant.
func TestDuplicateCostsTwoHeads(t *testing.T) {
	var mu sync.Mutex
	var calls []string
	b := newFixture(t, func(r *http.Request) *http.Response {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, r.Method+" "+r.URL.Path)
		return nil
	})
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	b.do(t, job("kitty.jpg", "M"))
	calls = nil
	b.do(t, job("kitty.jpg", "M"))
	b.wantDone(t)
	slices.Sort(calls) // They are concurrent.
	want := fmt.Sprintf("[HEAD /%[1]s/kitty.jpg HEAD /%[1]s/resized/M/kitty.jpg]", b.bucketName)
	if got := fmt.Sprint(calls); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Two concurrent jobs for one source cost one decode, and two more HEADs.
func TestSameSourceSameTime(t *testing.T) {
	var mu sync.Mutex
	calls := map[string]int{}
	b := newFixture(t, func(r *http.Request) *http.Response {
		mu.Lock()
		defer mu.Unlock()
		calls[r.Method]++
		return nil
	})
	b.Siblings = SiblingsNone
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	for range 2 {
		if err := b.jobQueue.Send(t.Context(), job("kitty.jpg", "M"), 0); err != nil {
			t.Fatal(err)
		}
	}
	first, second := b.receive(t), b.receive(t)
	var both sync.WaitGroup
	both.Go(func() { b.handleOne(t, first) })
	both.Go(func() { b.handleOne(t, second) })
	both.Wait()
	b.wantDone(t)
	// The first job: the source, the rendition, the failure marker, and the source once
	// more.
	if want := "map[GET:1 HEAD:6 PUT:1]"; fmt.Sprint(calls) != want {
		t.Errorf("got %v, want %s", calls, want)
	}
}

func TestInvalidJobs(t *testing.T) {
	for name, c := range map[string]struct{ body, class string }{
		"no JSON":        {"kitty.jpg", failure.MalformedJob},
		"no variants":    {`{"v":1,"source":"kitty.jpg"}`, failure.MalformedJob},
		"no version":     {`{"source":"kitty.jpg","variants":["M"]}`, failure.MalformedJob},
		"of a rendition": {job("resized/M/kitty.jpg", "M"), failure.MalformedJob},
		"retried too long": {calotype.Job{
			Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M"}}, Attempt: 99, FirstSeen: time.Now().Add(-15 * 24 * time.Hour),
		}.Encode(), failure.RetriedTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			b := newFixture(t)
			b.do(t, c.body)
			reason := b.wantDeadLetter(t, c.class, c.body)
			if reason.Detail == "" || reason.Attempts < 1 || reason.Worker != "worker" {
				t.Errorf("got %+v", reason)
			}
			b.wantKeys(t)
		})
	}
}

// A broken picture has one dead letter, and a copy of it is stored under the requested key,
// so that viewers' requests end there.
func TestBrokenPictures(t *testing.T) {
	whole := jpegOf(t, photo(900, 600))
	for name, c := range map[string]struct {
		body        []byte
		class       string
		contentType string
	}{
		"no picture":      {[]byte("<script>alert(1)</script>"), failure.UnsupportedFormat, "application/octet-stream"},
		"empty":           {nil, failure.UnsupportedFormat, "application/octet-stream"},
		"half a header":   {whole[:400], failure.Corrupt, "image/jpeg"},
		"too many pixels": {jpegOf(t, photo(1100, 1000)), failure.TooManyPixels, "image/jpeg"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newFixture(t)
			b.Limits.Pixels = 1_000_000
			b.put(t, "kitty.jpg", c.body)
			b.do(t, job("kitty.jpg", "M.webp"))
			b.wantDeadLetter(t, c.class, job("kitty.jpg", "M.webp"))
			b.wantKeys(t, "kitty.jpg", "resized/.failed/kitty.jpg", "resized/M.webp/kitty.jpg") // No siblings.
			body, o := b.object(t, "resized/M.webp/kitty.jpg")
			if !bytes.Equal(body, c.body) || o.ContentType != c.contentType || o.CacheControl != "public, max-age=1, s-maxage=300" {
				t.Errorf("kept %d bytes, %q, %q", len(body), o.ContentType, o.CacheControl)
			}
			if kept := calotype.ParseLineage(o.Metadata).CopyReason; kept != c.class {
				t.Errorf("kept because of %q, want %q", kept, c.class)
			}

			b.do(t, job("kitty.jpg", "M.webp")) // Another viewer's job.
			b.wantDone(t)
			again := strings.Replace(job("kitty.jpg", "M.webp"), `"v":1`, `"v":1,"again":true`, 1)
			b.do(t, again)
			b.wantDeadLetter(t, c.class, again)
		})
	}
}

func TestRepairedPictureIsRendered(t *testing.T) {
	b := newFixture(t)
	b.Siblings = SiblingsNone
	b.put(t, "kitty.jpg", []byte("broken"))
	b.do(t, job("kitty.jpg", "M.webp"))
	b.wantDeadLetter(t, failure.UnsupportedFormat, job("kitty.jpg", "M.webp"))
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	b.do(t, job("kitty.jpg", "M.webp"))
	b.wantDone(t)
	_, o := b.object(t, "resized/M.webp/kitty.jpg")
	if l := calotype.ParseLineage(o.Metadata); l.CopyReason != "" || o.ContentType != "image/webp" {
		t.Errorf("got %+v, %s", l, o.ContentType)
	}
}

func TestTooManyBytesLeaveNoCopy(t *testing.T) {
	b := newFixture(t)
	b.MaxBytes = 1000
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	b.do(t, job("kitty.jpg", "M"))
	b.wantDeadLetter(t, failure.TooManyBytes, job("kitty.jpg", "M"))
	b.wantKeys(t, "kitty.jpg", "resized/.failed/kitty.jpg")

	b.do(t, job("kitty.jpg", "S")) // One dead letter per picture and version.
	b.wantDone(t)
	b.MaxBytes = 1 << 20
	b.do(t, calotype.Job{Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "S"}}, Again: true}.Encode())
	b.wantDone(t)
	if body, _ := b.object(t, "resized/S/kitty.jpg"); body == nil {
		t.Error("a replay made no rendition")
	}
	if body, _ := b.object(t, "resized/.failed/kitty.jpg"); body != nil {
		t.Error("the failure is still recorded")
	}
}

func TestUnknownPresetLeavesACopy(t *testing.T) {
	b := newFixture(t)
	b.Siblings = SiblingsNone
	source := jpegOf(t, photo(900, 600))
	b.put(t, "kitty.jpg", source)
	b.do(t, job("kitty.jpg", "XXL", "M"))
	b.wantDeadLetter(t, failure.UnknownVariant, job("kitty.jpg", "XXL", "M"))
	b.wantKeys(t, "kitty.jpg", "resized/M/kitty.jpg", "resized/XXL/kitty.jpg")
	if body, _ := b.object(t, "resized/XXL/kitty.jpg"); !bytes.Equal(body, source) {
		t.Errorf("kept %d bytes, want the source's %d", len(body), len(source))
	}
}

// A source that is small enough, with nothing to remove, is copied unchanged.
func TestPassthrough(t *testing.T) {
	b := newFixture(t)
	b.Siblings = SiblingsNone
	small := jpegOf(t, photo(60, 40))
	b.put(t, "tiny.jpg", small)
	b.do(t, calotype.Job{Source: "tiny.jpg", Variants: []calotype.Variant{{Preset: "M"}}, Quality: 100}.Encode())
	b.wantDone(t)
	body, o := b.object(t, "resized/M/tiny.jpg")
	if l := calotype.ParseLineage(o.Metadata); !bytes.Equal(body, small) || l.CopyReason != calotype.CopyAsIs || l.Size != (calotype.Box{Width: 60, Height: 40}) {
		t.Errorf("got %d bytes, %+v", len(body), l)
	}
	if o.CacheControl != "public, max-age=300, s-maxage=86400, stale-while-revalidate=60, stale-if-error=86400" {
		t.Errorf("got %q: it is as good as a rendition", o.CacheControl)
	}
}

func TestSourceMissing(t *testing.T) {
	b := newFixture(t)
	b.do(t, job("none.jpg", "M"))
	b.wantDone(t)
	b.wantKeys(t)
}

// An outage uses up no receives and leaves no dead letter: the job is retried.
func TestOutageRetriesTheJob(t *testing.T) {
	failing := true
	b := newFixture(t, func(r *http.Request) *http.Response {
		if failing && r.Method == http.MethodPut {
			return awstest.Response(503)
		}
		return nil
	})
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	b.do(t, job("kitty.jpg", "M"))
	visible, inFlight, delayed := awstest.Waiting(t, b.jobsURL)
	if visible+inFlight+delayed != "001" {
		t.Errorf("visible %s, in flight %s, delayed %s, want one delayed", visible, inFlight, delayed)
	}
	b.wantKeys(t, "kitty.jpg")

	failing = false
	b.doNext(t)
	b.wantDone(t)
	if body, _ := b.object(t, "resized/M/kitty.jpg"); body == nil {
		t.Error("no rendition after the outage")
	}
}

func TestForbiddenIsRejected(t *testing.T) {
	for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodPut} {
		b := newFixture(t, func(r *http.Request) *http.Response {
			if r.Method == method {
				return awstest.Response(403)
			}
			return nil
		})
		b.put(t, "kitty.jpg", jpegOf(t, photo(90, 60)))
		b.do(t, job("kitty.jpg", "M"))
		reason := b.wantDeadLetter(t, failure.Forbidden, job("kitty.jpg", "M"))
		if !strings.Contains(reason.Detail, "s3:GetObject") || !strings.Contains(reason.Detail, "s3:PutObject") {
			t.Errorf("%s: got %q, want the permissions", method, reason.Detail)
		}
	}
}

// A source that is stored compressed cannot be rendered; its copy is still shown.
func TestCopyKeepsItsEncoding(t *testing.T) {
	b := newFixture(t)
	b.putEncoded(t, "kitty.jpg", []byte("\x1f\x8b compressed"), "gzip")
	b.do(t, job("kitty.jpg", "M"))
	b.wantDeadLetter(t, failure.UnsupportedFormat, job("kitty.jpg", "M"))
	if _, o := b.object(t, "resized/M/kitty.jpg"); o.Encoding != "gzip" {
		t.Errorf("got encoding %q", o.Encoding)
	}
}

// Any defect of a job makes one dead letter.
func TestOneDeadLetterPerJob(t *testing.T) {
	b := newFixture(t)
	b.put(t, "kitty.jpg", []byte("broken"))
	b.do(t, job("kitty.jpg", "XXL", "M"))
	b.wantDeadLetter(t, failure.UnknownVariant, job("kitty.jpg", "XXL", "M"))
	b.wantDone(t)
}

// A damaged picture has a rendition of what could be decoded, with a short lifetime.
func TestDamagedPicture(t *testing.T) {
	b := newFixture(t)
	b.Siblings = SiblingsNone
	whole := jpegOf(t, photo(900, 600))
	b.put(t, "kitty.jpg", whole[:len(whole)/2])
	b.do(t, job("kitty.jpg", "M.webp"))
	b.wantDone(t)
	_, o := b.object(t, "resized/M.webp/kitty.jpg")
	if l := calotype.ParseLineage(o.Metadata); !l.Damaged || l.CopyReason != "" || o.CacheControl != b.FallbackCacheControl {
		t.Errorf("got %+v, %q", l, o.CacheControl)
	}
	awstest.Scrape(t, b.Worker).Want(t, awstest.Samples{"calotype_damaged_renditions_total": 1, "calotype_renditions_total": 1})
}
