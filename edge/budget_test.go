package edge

import (
	"fmt"
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	var b Budget
	limits := Limits{PerSource: 2, Total: 5}
	start := time.Unix(0, 0)
	take := func(source string, after time.Duration, want bool) {
		t.Helper()
		if got := b.Take(source, limits, start.Add(after)); got != want {
			t.Errorf("%s after %v: got %v, want %v", source, after, got, want)
		}
	}
	take("a", 0, true)
	take("a", time.Second, true)
	take("a", 2*time.Second, false)
	take("b", 3*time.Second, true)
	take("c", 3*time.Second, true)
	take("d", 3*time.Second, true)
	take("e", 59*time.Second, false)
	take("a", 60*time.Second, true)
	take("e", 60*time.Second, true)
}

// However many sources are requested, no more entries are held than jobs may be sent.
func TestBudgetIsBounded(t *testing.T) {
	var b Budget
	for i := range 10_000 {
		b.Take(fmt.Sprint(i), Limits{PerSource: 1, Total: 100}, time.Unix(0, 0))
	}
	if len(b.sources) != 100 || b.total != 100 {
		t.Errorf("%d sources and %d jobs, want 100 of each", len(b.sources), b.total)
	}
}
