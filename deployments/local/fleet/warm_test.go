package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/internal/awstest"
	"calotype/queue"
	"calotype/worker/store"
)

// backfill gives the fixture a queue for it, and the programs its URL.
func (f *fixture) backfill(t *testing.T) *queue.Queue {
	t.Helper()
	url, _ := awstest.Queues(t)
	f.env = append(f.env, "CALOTYPE_BACKFILL_QUEUE_URL="+url)
	f.backfillURL = url
	return queue.New(awstest.SQS(t), url)
}

// fill puts pictures concurrently.
func (f *fixture) fill(t *testing.T, n int, body func(i int) []byte) (keys []string) {
	t.Helper()
	bucket := store.New(awstest.S3(t), f.bucket)
	var puts errgroup.Group
	puts.SetLimit(32)
	for i := range n {
		key := fmt.Sprintf("%02d/%05d.jpg", i%50, i)
		keys = append(keys, key)
		puts.Go(func() error {
			_, err := bucket.Put(context.Background(), key, body(i), store.Object{ContentType: "image/jpeg"}, "")
			return err
		})
	}
	if err := puts.Wait(); err != nil {
		t.Fatal(err)
	}
	return keys
}

// summary is the last line of calotype warm.
type summary struct{ Seen, Current, Enqueued, Failed int }

// warm runs to its end. If lives is set it says how long each run may live before it is
// killed.
func (f *fixture) warm(t *testing.T, lives func() time.Duration, args ...string) (last summary, kills int) {
	t.Helper()
	args = append([]string{"warm", "s3://" + f.bucket, "--variants=XS.webp", "--rate=100000", "--json"}, args...)
	for ; ; kills++ {
		p := f.command(t, args...)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- p.Wait() }()
		var killed <-chan time.Time
		if lives != nil {
			killed = time.After(lives())
		}
		select {
		case <-killed:
			_ = p.Process.Kill()
			<-ended
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v\n%s", err, p.log)
			}
			lines := strings.Split(strings.TrimSpace(p.out.String()), "\n")
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
				t.Fatalf("%v: %q", err, lines)
			}
			return last, kills
		}
	}
}

var jobOf = regexp.MustCompile(`"outcome":"(done|current)","queue":"backfill","source":"([^"]*)"`)

// A warm that is killed at any point and resumed sends a job for every picture. A kill can
// send again only what was in flight, and the next run finds nothing to do.
func TestFleetWarm(t *testing.T) {
	t.Parallel()
	pictures := 300
	if soak {
		pictures = 20_000
	}
	s := newFixture(t)
	s.backfill(t)
	small := awstest.Photo(t, 64, 48, 0)
	keys := s.fill(t, pictures, func(int) []byte { return small })

	start := time.Now()
	checkpoint := filepath.Join(t.TempDir(), "checkpoint")
	longest := time.Duration(pictures) * 50 * time.Microsecond
	started := 40 * time.Millisecond // It grows, because a start with a decoder may take longer.
	lives := func() time.Duration {
		started += started / 5
		return started + rand.N(max(longest, 200*time.Millisecond))
	}
	first, kills := s.warm(t, lives, "--checkpoint="+checkpoint)
	t.Logf("%d pictures: %+v after %d kills in %v", pictures, first, kills, time.Since(start).Round(100*time.Millisecond))
	if first.Seen != pictures || first.Enqueued != pictures {
		t.Errorf("got %+v, want each of %d pictures seen and enqueued", first, pictures)
	}
	w := s.worker(t)
	awstest.Eventually(t, 20*time.Minute, "the backfill is done", func() bool {
		visible, inFlight, delayed := awstest.Waiting(t, s.backfillURL)
		return visible+inFlight+delayed == "000"
	})
	w.stop(t)
	sent := map[string]int{}
	for _, m := range jobOf.FindAllStringSubmatch(w.log.String(), -1) {
		sent[m[2]]++
	}
	twice := 0
	for _, key := range keys {
		switch n := sent[key]; {
		case n == 0:
			t.Errorf("%s was not enqueued", key)
		case n > 1+kills:
			t.Errorf("%s was enqueued %d times in %d lives", key, n, 1+kills)
		case n > 1:
			twice++
		}
	}
	if got := len(s.keys(t, "resized/XS.webp/")); got != pictures {
		t.Errorf("%d renditions, want %d", got, pictures)
	}
	start = time.Now()
	second, _ := s.warm(t, nil)
	if want := (summary{Seen: pictures, Current: pictures}); second != want {
		t.Errorf("a second run: got %+v, want %+v", second, want)
	}
	t.Logf("enqueued twice: %d; a second run: %+v, %.0f pictures a second", twice, second, float64(pictures)/time.Since(start).Seconds())

	third, _ := s.warm(t, nil, "--quality=70", "--dry-run")
	if want := (summary{Seen: pictures, Enqueued: pictures}); third != want {
		t.Errorf("in another quality: got %+v, want %+v", third, want)
	}
}

