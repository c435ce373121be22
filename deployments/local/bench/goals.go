package main

import (
	"fmt"
	"strings"
)

// goals are the engine's targets.
var goals = []struct {
	workload, tool, ratio string
	limit                 float64
}{
	{"W1", "calotype c55a9a3", "CPU past the start", 0.88},
	{"W1", "calotype c55a9a3", "bytes", 1},
	{"W1", "calotype c55a9a3", "SSIM lost in the worst preset", 0.001},
	{"W1", "sharp, WebP effort 2", "SSIM lost in the worst preset", 0.001},
	{"W2", "calotype c55a9a3", "CPU past the start", 0.88},
	{"W2", "calotype c55a9a3", "bytes", 1},
	{"W2", "calotype c55a9a3", "SSIM lost in the worst preset", 0.001},
	{"W2", "sharp, WebP effort 2", "SSIM lost in the worst preset", 0.001},
	{"W3", "calotype c55a9a3", "CPU past the start", 0.80},
	{"W3", "calotype c55a9a3", "bytes", 1},
	{"W3", "calotype c55a9a3", "SSIM lost in the worst preset", 0.001},
	{"W3", "sharp, WebP effort 2", "CPU", 0.28},
	{"W3", "sharp, WebP effort 2", "SSIM lost in the worst preset", 0.001},
	{"W3", "sharp, WebP effort 2", "memory, 8 at once", 0.45},
	{"W3", "the codecs alone", "CPU past the start", 1.35},
	{"W4 PNG", "sharp, WebP effort 2", "CPU", 1},
	{"W4 PNG", "calotype c55a9a3", "bytes", 1},
	{"W4 GIF", "sharp, WebP effort 2", "CPU", 0.7},
	{"W4 GIF", "sharp, WebP effort 2", "bytes", 0.9},
	{"W4 GIF", "sharp, WebP effort 2", "memory, 8 at once", 1},
	{"W5", "sharp, WebP effort 2", "bytes", 1},
	{"W5", "vipsthumbnail", "bytes", 1},
}

// printGoals prints which of the measured goals were reached.
func printGoals(workloads []workload, tools []tool, results [][]result) {
	fmt.Println()
	for _, g := range goals {
		for i, w := range workloads {
			for j, t := range tools {
				if !strings.HasPrefix(w.name, g.workload) || !strings.HasPrefix(t.name, g.tool) || results[i][j].ratios == nil {
					continue
				}
				verdict := "reached"
				got := results[i][j].ratios[g.ratio]
				if got > g.limit {
					verdict = "MISSED"
				}
				fmt.Printf("%s: %s, %s: %.4f, at most %.4g: %s\n", w.name, t.name, g.ratio, got, g.limit, verdict)
			}
		}
	}
}
