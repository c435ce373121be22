//go:build !race

package sqsd_test

const manyMessages = 10_000
