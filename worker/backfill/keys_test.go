package backfill

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"calotype"
	"calotype/internal/awstest"
)

// Keys are looked at in their order, without a listing.
func TestKeys(t *testing.T) {
	lists := 0
	s := newFixture(t, func(r *http.Request) *http.Response {
		if r.Method == http.MethodGet && r.URL.Query().Has("list-type") {
			lists++
		}
		if strings.HasSuffix(r.URL.Path, "/broken.jpg") {
			return awstest.Response(500)
		}
		return nil
	})
	etag := s.source(t, "z/current.jpg", "x")
	s.rendition(t, "S.webp", "z/current.jpg", etag, nil)
	s.rendition(t, "M", "z/current.jpg", etag, nil)
	etag = s.source(t, "a/half.jpg", "x")
	s.rendition(t, "M", "a/half.jpg", etag, nil)
	s.rendition(t, "S.webp", "a/half.jpg", "older", nil)
	s.source(t, "new.jpg", "x")
	s.source(t, "large.jpg", strings.Repeat("x", 101))
	s.source(t, "notes.txt", "x")
	keys := []string{"z/current.jpg", "z/current.jpg", "a/half.jpg", "none.jpg", "notes.txt", "resized/M/new.jpg", "new.jpg", "large.jpg", "broken.jpg"}
	s.Keys = each(keys, nil)
	var order []string
	s.OnResult = func(f Finding) { order = append(order, f.Source) }
	got := s.run(t)
	want := Summary{Seen: 6, Current: 1, Enqueued: 2, Failed: 1, TooLarge: 1, NotFound: 1, Renditions: map[calotype.Staleness]int{calotype.Replaced: 1, calotype.Missing: 2}}
	if !reflect.DeepEqual(got, want) || lists > 0 {
		t.Errorf("got %+v after %d listings, want %+v after none", got, lists, want)
	}
	if want := []string{"z/current.jpg", "a/half.jpg", "none.jpg", "new.jpg", "large.jpg", "broken.jpg"}; !slices.Equal(order, want) {
		t.Errorf("reported %q, want %q", order, want)
	}
	if sent := awstest.Drain(t, s.jobsURL); len(sent) != 2 {
		t.Errorf("sent %q", sent)
	}
}

// A run over keys resumes at the line after the last one that was completed, and ends with
// the list's error.
func TestKeysResume(t *testing.T) {
	s := newFixture(t)
	var keys []string
	for i := range 30 {
		keys = append(keys, fmt.Sprintf("%02d.jpg", 29-i))
		s.source(t, keys[i], "x")
	}
	var at Position
	s.Save = func(p Position) error { at = p; return nil }
	cut := errors.New("the list ends")
	s.Keys = each(keys[:20], cut)
	if _, err := s.Run(t.Context(), Position{}); !errors.Is(err, cut) {
		t.Fatalf("got %v, want the list's error", err)
	}
	s.Keys = each(keys, nil)
	summary, err := s.Run(t.Context(), at)
	sent := awstest.Drain(t, s.jobsURL)
	if err != nil || summary.Seen != 30 || len(sent) != 30 {
		t.Errorf("got %+v, %v, and %d jobs, want 30", summary, err, len(sent))
	}
}

func each(keys []string, err error) func(func(string, error) bool) {
	return func(yield func(string, error) bool) {
		for _, key := range keys {
			if !yield(key, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

// The memory of a run does not grow with the number of keys.
func TestKeysInFlatMemory(t *testing.T) {
	n := 20_000
	if os.Getenv("CALOTYPE_SOAK") != "" {
		n = 1_000_000
	}
	s := newFixture(t, func(r *http.Request) *http.Response { return awstest.Response(404) })
	s.Concurrency = 64
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var early, late uint64
	s.Keys = func(yield func(string, error) bool) {
		for i := range n {
			if i == n/10 {
				early = heap()
			}
			if i == n-1 {
				late = heap()
			}
			if !yield(fmt.Sprintf("folder/%09d.jpg", i), nil) {
				return
			}
		}
	}
	if got := s.run(t); got.NotFound != n {
		t.Errorf("got %+v, want %d not found", got, n)
	}
	t.Logf("heap after a tenth: %d kB, at the end: %d kB", early>>10, late>>10)
	if late > early+4<<20 {
		t.Errorf("the heap grew from %d to %d kB over %d keys", early>>10, late>>10, n)
	}
}

func TestEstimate(t *testing.T) {
	heads := 0
	s := newFixture(t, func(r *http.Request) *http.Response {
		if r.Method == http.MethodHead {
			heads++
		}
		return nil
	})
	etag := s.source(t, "a.jpg", "12345")
	s.rendition(t, "M", "a.jpg", etag, nil)
	s.source(t, "b.jpg", "123")
	s.source(t, "large.jpg", strings.Repeat("x", 101))
	got, err := s.Estimate(t.Context())
	want := Estimate{Sources: 2, TooLarge: 1, Jobs: 2, Bytes: 8, Existing: 1, Missing: 3, Listed: 4}
	if err != nil || got != want || heads > 0 || len(awstest.Drain(t, s.jobsURL)) > 0 {
		t.Errorf("got %+v, %v after %d HEADs, want %+v after none", got, err, heads, want)
	}
	cost := Estimate{Sources: 1_000_000, Jobs: 1_000_000, Missing: 4_000_000, Listed: 1_000_000}.Cost()
	if cost.Lists != 1001 || cost.Puts != 4_000_000 || cost.Heads != 7_000_000 || cost.Gets != 1_000_000 || cost.Messages != 1_200_001 {
		t.Errorf("got %+v", cost)
	}
	if hours := cost.CPU.Hours(); hours < 80 || hours > 81 || cost.Dollars < 26 || cost.Dollars > 28 {
		t.Errorf("%v CPU hours and $%v", hours, cost.Dollars)
	}
}
