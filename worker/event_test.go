package worker

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"

	"calotype"
	"calotype/internal/awstest"
	"calotype/queue"
	"calotype/worker/failure"
)

// created and removed are S3's events for the fixture's bucket.
func (f *fixture) created(key string) string {
	return calotype.Event{Name: "ObjectCreated:Put", Bucket: f.bucketName, Key: key}.Encode()
}

func (f *fixture) removed(key string) string {
	return calotype.Event{Name: "ObjectRemoved:Delete", Bucket: f.bucketName, Key: key}.Encode()
}

// standing makes renditions of a source in the variants.
func (f *fixture) standing(t *testing.T, key string, body []byte, variants ...string) {
	t.Helper()
	f.Siblings = SiblingsNone
	f.put(t, key, body)
	f.do(t, job(key, variants...))
	f.wantDone(t)
}

func (f *fixture) wantOf(t *testing.T, etag string, keys ...string) {
	t.Helper()
	for _, key := range keys {
		_, o := f.object(t, key)
		if l := calotype.ParseLineage(o.Metadata); l.SourceETag != calotype.TrimETag(etag) {
			t.Errorf("%s is of %q, want %q", key, l.SourceETag, etag)
		}
	}
}

// Every existing rendition follows its source, in every format; other renditions are not
// made.
func TestRenditionsFollowTheirSource(t *testing.T) {
	b := newFixture(t)
	const key = "cats/red + été.jpg"
	b.standing(t, key, jpegOf(t, photo(900, 600)), "M", "XS.avif")
	etag := b.put(t, key, jpegOf(t, photo(600, 900)))
	b.do(t, b.created(key))
	b.wantDone(t)
	b.wantKeys(t, key, "resized/M/"+key, "resized/XS.avif/"+key)
	b.wantOf(t, etag, "resized/M/"+key, "resized/XS.avif/"+key)

	b.remove(t, key)
	b.do(t, b.removed(key))
	b.wantDone(t)
	b.wantKeys(t)
}

// Events may be late: the object decides, not the event.
func TestEventsAreHints(t *testing.T) {
	b := newFixture(t)
	b.standing(t, "kitty.jpg", jpegOf(t, photo(900, 600)), "M")
	etag := b.put(t, "kitty.jpg", jpegOf(t, photo(600, 900)))
	b.do(t, b.removed("kitty.jpg"))
	b.wantOf(t, etag, "resized/M/kitty.jpg")
	b.remove(t, "kitty.jpg")
	b.do(t, b.created("kitty.jpg"))
	b.wantKeys(t)
	b.wantDone(t)
}

// Renditions of a removed preset cannot follow, and foreign objects stay when their source
// is removed.
func TestObsoletePresetAndForeignObjects(t *testing.T) {
	b := newFixture(t)
	b.standing(t, "kitty.jpg", jpegOf(t, photo(900, 600)), "M", "L")
	b.put(t, "resized/S/kitty.jpg", []byte("somebody's"))
	b.Presets = slices.DeleteFunc(b.Presets, func(p calotype.Preset) bool { return p.Name == "L" })
	etag := b.put(t, "kitty.jpg", jpegOf(t, photo(600, 900)))
	b.do(t, b.created("kitty.jpg"))
	b.wantDone(t)
	b.wantKeys(t, "kitty.jpg", "resized/M/kitty.jpg", "resized/S/kitty.jpg")
	b.wantOf(t, etag, "resized/M/kitty.jpg", "resized/S/kitty.jpg") // The job makes it there, as for a viewer.

	b.put(t, "resized/S/kitty.jpg", []byte("somebody's"))
	b.remove(t, "kitty.jpg")
	b.do(t, b.removed("kitty.jpg"))
	b.wantKeys(t, "resized/S/kitty.jpg")
}

func TestOnUpload(t *testing.T) {
	b := newFixture(t)
	b.OnUpload = []calotype.Variant{{Preset: "S", Format: calotype.JPEG}, {Preset: "S"}, {Preset: "XS", Format: calotype.WebP}}
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	b.do(t, b.created("kitty.jpg"))
	b.wantDone(t)
	b.wantKeys(t, "kitty.jpg", "resized/S/kitty.jpg", "resized/XS.webp/kitty.jpg")
}

