//go:build !testfault

package main

// inject does nothing: only test builds inject faults.
func inject(string, *server) error { return nil }
