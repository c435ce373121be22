package worker

import (
	"fmt"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"calotype/internal/awstest"
)

// A hundred good pictures are made while twenty fail that are not pictures, cannot be put or
// cannot be read, each requested repeatedly. The good ones are all made, and each failing
// one has one dead letter. The log says how long a good one took from its request to its
// PUT, with and without the others: when all are requested at once, and when they are
// requested one after the other. "make soak" takes medians of five runs.
func TestGoodPicturesBesideFailingOnes(t *testing.T) {
	good, bad, runs := 20, 4, 1
	if os.Getenv("CALOTYPE_SOAK") != "" {
		good, bad, runs = 100, 20, 5
	}
	for name, pause := range map[string]time.Duration{"at once": 0, "every 60 ms": 60 * time.Millisecond} {
		var alone, beside [2][]time.Duration
		for range runs {
			for i, value := range goodBeside(t, good, 0, pause) {
				alone[i] = append(alone[i], value)
			}
			for i, value := range goodBeside(t, good, bad, pause) {
				beside[i] = append(beside[i], value)
			}
		}
		for i, what := range []string{"median", "last"} {
			slices.Sort(alone[i])
			slices.Sort(beside[i])
			a, b := alone[i][runs/2], beside[i][runs/2]
			t.Logf("%d good pictures requested %s, %s: alone %v, beside %d that fail %v: %.2f", good, name, what,
				a.Round(time.Millisecond), bad, b.Round(time.Millisecond), b.Seconds()/a.Seconds())
		}
	}
}

// goodBeside requests good pictures, with a pause after each, and between them each failing
// one four times. It returns the median time from a good picture's request to its PUT, and
// the time from the first request to the last PUT.
func goodBeside(t *testing.T, good, bad int, pause time.Duration) [2]time.Duration {
	var mu sync.Mutex
	put := map[string]time.Time{}
	b := newFixture(t, func(r *http.Request) *http.Response {
		switch {
		case r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/unwritable"):
			return refusal(501, "NotImplemented")
		case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/unreadable"):
			return refusal(400, "KMS.DisabledException")
		case r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/M/good"):
			mu.Lock()
			put[path.Base(r.URL.Path)] = time.Now()
			mu.Unlock()
		}
		return nil
	})
	b.Siblings = SiblingsNone
	source := jpegOf(t, photo(900, 600))
	requested := map[string]time.Time{}
	request := func(key string) {
		if err := b.jobQueue.Send(t.Context(), job(key, "M"), 0); err != nil {
			t.Fatal(err)
		}
	}
	for i := range good {
		b.put(t, fmt.Sprintf("good%03d.jpg", i), source)
	}
	failing := make([]string, bad)
	for i := range failing {
		failing[i] = fmt.Sprintf("%s%03d.jpg", []string{"nothing", "unwritable", "unreadable"}[i%3], i)
		body := source
		if i%3 == 0 {
			body = []byte("no picture")
		}
		b.put(t, failing[i], body)
	}
	var signal func()
	var ended <-chan struct{}
	if pause > 0 {
		signal, ended = b.start(t)
	}
	for i := range good {
		key := fmt.Sprintf("good%03d.jpg", i)
		requested[key] = time.Now()
		request(key)
		for n, key := range failing {
			if (i+n)%(good/4) == 0 {
				request(key)
			}
		}
		time.Sleep(pause)
	}
	first := requested["good000.jpg"]
	if pause == 0 { // All wait in the queue before the worker starts.
		first = time.Now()
		for key := range requested {
			requested[key] = first
		}
	}
	if pause == 0 {
		signal, ended = b.start(t)
	}
	awstest.Eventually(t, 5*time.Minute, "the good pictures are made", func() bool {
		return int(awstest.Scrape(t, b.Worker)[`calotype_jobs_total{class="",outcome="done"}`]) == good
	})
	awstest.Eventually(t, 5*time.Minute, "the queue is empty", b.idle(t))
	if visible, _, _ := awstest.Waiting(t, b.deadURL); visible != fmt.Sprint(bad) {
		t.Errorf("%s dead letters of %d pictures that fail", visible, bad)
	}
	signal()
	<-ended
	var took []time.Duration
	var last time.Time
	for key, at := range put {
		took = append(took, at.Sub(requested[key]))
		if at.After(last) {
			last = at
		}
	}
	if len(took) != good {
		t.Fatalf("%d of %d good pictures were put", len(took), good)
	}
	slices.Sort(took)
	return [2]time.Duration{took[len(took)/2], last.Sub(first)}
}
