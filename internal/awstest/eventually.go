package awstest

import (
	"testing"
	"time"
)

// Eventually waits for something that other processes bring about, for so long at
// most: it is a bound for what hangs, not an expectation of how long it takes.
func Eventually(t testing.TB, patience time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
