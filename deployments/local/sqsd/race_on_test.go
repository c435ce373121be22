//go:build race

package sqsd_test

// SQLite, being Go here, is 15 times slower under the race detector.
const manyMessages = 2_000
