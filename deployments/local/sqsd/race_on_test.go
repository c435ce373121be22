//go:build race

package sqsd_test

// Here SQLite is Go code, which the race detector makes 15 times slower.
const manyMessages = 2_000
