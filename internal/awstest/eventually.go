package awstest

import (
	"testing"
	"time"
)

// Eventually waits until other processes have brought about a condition. The limit is only
// for a test that hangs; it is not the expected duration.
func Eventually(t testing.TB, timeout time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", timeout, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