// While a backfill runs, a viewer's picture is made as fast as without it.
func TestFleetBackfillYields(t *testing.T) {
	if !soak {
		t.Parallel()
	}
	jobs, views := 150, 5
	if soak {
		jobs, views = 10_000, 40
	}
	s := newFixture(t)
	backfill := s.backfill(t)
	photo := awstest.Photo(t, 900, 600, 1)
	keys := s.fill(t, jobs, func(int) []byte { return photo })
	s.worker(t)
	bucket := store.New(awstest.S3(t), s.bucket)

	idle := s.missTimes(t, bucket, "idle", views)
	var sends errgroup.Group
	sends.SetLimit(16)
	for some := range slices.Chunk(keys, queue.MaxBatch) {
		var bodies []string
		for _, key := range some {
			bodies = append(bodies, calotype.Job{Source: key, Variants: []calotype.Variant{{Preset: "XS"}}, Exact: true}.Encode())
		}
		sends.Go(func() error {
			for _, err := range backfill.SendBatch(context.Background(), bodies) {
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := sends.Wait(); err != nil {
		t.Fatal(err)
	}
	busy := s.missTimes(t, bucket, "busy", views)
	left, _, _ := awstest.Waiting(t, s.backfillURL)
	if soak && left == "0" {
		t.Errorf("the backfill ended before the views: %d jobs are too few", jobs)
	}
	ratio := float64(busy) / float64(idle)
	t.Logf("from a viewer's miss to the rendition, median of %d: %v idle, %v during a backfill of %d jobs, of which %s remained: ratio %.2f",
		views, idle.Round(time.Millisecond), busy.Round(time.Millisecond), jobs, left, ratio)
	if soak && ratio > 2 {
		t.Errorf("ratio %.2f, want 2 at most", ratio)
	}
	if !soak {
		awstest.Eventually(t, 5*time.Minute, "the backfill is done too", func() bool {
			return len(s.keys(t, "resized/XS/")) == jobs+2*views
		})
	}
}

// missTimes returns the median time from a viewer's job to its rendition.
func (f *fixture) missTimes(t *testing.T, bucket *store.Bucket, name string, views int) time.Duration {
	t.Helper()
	var times []time.Duration
	for i := range views {
		key := fmt.Sprintf("view-%s-%d.jpg", name, i)
		awstest.Put(t, f.bucket, key, awstest.Photo(t, 2400, 1600, i), awstest.Headers{ContentType: "image/jpeg"})
		start := time.Now()
		if err := f.jobs.Send(t.Context(), jobFor(key), 0); err != nil {
			t.Fatal(err)
		}
		awstest.Eventually(t, time.Minute, key+" is rendered", func() bool {
			_, err := bucket.Head(t.Context(), "resized/XS/"+key)
			return err == nil
		})
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return times[len(times)/2]
}
