package worker

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/internal/awstest"
	"calotype/queue"
	"calotype/worker/render"
	"calotype/worker/store"
)

func TestMain(m *testing.M) {
	exitOn(startEngine())
	awstest.Main(m)
}

// fixture is a worker with its own bucket and queues.
type fixture struct {
	*Worker
	bucketName        string
	jobsURL, deadURL  string
	jobQueue, deadEnd *queue.Queue
}

// newFixture makes a worker. Each hook sees every request to S3 before it is sent.
func newFixture(t *testing.T, hooks ...func(*http.Request) *http.Response) *fixture {
	t.Helper()
	b := &fixture{bucketName: awstest.Bucket(t)}
	b.jobsURL, b.deadURL = awstest.Queues(t)
	sqs := awstest.SQS(t)
	b.jobQueue, b.deadEnd = queue.New(sqs, b.jobsURL), queue.New(sqs, b.deadURL)
	s := Defaults()
	s.Concurrency = 2
	s.Engine = engine
	bucket := store.New(awstest.S3(t, awstest.Hooks(hooks...)), b.bucketName)
	b.Worker = New(s, Queues{Jobs: b.jobQueue, Dead: b.deadEnd}, bucket, zerolog.New(t.Output()))
	b.poll = time.Second // A stop waits for the poll.
	return b
}

// reopen gives the worker queues for events and backfill.
func (f *fixture) reopen(t *testing.T, eventsURL, backfillURL string) {
	t.Helper()
	sqs := awstest.SQS(t)
	q := Queues{Jobs: f.jobQueue, Dead: f.deadEnd, Events: queue.New(sqs, eventsURL), Backfill: queue.New(sqs, backfillURL)}
	poll := f.poll
	f.Worker = New(f.Settings, q, f.bucket, f.log)
	f.poll = poll
}

func (f *fixture) put(t *testing.T, key string, body []byte) string {
	return awstest.Put(t, f.bucketName, key, body, awstest.Headers{ContentType: "image/x-source"})
}

func (f *fixture) putEncoded(t *testing.T, key string, body []byte, encoding string) {
	t.Helper()
	_, err := awstest.S3(t).PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &f.bucketName, Key: &key, Body: bytes.NewReader(body), ContentEncoding: &encoding,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// do sends a job and runs it to its end, as Run does with one message.
func (f *fixture) do(t *testing.T, body string) {
	t.Helper()
	if err := f.jobQueue.Send(t.Context(), body, 0); err != nil {
		t.Fatal(err)
	}
	f.doNext(t)
}

func (f *fixture) doNext(t *testing.T) {
	t.Helper()
	messages, err := f.jobQueue.Receive(t.Context(), 1, 5*time.Second, Visibility)
	if err != nil || len(messages) != 1 {
		t.Fatalf("got %v, %v, want one message", messages, err)
	}
	f.handleOne(t, messages[0])
}

// handleOne handles a message in a separate slot.
func (f *fixture) handleOne(t *testing.T, m queue.Message) {
	t.Helper()
	q := f.queues[0]
	if err := q.slots.Acquire(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	f.handle(t.Context(), q, m, f.admission.grant(q.slots))
}

func job(source string, variants ...string) string {
	j := calotype.Job{Source: source}
	for _, v := range variants {
		variant, err := calotype.ParseVariant(v)
		if err != nil {
			panic(err)
		}
		j.Variants = append(j.Variants, variant)
	}
	return j.Encode()
}

// object returns the object at a key, or nil.
func (f *fixture) object(t *testing.T, key string) ([]byte, store.Object) {
	t.Helper()
	body, o, err := store.New(awstest.S3(t), f.bucketName).Get(context.Background(), key, 1<<30)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, o
	}
	if err != nil {
		t.Fatal(err)
	}
	return body, o
}

func (f *fixture) wantKeys(t *testing.T, want ...string) {
	t.Helper()
	out, err := awstest.S3(t).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &f.bucketName})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range out.Contents {
		got = append(got, *o.Key)
	}
	if len(got) != len(want) {
		t.Errorf("keys: got %q, want %q", got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("keys: got %q, want %q", got, want)
			return
		}
	}
}

// wantDone checks that the queue is empty and that there is no dead letter.
func (f *fixture) wantDone(t *testing.T) {
	t.Helper()
	for name, url := range map[string]string{"jobs": f.jobsURL, "dead letters": f.deadURL} {
		if visible, inFlight, delayed := awstest.Waiting(t, url); visible+inFlight+delayed != "000" {
			t.Errorf("%s: visible %s, in flight %s, delayed %s, want none", name, visible, inFlight, delayed)
		}
	}
}

// wantDeadLetter checks that the queue is empty, and receives one dead letter of a class.
func (f *fixture) wantDeadLetter(t *testing.T, class, body string) queue.Reason {
	t.Helper()
	if visible, inFlight, delayed := awstest.Waiting(t, f.jobsURL); visible+inFlight+delayed != "000" {
		t.Errorf("jobs: visible %s, in flight %s, delayed %s, want none", visible, inFlight, delayed)
	}
	messages, err := f.deadEnd.Receive(t.Context(), 10, 0, Visibility)
	if err != nil || len(messages) != 1 {
		t.Fatalf("dead letters: got %v, %v, want one", messages, err)
	}
	if err := f.deadEnd.Delete(t.Context(), messages[0]); err != nil {
		t.Fatal(err)
	}
	reason := queue.ReasonOf(messages[0])
	if reason.Class != class || messages[0].Body != body {
		t.Errorf("dead letter: got %q for %q, want %q for %q", reason.Class, messages[0].Body, class, body)
	}
	return reason
}

// photo draws a picture with a different colour in every corner.
func photo(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{uint8(255 * x / width), uint8(255 * y / height), uint8((x*x + y*y) / 97), 255})
		}
	}
	return img
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// size opens a rendition and returns its size and format.
func size(t *testing.T, body []byte) (calotype.Format, int, int) {
	t.Helper()
	p, err := render.Open(body, render.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Format, p.Width, p.Height
}
