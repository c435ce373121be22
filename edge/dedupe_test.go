package edge

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestDedupe(t *testing.T) {
	var d Dedupe
	now := time.Unix(0, 0)
	claim := func(key string, after time.Duration, want bool) {
		t.Helper()
		if got := d.Add(key, now.Add(after)); got != want {
			t.Errorf("%s after %v: got %v, want %v", key, after, got, want)
		}
	}
	claim("a", 0, true)
	claim("a", 0, false)
	claim("b", 0, true)
	claim("a", 59*time.Second, false)
	claim("a", 60*time.Second, true)
	claim("a", 61*time.Second, false)
	d.Remove("a")
	claim("a", 61*time.Second, true)
	claim("a", 62*time.Second, false)
}

// An upgrade of a rendition and the job that makes it do not count for each other.
func TestDedupeOfUpgrades(t *testing.T) {
	var d Dedupe
	now := time.Unix(0, 0)
	add := func(upgrade bool, after time.Duration, want bool) {
		t.Helper()
		if got := d.AddJob("a", upgrade, now.Add(after)); got != want {
			t.Errorf("upgrade %v after %v: got %v, want %v", upgrade, after, got, want)
		}
	}
	add(true, 0, true)
	add(false, 0, true)
	add(true, 599*time.Second, false)
	add(false, 60*time.Second, true)
	add(true, 600*time.Second, true)
	d.RemoveJob("a", true)
	add(true, 601*time.Second, true)
	add(false, 61*time.Second, false)
	d.RemoveJob("a", false)
	add(false, 61*time.Second, true)
}

func TestDedupeHoldsTheNewest(t *testing.T) {
	var d Dedupe
	now := time.Unix(0, 0)
	for i := range 3 * dedupeKeys {
		d.Add(fmt.Sprint(i), now)
	}
	if n := len(d.entries); n != dedupeKeys {
		t.Errorf("%d keys are held, want %d", n, dedupeKeys)
	}
	if d.Add(fmt.Sprint(2*dedupeKeys), now) {
		t.Error("the oldest of those that fit was forgotten")
	}
	if !d.Add(fmt.Sprint(2*dedupeKeys-1), now) {
		t.Error("the newest of those that do not fit is still held")
	}
}

// A key that is added again keeps its newer entry when its older slot is reused.
func TestDedupeAddedTwice(t *testing.T) {
	var d Dedupe
	now := time.Unix(0, 0)
	d.Add("a", now)
	d.Remove("a")
	d.Add("a", now)
	for i := range dedupeKeys - 1 {
		d.Add(fmt.Sprint(i), now)
	}
	if d.Add("a", now) {
		t.Error("the newer entry was removed with the older slot")
	}
}

func TestDedupeConcurrentAdds(t *testing.T) {
	var d Dedupe
	var claimed atomic.Int32
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if d.Add("a", time.Now()) {
				claimed.Add(1)
			}
		})
	}
	all.Wait()
	if n := claimed.Load(); n != 1 {
		t.Errorf("%d of 200 added, want 1", n)
	}
}
