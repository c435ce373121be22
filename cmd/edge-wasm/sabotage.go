//go:build wasip1 && sabotage

package main

import "bytes"

// sabotage panics on events that request it. Only test builds of the host contain it.
func sabotage(event []byte) {
	if bytes.Contains(event, []byte("sabotage")) {
		panic("sabotaged")
	}
}
