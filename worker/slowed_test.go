package worker

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"calotype/internal/awstest"
)

// Good pictures beside failing ones: twenty that are no pictures, cannot be put or cannot
// be read, each asked for twice, beside a hundred good ones. The good ones are
// all made, each failing one has one dead letter, and the log says how long the good ones
// took with and without the others. "make soak" takes the median of five runs.
func TestGoodPicturesBesideFailingOnes(t *testing.T) {
	good, bad, runs := 20, 4, 1
	if os.Getenv("CALOTYPE_SOAK") != "" {
		good, bad, runs = 100, 20, 5
	}
	source := jpegOf(t, photo(900, 600))
	run := func(bad int) time.Duration {
		b := newBench(t, func(r *http.Request) *http.Response {
			switch {
			case r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/unwritable"):
				return refusal(501, "NotImplemented")
			case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/unreadable"):
				return refusal(400, "KMS.DisabledException")
			}
			return nil
		})
		b.Siblings = SiblingsNone
		send := func(key string) {
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
		for i := range good { // In turn, so that each has views while good ones wait.
			send(fmt.Sprintf("good%03d.jpg", i))
			for n, key := range failing {
				if (i+n)%(good/2) == 0 {
					send(key)
				}
			}
		}
		began := time.Now()
		signal, ended := b.start(t)
		awstest.Eventually(t, 5*time.Minute, "the good pictures are made", func() bool {
			made := awstest.Scrape(t, b.Worker)[`calotype_jobs_total{class="",outcome="done"}`]
			return int(made) == good
		})
		took := time.Since(began)
		awstest.Eventually(t, 5*time.Minute, "the queue is empty", b.idle(t))
		if visible, _, _ := awstest.Waiting(t, b.deadURL); visible != fmt.Sprint(bad) {
			t.Errorf("%s dead letters of %d pictures that fail", visible, bad)
		}
		signal()
		<-ended
		return took
	}
	var alone, beside []time.Duration
	for range runs {
		alone, beside = append(alone, run(0)), append(beside, run(bad))
	}
	slices.Sort(alone)
	slices.Sort(beside)
	t.Logf("%d good pictures: alone in %v, beside %d that fail in %v", good, alone[runs/2].Round(time.Millisecond), bad, beside[runs/2].Round(time.Millisecond))
}
