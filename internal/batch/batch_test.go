package batch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"calotype/internal/hermetic"
)

func TestMain(m *testing.M) { hermetic.Main(m) }

var errOdd = errors.New("odd")

// sentBatches sends numbers as a batcher does, and returns the sizes of the batches. Odd
// numbers fail.
func sentBatches(t *testing.T, b *Batcher[int], entries ...int) (sizes []int) {
	t.Helper()
	var mu sync.Mutex
	b.Send = func(_ context.Context, entries []int) []error {
		mu.Lock()
		defer mu.Unlock()
		sizes = append(sizes, len(entries))
		errs := make([]error, len(entries))
		for i, n := range entries {
			if n%2 == 1 {
				errs[i] = errOdd
			}
		}
		return errs
	}
	var all sync.WaitGroup
	for _, n := range entries {
		all.Go(func() {
			if err := b.Do(t.Context(), n); errors.Is(err, errOdd) != (n%2 == 1) {
				t.Errorf("%d: got %v", n, err)
			}
		})
		synctest.Wait() // The entries join in order.
	}
	all.Wait()
	return sizes
}

func TestBatches(t *testing.T) {
	size := func(n int) int { return n }
	for name, c := range map[string]struct {
		batcher *Batcher[int]
		entries []int
		want    []int
	}{
		"one":            {&Batcher[int]{MaxEntries: 3}, []int{1}, []int{1}},
		"full, and rest": {&Batcher[int]{MaxEntries: 3}, []int{1, 2, 3, 4}, []int{3, 1}},
		"by bytes":       {&Batcher[int]{MaxEntries: 3, MaxBytes: 10, Bytes: size}, []int{4, 6, 1, 9, 2}, []int{2, 2, 1}},
		"too large":      {&Batcher[int]{MaxEntries: 3, MaxBytes: 10, Bytes: size}, []int{4, 60, 5, 5}, []int{1, 1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.batcher.Window = time.Second
				if got := sentBatches(t, c.batcher, c.entries...); !slices.Equal(got, c.want) {
					t.Errorf("batches of %v, want %v", got, c.want)
				}
			})
		})
	}
}

// A batch that is not full is sent after the window, and not before.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := Batcher[int]{Window: 20 * time.Millisecond, MaxEntries: 10}
		sentBatches(t, &b, 2, 4)
		if waited := time.Since(start); waited != b.Window {
			t.Errorf("sent after %v, want %v", waited, b.Window)
		}
	})
}
