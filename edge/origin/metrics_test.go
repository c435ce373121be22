package origin

import (
	"net/http"
	"strings"
	"testing"

	"calotype/internal/awstest"
)

func TestMetricsOfResponses(t *testing.T) {
	s := start(t, on("broken", http.StatusInternalServerError))
	s.putSource(t, "kitty.jpg", "source")
	s.putSource(t, "done.jpg", "source")
	s.putRendition(t, "resized/M/done.jpg", "rendition", "")
	s.putSource(t, "kept.jpg", "source")
	s.putRendition(t, "resized/M/kept.jpg", "source", "corrupt")
	for _, path := range []string{
		"/kitty.jpg?size=M", "/kitty.jpg?size=M", "/kitty.jpg", "/done.jpg?size=M", "/kept.jpg?size=M",
		"/none.jpg?size=M", "/secret.txt", "/resized/M/done.jpg", "/broken.jpg",
	} {
		s.ask(t, "GET", path)
	}
	s.ask(t, "POST", "/kitty.jpg")
	s.ask(t, "GET", "/done.jpg?size=M", "Range", "bytes=100-")
	s.ask(t, "GET", "/done.jpg?size=M", "Range", "bytes=2-3")
	s.settle()
	got := awstest.Scrape(t, s.origin)
	got.Want(t, awstest.Samples{
		`calotype_responses_total{state="pending"}`:        2,
		`calotype_responses_total{state="untouched"}`:      1,
		`calotype_responses_total{state="rendition"}`:      2,
		`calotype_responses_total{state="kept"}`:           1,
		`calotype_responses_total{state="not-found"}`:      3,
		`calotype_responses_total{state="error"}`:          1,
		`calotype_responses_total{state="refused"}`:        2,
		`calotype_responses_total{state="canceled"}`:       0,
		`calotype_response_seconds_count{state="pending"}`: 2,
		`calotype_enqueues_total{result="sent"}`:           1,
		`calotype_enqueues_total{result="duplicate"}`:      1,
		`calotype_enqueues_total{result="failed"}`:         0,
	})
	if seconds := got[`calotype_response_seconds_sum{state="pending"}`]; seconds <= 0 || seconds > 60 {
		t.Errorf("two responses took %v s", seconds)
	}
}

func TestMetricsOfEnqueuesThatFail(t *testing.T) {
	s := start(t, func(r *http.Request) *http.Response { return queueOnly(r, http.StatusInternalServerError) })
	s.putSource(t, "kitty.jpg", "source")
	s.ask(t, "GET", "/kitty.jpg?size=M")
	s.settle()
	awstest.Scrape(t, s.origin).Want(t, awstest.Samples{
		`calotype_enqueues_total{result="failed"}`:  1,
		`calotype_responses_total{state="pending"}`: 1,
	})
}

// If the CDN gives a request no id, the edge does, so that the job can be found in the logs
// of both.
func TestEveryJobNamesItsRequest(t *testing.T) {
	s := start(t)
	s.putSource(t, "kitty.jpg", "source")
	s.ask(t, "GET", "/kitty.jpg?size=M")
	s.ask(t, "GET", "/kitty.jpg?size=S", "X-Request-Id", strings.Repeat("long", 100))
	s.settle()
	jobs := s.enqueued(t)
	if len(jobs) != 2 || len(jobs[0].Request) < 16 || len(jobs[1].Request) < 16 || jobs[0].Request == jobs[1].Request {
		t.Errorf("got %+v, want two jobs with a request each", jobs)
	}
	if len(jobs[1].Request) > 128 {
		t.Error("a name without a limit was passed on")
	}
}
