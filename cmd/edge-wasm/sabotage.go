//go:build wasip1 && sabotage

package main

import "bytes"

// sabotage panics on events that ask for it. Builds for tests of the host have it.
func sabotage(event []byte) {
	if bytes.Contains(event, []byte("sabotage")) {
		panic("sabotaged")
	}
}
