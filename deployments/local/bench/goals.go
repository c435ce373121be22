package main

import (
	"fmt"
	"strings"
)

// goals are the engine's targets.
var goals = []struct {
	workload, tool, ratio string
	most                  float64
}{
	{"W1", "sharp", "CPU", 1},
	{"W1", "sharp", "CPU past the start", 1},
	{"W1", "vipsthumbnail", "CPU", 0.85},
	{"W2", "sharp, WebP effort 2", "CPU", 1},
	{"W2", "sharp, WebP effort 2", "CPU past the start", 1},
	{"W3", "sharp, WebP effort 2", "CPU", 0.35},
	{"W3", "sharp, WebP effort 2", "SSIM lost in the worst preset", 0.002},
	{"W3", "sharp, WebP effort 2", "memory, 8 at once", 0.45},
	{"W3", "sharp, WebP effort 4", "CPU", 0.30},
	{"W3", "sharp, WebP effort 4", "bytes", 1.05},
	{"W3", "sharp, WebP effort 4", "SSIM lost in the worst preset", 0.004},
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
				if got > g.most {
					verdict = "MISSED"
				}
				fmt.Printf("%s: %s, %s: %.4f, at most %.4g: %s\n", w.name, t.name, g.ratio, got, g.most, verdict)
			}
		}
	}
}
