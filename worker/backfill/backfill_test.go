package backfill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"

	"calotype"
	"calotype/internal/awstest"
	"calotype/queue"
	"calotype/worker/store"
)

func TestMain(m *testing.M) { awstest.Main(m) }

// fixture is a bucket, a queue, and a backfill of two variants.
type fixture struct {
	Backfill
	bucketName, jobsURL string
}

func newFixture(t *testing.T, hooks ...func(*http.Request) *http.Response) *fixture {
	t.Helper()
	s := &fixture{bucketName: awstest.Bucket(t)}
	s.jobsURL, _ = awstest.Queues(t)
	s.Backfill = Backfill{
		Bucket: store.New(awstest.S3(t, awstest.Hooks(hooks...)), s.bucketName), Prefix: "resized", Presets: calotype.DefaultPresets(),
		Variants: []calotype.Variant{{Preset: "S", Format: calotype.WebP}, {Preset: "M"}}, Quality: 80, Encoder: "e1", MaxBytes: 100,
		Jobs: queue.New(awstest.SQS(t), s.jobsURL), Rate: 10_000, Concurrency: 8,
	}
	return s
}

// source puts a source, whose bytes do not matter, and returns its ETag.
func (f *fixture) source(t *testing.T, key, body string) string {
	t.Helper()
	return awstest.Put(t, f.bucketName, key, []byte(body), awstest.Headers{})
}

// rendition puts a rendition as workers do, of the given version. Its recipe is current
// except for what change alters.
func (f *fixture) rendition(t *testing.T, variant, source, etag string, change func(*calotype.Lineage)) {
	t.Helper()
	v, err := calotype.ParseVariant(variant)
	if err != nil {
		t.Fatal(err)
	}
	preset, _ := f.Presets.Lookup(v.Preset)
	l := calotype.Lineage{SourceETag: etag, Recipe: calotype.Recipe{Boxes: preset.Signature(), Quality: 80, Encoder: "e1"}}
	if change != nil {
		change(&l)
	}
	awstest.Put(t, f.bucketName, f.Prefix.RenditionKey(v, source), []byte(source), awstest.Headers{Metadata: l.Metadata()})
}

