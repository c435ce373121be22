package backoff

import (
	"testing"
	"time"
)

func TestDelayDoublesUpToTheLimit(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		0: 5 * time.Second, 1: 5 * time.Second, 2: 10 * time.Second, 5: 80 * time.Second,
		8: 640 * time.Second, 9: 15 * time.Minute, 1000: 15 * time.Minute,
	} {
		for range 100 {
			if got := Delay(failures, 5*time.Second, 15*time.Minute); got < want/2 || got > want {
				t.Errorf("%d failures: got %v, want %v to %v", failures, got, want/2, want)
			}
		}
	}
}