func TestIrrelevantEvents(t *testing.T) {
	b := newFixture(t)
	b.OnUpload = []calotype.Variant{{Preset: "S"}}
	for _, key := range []string{"notes.txt", "resized/M/kitty.jpg"} {
		b.put(t, key, jpegOf(t, photo(90, 60)))
		b.do(t, b.created(key))
	}
	b.do(t, calotype.Event{Name: "ObjectCreated:Put", Bucket: "another", Key: "kitty.jpg"}.Encode())
	b.do(t, `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"pictures"}`)
	b.wantDone(t)
	b.wantKeys(t, "notes.txt", "resized/M/kitty.jpg")
}

// Several events in one message become one job each, with separate outcomes.
func TestSeveralEventsInAMessage(t *testing.T) {
	b := newFixture(t)
	b.OnUpload = []calotype.Variant{{Preset: "XS"}}
	for _, key := range []string{"a.jpg", "b.jpg"} {
		b.put(t, key, jpegOf(t, photo(900, 600)))
	}
	first, second := b.created("a.jpg"), b.created("b.jpg")
	b.do(t, strings.TrimSuffix(first, "]}")+","+strings.TrimPrefix(second, `{"Records":[`))
	b.doNext(t)
	b.doNext(t)
	b.wantDone(t)
	b.wantKeys(t, "a.jpg", "b.jpg", "resized/XS/a.jpg", "resized/XS/b.jpg")
}

// A message of very many events is split before its lease ends, with one job per source.
func TestVeryManyEventsInAMessage(t *testing.T) {
	b := newFixture(t)
	calls := 0
	b.queues[0].Queue = queue.New(awstest.SQS(t, counted(&calls)), b.jobsURL)
	var records []string
	for i := range 1000 {
		event := b.created(fmt.Sprintf("%03d.jpg", i%300))
		records = append(records, strings.TrimSuffix(strings.TrimPrefix(event, `{"Records":[`), "]}"))
	}
	b.handleOne(t, queue.Message{Body: `{"Records":[` + strings.Join(records, ",") + "]}"})
	if sent := awstest.Drain(t, b.jobsURL); len(sent) != 300 || calls > 40 {
		t.Errorf("%d jobs in %d calls, want one for each of 300 sources, in batches", len(sent), calls)
	}
}

// The error of a message is one line of limited length; otherwise the dead letter would
// exceed SQS's limit.
func TestVeryLongInvalidKey(t *testing.T) {
	b := newFixture(t)
	body := strings.Replace(b.created("kitty.jpg"), "kitty", strings.Repeat("k", 600<<10)+"%zz", 1)
	b.do(t, body)
	if reason := b.wantDeadLetter(t, failure.MalformedJob, body); len(reason.Detail) > 2*maxDetail {
		t.Errorf("a detail of %d bytes", len(reason.Detail))
	}
}

// counted counts the calls of a client.
func counted(calls *int) func(*sqs.Options) {
	return func(o *sqs.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			return s.Initialize.Add(middleware.InitializeMiddlewareFunc("count", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				*calls++
				return next.HandleInitialize(ctx, in)
			}), middleware.Before)
		})
	}
}

// A source is replaced by a broken one: copies of it replace the renditions, and the dead
// letter contains a job that can be replayed.
func TestReplacedByBrokenPicture(t *testing.T) {
	b := newFixture(t)
	b.standing(t, "kitty.jpg", jpegOf(t, photo(900, 600)), "M", "XS")
	etag := b.put(t, "kitty.jpg", []byte("no picture"))
	b.do(t, b.created("kitty.jpg"))
	messages, err := b.deadEnd.Receive(t.Context(), 10, 0, Visibility)
	if err != nil || len(messages) != 1 {
		t.Fatalf("got %v, %v, want one dead letter", messages, err)
	}
	if letter, err := calotype.ParseJob(messages[0].Body); err != nil || !letter.Reconcile || letter.Source != "kitty.jpg" {
		t.Errorf("dead letter %q: %v, want a job", messages[0].Body, err)
	}
	b.wantOf(t, etag, "resized/M/kitty.jpg", "resized/XS/kitty.jpg")
}