func (f *fixture) run(t *testing.T) Summary {
	t.Helper()
	summary, err := f.Run(t.Context(), Position{})
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

func TestFindsMissingAndOutdated(t *testing.T) {
	s := newFixture(t)
	all := func(key string, change func(*calotype.Lineage)) {
		etag := s.source(t, key, key)
		s.rendition(t, "S.webp", key, etag, nil)
		s.rendition(t, "M", key, etag, change)
	}
	all("a-current.jpg", nil)
	all("a/box.jpg", func(l *calotype.Lineage) { l.Recipe.Boxes = "1x1" })
	all("a/broken.jpg", func(l *calotype.Lineage) { l.CopyReason, l.Recipe.Quality = "corrupt", 0 })
	all("a/broken, other encoder.jpg", func(l *calotype.Lineage) { l.CopyReason, l.Recipe.Quality, l.Recipe.Encoder = "corrupt", 0, "e0" })
	all("a/encoder.jpg", func(l *calotype.Lineage) { l.Recipe.Encoder = "e0" })
	all("a/quality.jpg", func(l *calotype.Lineage) { l.Recipe.Quality = 70 })
	all("a/replaced + é.jpg", func(l *calotype.Lineage) { l.SourceETag = "older" })
	s.source(t, "a/large.jpg", strings.Repeat("x", 101))
	s.source(t, "a/new.webp", "new")
	s.source(t, "notes.txt", "no picture")
	etag := s.source(t, "z/half.png", "half")
	s.rendition(t, "M", "z/half.png", etag, nil)

	got := s.run(t)
	want := Summary{
		Seen: 10, Current: 2, Enqueued: 7, TooLarge: 1,
		Renditions: map[calotype.Staleness]int{calotype.OtherBox: 1, calotype.OtherEncoder: 2, calotype.OtherQuality: 1, calotype.Replaced: 1, calotype.Missing: 3},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	jobs := map[string]string{}
	for _, body := range awstest.Drain(t, s.jobsURL) {
		job, err := calotype.ParseJob(body)
		if err != nil || !job.Exact || job.Quality != 80 {
			t.Errorf("got %s, %v, want an exact job in quality 80", body, err)
		}
		jobs[job.Source] = fmt.Sprint(job.Variants)
	}
	wantJobs := map[string]string{
		"a/box.jpg": "[M]", "a/broken, other encoder.jpg": "[M]", "a/encoder.jpg": "[M]", "a/quality.jpg": "[M]", "a/replaced + é.jpg": "[M]",
		"a/new.webp": "[S M]", "z/half.png": "[S.webp]",
	}
	if !reflect.DeepEqual(jobs, wantJobs) {
		t.Errorf("got jobs %v, want %v", jobs, wantJobs)
	}
}

// Missing renditions cost no calls of their own: a bucket without renditions is only
// listed.
func TestMissingCostsNoCall(t *testing.T) {
	heads := 0
	s := newFixture(t, func(r *http.Request) *http.Response {
		if r.Method == http.MethodHead {
			heads++
		}
		return nil
	})
	for i := range 30 {
		s.source(t, fmt.Sprintf("%d.jpg", i), "x")
	}
	if got := s.run(t); got.Enqueued != 30 || heads != 0 {
		t.Errorf("got %+v and %d HEADs, want 30 enqueued without one", got, heads)
	}
}

func TestOrphans(t *testing.T) {
	s := newFixture(t)
	etag := s.source(t, "m.jpg", "m")
	s.rendition(t, "S.webp", "m.jpg", etag, nil)
	s.rendition(t, "M", "m.jpg", etag, nil)
	for _, gone := range []string{"a.jpg", "m.jpeg", "z/deep/y.jpg"} {
		s.rendition(t, "XS.avif", gone, "gone", nil) // Of a variant that was not requested.
		s.rendition(t, "M", gone, "gone", nil)
	}
	for key, source := range map[string]string{"m.jpg": etag, "a.jpg": "gone"} { // Descriptions.
		awstest.Put(t, s.bucketName, "resized/.info/"+key, []byte("{}"), awstest.Headers{Metadata: calotype.Lineage{SourceETag: source}.Metadata()})
	}
	foreign := "resized/M/foreign.jpg"
	awstest.Put(t, s.bucketName, foreign, []byte("somebody's"), awstest.Headers{})

	s.DeleteOrphans, s.DryRun = true, true
	if got := s.run(t); got.Orphans != 7 || got.Deleted != 0 || got.Current != 1 {
		t.Errorf("dry run: got %+v, want 7 orphans, none of them deleted", got)
	}
	s.DryRun = false
	if got := s.run(t); got.Orphans != 7 || got.Deleted != 7 || got.Failed != 0 || got.Seen != 1 {
		t.Errorf("got %+v, want 7 orphans, all of them deleted", got)
	}
	var keys []string
	for o, err := range s.Bucket.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	if want := []string{"m.jpg", "resized/.info/m.jpg", foreign, "resized/M/m.jpg", "resized/S.webp/m.jpg"}; !slices.Equal(keys, want) {
		t.Errorf("left: %q, want %q", keys, want)
	}
	if got := s.run(t); got.Orphans != 0 {
		t.Errorf("again: got %+v", got)
	}
}

func TestDryRunSendsNothing(t *testing.T) {
	s := newFixture(t)
	s.DryRun = true
	s.Save = func(Position) error { return errors.New("no position is to be saved") }
	s.source(t, "a.jpg", "a")
	if got := s.run(t); got.Enqueued != 1 {
		t.Errorf("got %+v", got)
	}
	if jobs := awstest.Drain(t, s.jobsURL); len(jobs) != 0 {
		t.Errorf("sent %q", jobs)
	}
}

// An object that cannot be inspected fails alone; the rest continues.
func TestFailedInspection(t *testing.T) {
	s := newFixture(t, func(r *http.Request) *http.Response {
		if r.Method == http.MethodHead && strings.HasSuffix(r.URL.Path, "b.jpg") {
			return awstest.Response(500)
		}
		return nil
	})
	for _, key := range []string{"a.jpg", "b.jpg", "c.jpg"} {
		s.rendition(t, "M", key, s.source(t, key, key), nil)
	}
	var failed []string
	s.OnResult = func(f Finding) {
		if f.Err != nil {
			failed = append(failed, f.Source)
		}
	}
	if got := s.run(t); got.Failed != 1 || got.Enqueued != 2 || got.Seen != 3 || !slices.Equal(failed, []string{"b.jpg"}) {
		t.Errorf("got %+v, failed %q", got, failed)
	}
}

// Runs that are stopped at any point and resume from their last position send a job for every
// source. A job is sent again only if a kill came between it and its position.
func TestResumesWhereItStopped(t *testing.T) {
	s := newFixture(t)
	const sources = 120
	s.Rate = 400 // Slow enough for a stop to come before the end.
	for i := range sources {
		s.source(t, fmt.Sprintf("%04d.jpg", i), "x")
	}
	var at Position
	lostIn := map[string]int{} // How many runs sent a source's job after their last position.
	for stops := 0; ; stops++ {
		ctx, stop := context.WithCancel(t.Context())
		reported, limit := 0, 1+rand.IntN(40)
		var sentNow []string
		s.OnResult = func(f Finding) {
			sentNow = append(sentNow, f.Source)
			if reported++; reported == limit {
				stop()
			}
		}
		lost := stops%2 == 0 // A kill before the position of what was just sent.
		s.Save = func(p Position) error {
			if reported < limit || !lost {
				at = p
			}
			return nil
		}
		summary, err := s.Run(ctx, at)
		stop()
		for _, source := range sentNow {
			if source > at.After {
				lostIn[source]++
			}
		}
		if err == nil {
			if summary.Seen != sources || stops == 0 {
				t.Errorf("got %+v after %d stops", summary, stops)
			}
			break
		}
	}
	sent := map[string]int{}
	for _, body := range awstest.Drain(t, s.jobsURL) {
		job, err := calotype.ParseJob(body)
		if err != nil {
			t.Fatal(err)
		}
		sent[job.Source]++
	}
	for source, n := range sent {
		if n > 1+lostIn[source] {
			t.Errorf("%s was sent %d times, with %d kills between it and its position", source, n, lostIn[source])
		}
	}
	if len(sent) != sources {
		t.Errorf("%d sources were sent, want %d", len(sent), sources)
	}
}

// Batches are sent side by side: each of four waits for the three others. Their findings
// are reported in the order of keys, whichever ends first.
func TestBatchesAreSentSideBySide(t *testing.T) {
	s := newFixture(t)
	const sources = 4 * queue.MaxBatch
	for i := range sources {
		s.source(t, fmt.Sprintf("%04d.jpg", i), "x")
	}
	var all sync.WaitGroup
	all.Add(4)
	s.Jobs = queue.New(awstest.SQS(t, beforeEach(func() { all.Done(); all.Wait() })), s.jobsURL)
	var reported []string
	s.OnResult = func(f Finding) { reported = append(reported, f.Source) }
	if got := s.run(t); got.Enqueued != sources {
		t.Errorf("got %+v", got)
	}
	if sent := awstest.Drain(t, s.jobsURL); len(sent) != sources || !slices.IsSorted(reported) || len(reported) != sources {
		t.Errorf("sent %d jobs, reported %q", len(sent), reported)
	}
}

// A batch that cannot be sent ends the run, at the position before it, although later ones
// were sent.
func TestBatchThatCannotBeSent(t *testing.T) {
	s := newFixture(t)
	for i := range 40 {
		s.source(t, fmt.Sprintf("%04d.jpg", i), "x")
	}
	var calls atomic.Int32
	var saved Position
	s.Save = func(p Position) error { saved = p; return nil }
	s.Jobs = queue.New(awstest.SQS(t, failing(func() bool { return calls.Add(1) >= 2 })), s.jobsURL)
	summary, err := s.Run(t.Context(), Position{})
	if err == nil || !strings.Contains(err.Error(), "enqueue: ") || summary.Enqueued > 10 || saved.Summary.Enqueued != summary.Enqueued {
		t.Errorf("got %+v, %v, saved %+v", summary, err, saved)
	}
}

// The number of batches in flight follows the latency.
func TestInFlight(t *testing.T) {
	for _, c := range []struct {
		rate    float64
		latency time.Duration
		want    int
	}{{100, 0, 4}, {200, 20 * time.Millisecond, 2}, {2000, 20 * time.Millisecond, 7}, {5000, 50 * time.Millisecond, 38}, {100_000, time.Second, MaxInFlight}} {
		s := newSender(&Backfill{Rate: c.rate}, Position{})
		s.latency = c.latency
		if got := s.limit(); got != c.want {
			t.Errorf("at %v jobs a second and %v: %d batches, want %d", c.rate, c.latency, got, c.want)
		}
	}
}

// beforeEach calls a function before each call of an SQS client.
func beforeEach(do func()) func(*sqs.Options) {
	return failing(func() bool { do(); return false })
}

// failing has the calls of an SQS client fail for which fails is true.
func failing(fails func() bool) func(*sqs.Options) {
	return func(o *sqs.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("fail", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				if fails() {
					return middleware.InitializeOutput{}, middleware.Metadata{}, errors.New("no such luck")
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.Before)
		})
	}
}

// A store that lists in another order is refused, because keys would be missed.
func TestOrderOfKeys(t *testing.T) {
	keys := make(chan listed)
	close(keys)
	c := &cursor{listed: keys}
	ignore := func(string, string) {}
	if _, err := c.find("b.jpg", ignore); err != nil {
		t.Fatal(err)
	}
	if _, err := c.find("a.jpg", ignore); err == nil {
		t.Error("no error")
	}
}

func TestCount(t *testing.T) {
	s := newFixture(t)
	for i := range 5 {
		s.source(t, fmt.Sprintf("%d.jpg", i), "x")
	}
	s.rendition(t, "M", "0.jpg", "x", nil)
	s.source(t, "notes.txt", "x")
	last := 0
	if err := s.Count(t.Context(), func(n int) { last = n }); err != nil || last != 5 {
		t.Errorf("got %d, %v, want 5", last, err)
	}
}

// The listing of the sources skips the renditions, of which there may be many times as
// many.
func TestSourcesAreListedAroundTheRenditions(t *testing.T) {
	var mu sync.Mutex
	var behind int
	s := newFixture(t, func(r *http.Request) *http.Response {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Query().Get("start-after") == "re/sized0" && r.URL.Query().Get("prefix") == "" {
			behind++
		}
		return nil
	})
	s.Prefix = "re/sized"
	for _, key := range []string{"a.jpg", "re/a.jpg", "re/sized-not.jpg", "re/sized.jpg", "re/sized0.jpg", "re/z.jpg", "z.jpg"} {
		s.rendition(t, "M", key, s.source(t, key, key), nil)
	}
	if got := s.run(t); got.Seen != 7 || got.Renditions[calotype.Missing] != 7 || behind != 1 {
		t.Errorf("got %+v, continued after the renditions %d times, want 7 sources, each with one rendition missing, and once", got, behind)
	}
}
