//go:build !testfault

package main

// inject does nothing: only builds for tests have faults to inject.
func inject(string, *server) error { return nil }
