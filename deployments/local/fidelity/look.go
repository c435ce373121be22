package fidelity

import (
	"fmt"
	"math"
	"slices"
)

// Look is what a browser shows of a picture.
type Look struct {
	Shown bool `json:"shown"`
	// Width and Height are in pixels, after the turn.
	Width  int `json:"width"`
	Height int `json:"height"`
	Sample
	// Frames are the frames of an animation; a still has none.
	Frames []Frame `json:"frames"`
	// Repetitions is how often an animation is repeated: -1 means forever.
	Repetitions int `json:"repetitions"`
}

// Sample holds a picture's colours in sRGB.
type Sample struct {
	// Cells are the mean colours of a grid of 16 x 16 cells, row by row: red, green and
	// blue multiplied by alpha, and alpha, each from 0 to 255.
	Cells []float64 `json:"cells"`
	// Middles are the colours in the middles of the four quadrants, not premultiplied.
	Middles [4][4]int `json:"middles"`
}

// Frame is one picture of an animation.
type Frame struct {
	Milliseconds float64 `json:"milliseconds"`
	Sample
}

// grid is the number of cells per side, as in look.js.
const grid = 16

// tolerance is how much two pictures that look the same may differ.
type tolerance struct {
	// colour is the largest difference of a colour, of 255.
	colour float64
	// blur is the share of an edge's contrast that a cell at the edge may take from its
	// neighbours: lossy formats store colour at half the resolution.
	blur float64
}

// A lossy rendition of a flat colour differs by up to 4, in chroma by up to 6. At half
// the size a cell has few pixels.
var (
	atNatural = tolerance{10, 0.25}
	atHalf    = tolerance{24, 0.5}
)

// Differences lists how a rendition looks different from its original, beyond what is
// allowed. It is empty if both look the same.
func Differences(original, rendition Look, allowed tolerance) []string {
	switch {
	case !original.Shown:
		return nil // Nothing is replaced.
	case !rendition.Shown:
		return []string{"not shown"}
	case original.Width != rendition.Width || original.Height != rendition.Height:
		return []string{fmt.Sprintf("size: %dx%d, want %dx%d", rendition.Width, rendition.Height, original.Width, original.Height)}
	}
	var all []string
	if d := original.differs(rendition.Sample, allowed); d != "" {
		all = append(all, d)
	}
	return append(all, motion(original, rendition, allowed)...)
}

// differs describes the largest difference of colours, over white and over black.
func (s Sample) differs(other Sample, limit tolerance) string {
	worst, at, what := 0.05, -1, ""
	for i := 0; i+3 < len(s.Cells) && i+3 < len(other.Cells); i += 4 {
		allowed := limit.colour + limit.blur*s.contrast(i/4)
		alpha := other.Cells[i+3] - s.Cells[i+3]
		for band := range 3 {
			black := other.Cells[i+band] - s.Cells[i+band]
			white := black - alpha
			for _, d := range []struct {
				by   float64
				what string
			}{{black, "colour"}, {white, "colour over white"}, {alpha, "alpha"}} {
				if by := math.Abs(d.by) - allowed; by > worst {
					worst, at, what = by, i/4, d.what
				}
			}
		}
	}
	if at < 0 {
		return ""
	}
	if s.turned(other) {
		what = "turn"
	}
	return fmt.Sprintf("%s: cell %d,%d is %s, want %s", what, at%grid, at/grid, other.cell(at), s.cell(at))
}

// contrast returns the largest difference between a cell and those around it.
func (s Sample) contrast(cell int) float64 {
	var largest float64
	x, y := cell%grid, cell/grid
	for row := max(0, y-1); row <= min(grid-1, y+1); row++ {
		for column := max(0, x-1); column <= min(grid-1, x+1); column++ {
			for band := range 4 {
				largest = max(largest, math.Abs(s.Cells[4*(row*grid+column)+band]-s.Cells[4*cell+band]))
			}
		}
	}
	return largest
}

func (s Sample) cell(i int) string {
	c := s.Cells[4*i:]
	return fmt.Sprintf("%.0f,%.0f,%.0f,%.0f", c[0], c[1], c[2], c[3])
}

// turned reports whether the quadrants are the same, in other places.
func (s Sample) turned(other Sample) bool {
	if same := !slices.ContainsFunc([]int{0, 1, 2, 3}, func(i int) bool { return !near(s.Middles[i], other.Middles[i]) }); same {
		return false
	}
	left := slices.Clone(other.Middles[:])
	for _, c := range s.Middles {
		i := slices.IndexFunc(left, func(o [4]int) bool { return near(c, o) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

func near(a, b [4]int) bool {
	for i := range a {
		if d := math.Abs(float64(a[i] - b[i])); d > atNatural.colour {
			return false
		}
	}
	return true
}

// empty reports whether everything is transparent.
func (s Sample) empty() bool {
	return !slices.ContainsFunc(s.Cells, func(v float64) bool { return v != 0 })
}
