package edge

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestRecent(t *testing.T) {
	var r Recent
	now := time.Unix(0, 0)
	claim := func(key string, after time.Duration, want bool) {
		t.Helper()
		if got := r.Claim(key, now.Add(after)); got != want {
			t.Errorf("%s after %v: got %v, want %v", key, after, got, want)
		}
	}
	claim("a", 0, true)
	claim("a", 0, false)
	claim("b", 0, true)
	claim("a", 59*time.Second, false)
	claim("a", 60*time.Second, true)
	claim("a", 61*time.Second, false)
	r.Forget("a")
	claim("a", 61*time.Second, true)
	claim("a", 62*time.Second, false)
}

func TestRecentHoldsTheNewest(t *testing.T) {
	var r Recent
	now := time.Unix(0, 0)
	for i := range 3 * recentKeys {
		r.Claim(fmt.Sprint(i), now)
	}
	if n := len(r.claims); n != recentKeys {
		t.Errorf("%d keys are held, want %d", n, recentKeys)
	}
	if r.Claim(fmt.Sprint(2*recentKeys), now) {
		t.Error("the oldest of those that fit was forgotten")
	}
	if !r.Claim(fmt.Sprint(2*recentKeys-1), now) {
		t.Error("the newest of those that do not fit is still held")
	}
}

// A key that is claimed again keeps its newer claim when its older place is reused.
func TestRecentClaimedTwice(t *testing.T) {
	var r Recent
	now := time.Unix(0, 0)
	r.Claim("a", now)
	r.Forget("a")
	r.Claim("a", now)
	for i := range recentKeys - 1 {
		r.Claim(fmt.Sprint(i), now)
	}
	if r.Claim("a", now) {
		t.Error("the newer claim went with the older place")
	}
}

func TestRecentOneOfManyClaims(t *testing.T) {
	var r Recent
	var claimed atomic.Int32
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if r.Claim("a", time.Now()) {
				claimed.Add(1)
			}
		})
	}
	all.Wait()
	if n := claimed.Load(); n != 1 {
		t.Errorf("%d of 200 claimed, want 1", n)
	}
}
