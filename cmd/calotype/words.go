package main

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

// plural formats a number of things: "1 dead letter", "2 dead letters".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// fileSize formats the size of a file. All output for people has decimal units, as file
// managers and browsers; only memory is written in MiB and GiB, as cgroups and containers.
func fileSize(n int64) string { return humanize.Bytes(uint64(n)) }
