package render

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Pictures that are decoded go before those that are not, and each in turn.
func TestProcessorsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcessors(1)
		var order []string
		step := func(name string) func() { return func() { order = append(order, name) } }
		p.Decode(func() {
			for _, name := range []string{"decode 1", "decode 2"} {
				go p.Decode(step(name))
				synctest.Wait()
			}
			for _, name := range []string{"encode 1", "encode 2"} {
				go p.Encode(step(name))
				synctest.Wait()
			}
			if p.Try(step("nobody is idle")) {
				t.Error("two steps on one processor")
			}
		})
		synctest.Wait()
		if want := []string{"encode 1", "encode 2", "decode 1", "decode 2"}; !slices.Equal(order, want) {
			t.Errorf("got %q, want %q", order, want)
		}
		if !p.Try(step("idle")) || p.free != 1 {
			t.Errorf("%d processors are free", p.free)
		}
	})
}

// What takes long shares its processor, and gives it up but once.
func TestProcessorsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcessors(1)
		start := time.Now()
		go p.Decode(func() { time.Sleep(time.Hour) })
		synctest.Wait()
		p.Decode(func() {})
		if took := time.Since(start); took != patience {
			t.Errorf("waited for %v", took)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if p.free != 1 {
			t.Errorf("%d processors are free", p.free)
		}
	})
}
