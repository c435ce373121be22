// Package caches holds the configuration of six HTTP caches in front of "calotype edge", and
// tests that run them. "make test-caches" runs the tests, which need Debian's packages.
// docs/caches.md says what each cache does by default.
package caches
