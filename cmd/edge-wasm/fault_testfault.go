//go:build wasip1 && testfault

package main

import "bytes"

// inject panics on events that request it. Only test builds of the host contain it.
func inject(event []byte) {
	if bytes.Contains(event, []byte("testfault")) {
		panic("injected fault")
	}
}
