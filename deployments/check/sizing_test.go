package check

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The table of sizes follows from the output of "make bench": new figures need a new table.
func TestSizingFollowsFromFigures(t *testing.T) {
	figures, err := os.ReadFile("../../BENCHMARK.md")
	if err != nil {
		t.Fatal(err)
	}
	// For pictures of 6 to 12 megapixels.
	_, figures, _ = bytes.Cut(figures, []byte("The program's own three JPEGs"))
	operations, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	figure := func(pattern string) float64 {
		t.Helper()
		m := regexp.MustCompile(pattern).FindSubmatch(figures)
		if m == nil {
			t.Fatalf("no %s in BENCHMARK.md", pattern)
		}
		n, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	rendering := 1 - figure(`of which (\d+) % is not rendering`)/100
	// How much more or less CPU time a job takes since those figures were measured.
	ratios := regexp.MustCompile(`gave ([\d.]+), ([\d.]+) and ([\d.]+) times that`).FindSubmatch(operations)
	if ratios == nil {
		t.Fatal("docs/operations.md has no ratios to the figures of BENCHMARK.md")
	}
	for i, row := range []struct {
		siblings   string
		renditions int
		ms         float64
	}{
		{"`none`", 1, figure(`(?m)^W1 JPEG to M +calotype +([\d.]+)`) / rendering},
		{"`format` (the default)", 8, figure(`24 large jobs of 8 renditions: [\d.]+ a second, ([\d.]+) ms CPU a job`)},
		{"`all`", 16, 16 * figure(`(?m)^W3 JPEG to all 16 +calotype +([\d.]+)`) / rendering},
	} {
		ratio, err := strconv.ParseFloat(string(ratios[i+1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		ms := math.Round(math.Round(row.ms) * ratio)
		want := fmt.Sprintf("\n| %s | %d | %.0f | %.1f | %.1f |\n", row.siblings, row.renditions, ms, 1000/ms, 700/ms)
		if !strings.Contains(string(operations), want) {
			t.Errorf("docs/operations.md has no row%s", want)
		}
	}
}
