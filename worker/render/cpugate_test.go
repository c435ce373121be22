package render

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Decoded pictures go before others, and each kind in order of arrival.
func TestGateTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newGate(1)
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
			if p.Try(step("no CPU is idle")) {
				t.Error("two steps on one CPU")
			}
		})
		synctest.Wait()
		if want := []string{"encode 1", "encode 2", "decode 1", "decode 2"}; !slices.Equal(order, want) {
			t.Errorf("got %q, want %q", order, want)
		}
		if !p.Try(step("idle")) || p.free != 1 {
			t.Errorf("%d CPUs are free", p.free)
		}
	})
}

// A long step shares its CPU, and releases it once.
func TestGateShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newGate(1)
		start := time.Now()
		go p.Decode(func() { time.Sleep(time.Hour) })
		synctest.Wait()
		p.Decode(func() {})
		if took := time.Since(start); took != exclusive {
			t.Errorf("waited for %v", took)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if p.free != 1 {
			t.Errorf("%d CPUs are free", p.free)
		}
	})
}
