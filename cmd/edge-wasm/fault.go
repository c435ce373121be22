//go:build wasip1 && !testfault

package main

// inject does nothing: only test builds inject faults.
func inject([]byte) {}
