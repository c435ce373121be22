package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/internal/awstest"
	"calotype/worker/store"
)

// Sources are put, replaced, removed and put again at random, while viewers send requests,
// several workers run, events arrive late, twice and out of order, and the bus for
// notifications fails at random. In the end no rendition is of another version than its
// source, none remains for a removed source, and every final state has been announced.
func TestInterleavings(t *testing.T) {
	scenarios, concurrency := 30, 10
	if os.Getenv("CALOTYPE_SOAK") != "" {
		scenarios, concurrency = 1000, 25
	}
	seed := rand.Uint64()
	if given := os.Getenv("CALOTYPE_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("CALOTYPE_SEED: %v", err)
		}
	}
	t.Logf("%d interleavings; CALOTYPE_SEED=%d repeats their choices", scenarios, seed)
	b := newFixture(t)
	b.OnUpload = []calotype.Variant{{Preset: "XS", Format: calotype.WebP}}
	var over atomic.Bool
	sent := newBus(t)
	sent.fail = func() error {
		if !over.Load() && rand.IntN(3) == 0 {
			return errors.New("the bus fails")
		}
		return nil
	}
	b.Notify = sent.notify
	// The local server answers 409 while a folder is created and removed concurrently.
	for _, folder := range []string{"M", "S", "XS", "XS.webp", ".failed", ".info"} {
		b.put(t, "resized/"+folder+"/.keep", nil)
	}
	second := newFixture(t)
	second.Worker = New(b.Settings, Queues{Jobs: b.jobQueue, Dead: b.deadEnd}, b.bucket, b.log)
	second.poll = b.poll
	b.start(t)
	second.start(t)

	versions := [][]byte{jpegOf(t, photo(60, 40)), jpegOf(t, photo(40, 60)), pngOf(t, photo(50, 50)), []byte("broken")}
	client := awstest.S3(t)
	var all errgroup.Group
	all.SetLimit(concurrency)
	for i := range scenarios {
		all.Go(func() error {
			s := scenario{fixture: b, client: client, rand: rand.New(rand.NewPCG(seed, uint64(i))), key: fmt.Sprintf("%04d.jpg", i), versions: versions}
			return s.play(context.Background())
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	over.Store(true)
	awstest.Eventually(t, 5*time.Minute, "the queue is empty", b.idle(t))
	stale, orphans, current := 0, 0, 0
	bucket := store.New(client, b.bucketName)
	announced := map[string]bool{}
	for _, n := range sent.take() {
		announced[n.Key+" "+n.ETag] = true
	}
	for i := range scenarios {
		key := fmt.Sprintf("%04d.jpg", i)
		source := look(t, bucket, key)
		if !announced[key+" "+calotype.TrimETag(source.ETag)] {
			t.Errorf("no notification says that %s is %q in the end", key, source.ETag)
		}
		for _, variant := range []string{"M", "S", "XS", "XS.webp", ".info"} {
			rendition := look(t, bucket, "resized/"+variant+"/"+key)
			l := calotype.ParseLineage(rendition.Metadata)
			switch {
			case rendition.ETag == "":
			case source.ETag == "":
				orphans++
				t.Errorf("%s of %s, whose source was removed", variant, key)
			case l.SourceETag != calotype.TrimETag(source.ETag):
				stale++
				t.Errorf("%s of %s is of %s, the source is %s", variant, key, l.SourceETag, source.ETag)
			default:
				current++
			}
		}
	}
	t.Logf("%d interleavings: %d renditions current, %d stale, %d orphans", scenarios, current, stale, orphans)
	if current == 0 {
		t.Error("nothing was made")
	}
}

// look inspects an object, which may not exist.
func look(t *testing.T, bucket *store.Bucket, key string) store.Object {
	t.Helper()
	o, err := bucket.Head(t.Context(), key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return o
}

// scenario is what happens to one source.
type scenario struct {
	*fixture
	client   *s3.Client
	rand     *rand.Rand
	key      string
	versions [][]byte
	events   sync.WaitGroup
}

func (s *scenario) play(ctx context.Context) error {
	for range 3 + s.rand.IntN(6) {
		var err error
		name := "ObjectCreated:Put"
		if s.rand.IntN(3) == 0 {
			name = "ObjectRemoved:Delete"
			_, err = s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucketName, Key: &s.key})
		} else {
			version := s.versions[s.rand.IntN(len(s.versions))]
			_, err = s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucketName, Key: &s.key, Body: bytes.NewReader(version)})
		}
		if err != nil {
			return err
		}
		s.send(calotype.Event{Name: name, Bucket: s.bucketName, Key: s.key}.Encode())
		for range s.rand.IntN(3) {
			if s.rand.IntN(4) == 0 {
				s.send(infoJob(s.key))
				continue
			}
			s.send(job(s.key, []string{"M", "S", "XS", "XS.webp"}[s.rand.IntN(4)]))
		}
		time.Sleep(time.Duration(s.rand.IntN(60)) * time.Millisecond)
	}
	s.events.Wait()
	return nil
}

// send sends a message some time later, and perhaps twice.
func (s *scenario) send(body string) {
	for range 1 + s.rand.IntN(4)/3 {
		delay := time.Duration(s.rand.IntN(80)) * time.Millisecond
		s.events.Go(func() {
			time.Sleep(delay)
			for s.jobQueue.Send(context.Background(), body, 0) != nil {
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}