// A source that is too large to read has no renditions: those of the older version are
// deleted.
func TestReplacedByTooLargePicture(t *testing.T) {
	b := newFixture(t)
	b.standing(t, "kitty.jpg", jpegOf(t, photo(900, 600)), "M")
	b.MaxBytes = 1000
	b.put(t, "kitty.jpg", jpegOf(t, photo(600, 900)))
	b.do(t, b.created("kitty.jpg"))
	b.wantKeys(t, "kitty.jpg", "resized/.failed/kitty.jpg")
}

// The CDN invalidates only what viewers may have cached and is no longer right.
func TestPurge(t *testing.T) {
	b := newFixture(t)
	var purged []string
	b.Invalidate = func(source string) { purged = append(purged, source) }
	b.standing(t, "kitty.jpg", jpegOf(t, photo(900, 600)), "M")
	b.do(t, b.created("kitty.jpg"))
	b.put(t, "kitty.jpg", jpegOf(t, photo(600, 900)))
	exact := calotype.Job{Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M"}}, Exact: true}
	b.do(t, exact.Encode())
	if purged != nil {
		t.Errorf("invalidated %q for the first rendition, for a current one, or for a backfill", purged)
	}
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	b.do(t, job("kitty.jpg", "M")) // As an edge that compares sends it.
	b.put(t, "kitty.jpg", jpegOf(t, photo(600, 900)))
	b.do(t, b.created("kitty.jpg"))
	b.remove(t, "kitty.jpg")
	b.do(t, b.removed("kitty.jpg"))
	if want := []string{"kitty.jpg", "kitty.jpg", "kitty.jpg"}; !reflect.DeepEqual(purged, want) {
		t.Errorf("invalidated %q, want it for each change of an existing rendition", purged)
	}
}

// For an exact job the recipe counts; for viewers the existing rendition is enough.
func TestExactJobsCompareTheRecipe(t *testing.T) {
	b := newFixture(t)
	b.standing(t, "kitty.jpg", jpegOf(t, photo(900, 600)), "M")
	_, before := b.object(t, "resized/M/kitty.jpg")
	exact := calotype.Job{Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M"}}, Exact: true}
	for name, c := range map[string]struct {
		job  calotype.Job
		made bool
	}{
		"as it is":             {exact, false},
		"a viewer's":           {calotype.Job{Source: "kitty.jpg", Variants: exact.Variants, Quality: 30}, false},
		"exact, other quality": {calotype.Job{Source: "kitty.jpg", Variants: exact.Variants, Quality: 30, Exact: true}, true},
	} {
		b.do(t, c.job.Encode())
		_, after := b.object(t, "resized/M/kitty.jpg")
		if made := after.ETag != before.ETag; made != c.made {
			t.Errorf("%s: made again: %v, want %v", name, made, c.made)
		}
		if c.made {
			b.do(t, exact.Encode()) // And back again.
		}
	}
}

// Messages in a separate queue are processed, also after a restart.
func TestSeparateQueues(t *testing.T) {
	b := newFixture(t)
	b.Siblings, b.OnUpload = SiblingsNone, []calotype.Variant{{Preset: "XS"}}
	eventsURL, _ := awstest.Queues(t)
	backfillURL, _ := awstest.Queues(t)
	b.reopen(t, eventsURL, backfillURL)
	for _, key := range []string{"a.jpg", "b.jpg", "c.jpg"} {
		b.put(t, key, jpegOf(t, photo(900, 600)))
	}
	sends := map[*jobQueue]string{b.queues[0]: job("a.jpg", "XS"), b.queues[1]: b.created("b.jpg"), b.queues[2]: job("c.jpg", "XS")}
	for l, body := range sends {
		if err := l.Send(t.Context(), body, 0); err != nil {
			t.Fatal(err)
		}
	}
	b.start(t)
	awstest.Eventually(t, time.Minute, "all three are made", func() bool {
		for _, key := range []string{"a.jpg", "b.jpg", "c.jpg"} {
			if body, _ := b.object(t, "resized/XS/"+key); body == nil {
				return false
			}
		}
		return true
	})
	for _, url := range []string{b.jobsURL, eventsURL, backfillURL} {
		awstest.Eventually(t, time.Minute, "its message is deleted", func() bool {
			visible, inFlight, delayed := awstest.Waiting(t, url)
			return visible+inFlight+delayed == "000"
		})
	}
}
