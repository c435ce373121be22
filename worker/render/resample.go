//go:build cgo

package render

/*
#include "resample.h"

// resample_memory_alpha is resample_alpha for a picture in memory.
static void resample_memory_alpha(const uint8_t *in, size_t stride, int bands, int slots, scaling s, float *row, float *sums, uint8_t *out) {
	memory_rows from = {{next_in_memory}, in, stride};
	resample_alpha(&from.source, bands, slots, &s, row, sums, out);
}
*/
import "C"

import (
	"image"
	"math"
	"slices"
)

// resample scales a picture of 1 to 4 bands, 8 bits per sample, from in to out, with the
// three-lobed Lanczos filter. Alpha is the last band if their number is even, and weights
// the colours. It matches libvips, in at most a third of the time that 8.14 takes: that
// version does not vectorise one direction. Four rows are made at once, so that all lanes of
// a vector are in use in both directions. A sample is summed in the order of its taps,
// whatever is made at once. With alpha, each input row is added to every output row that it
// contributes to: memory is needed for about ten rows, however high the picture is.
//
// These loops can be removed when BenchmarkScale shows that libvips takes at most 5 % more
// CPU time on Debian's stable release, and that no sample differs by more than one level.
// With libvips 8.16.1 (Debian 13), which is vectorised, it took 1.7 to 4.9 times as much
// before rows were made four at once, and samples differ by up to 6 levels, because it
// shrinks in two steps.
func resample(in []byte, inWidth, inHeight, bands int, out []byte, width, height int) {
	resamplePart(in, inWidth, inHeight, bands, out, newScaling(inWidth, inHeight, width, height))
}

// resamplePart is resample for a scaling.
func resamplePart(in []byte, inWidth, inHeight, bands int, out []byte, s *scaling) {
	if len(in) < inWidth*inHeight*bands || len(out) < s.width*s.height*bands || len(in) == 0 || len(out) == 0 {
		panic("render: resample: too few bytes")
	}
	stride := C.size_t(inWidth * bands)
	in = in[(s.row*inWidth+s.column)*bands:]
	if bands%2 == 0 {
		slots := s.slots()
		row, sums := make([]float32, s.columns*4), make([]float32, s.columns*4*slots)
		C.resample_memory_alpha(bytePointer(in), stride, C.int(bands), C.int(slots), s.c(), (*C.float)(&row[0]), (*C.float)(&sums[0]), bytePointer(out))
		return
	}
	sums := s.sums(bands)
	C.resample(bytePointer(in), stride, C.int(bands), s.c(), (*C.float)(&sums[0]), bytePointer(out))
}

// scaling is which samples make up a part of a scaled picture, and with which weights.
type scaling struct {
	width, height        int // Of the part.
	column, row          int // The first ones of the source that are needed.
	columns              int // How many are needed.
	left, top            []int32
	across, down         []float32
	acrossTaps, downTaps int
}

// newScaling returns the scaling of a whole picture.
func newScaling(inWidth, inHeight, width, height int) *scaling {
	s := &scaling{width: width, height: height, columns: inWidth}
	s.left, s.across, s.acrossTaps = lanczos(inWidth, width)
	s.top, s.down, s.downTaps = lanczos(inHeight, height)
	return s
}

// part returns the scaling of a part of the scaled picture.
func (s *scaling) part(of image.Rectangle) *scaling {
	from := func(all []int32, at, length int) ([]int32, int) {
		some := slices.Clone(all[at : at+length])
		for i := range some {
			some[i] -= all[at]
		}
		return some, int(all[at])
	}
	p := *s
	p.width, p.height = of.Dx(), of.Dy()
	p.left, p.column = from(s.left, of.Min.X, p.width)
	p.top, p.row = from(s.top, of.Min.Y, p.height)
	p.columns = int(p.left[p.width-1]) + s.acrossTaps
	p.across, p.down = s.across[of.Min.X*s.acrossTaps:], s.down[of.Min.Y*s.downTaps:]
	return &p
}

// c returns the scaling for C, for a picture that begins at its column and row.
func (s *scaling) c() C.scaling {
	return C.scaling{
		width: C.int(s.width), height: C.int(s.height), columns: C.int(s.columns),
		left: (*C.int32_t)(&s.left[0]), top: (*C.int32_t)(&s.top[0]),
		across: (*C.float)(&s.across[0]), down: (*C.float)(&s.down[0]),
		across_taps: C.int(s.acrossTaps), down_taps: C.int(s.downTaps),
	}
}

// sums is memory for rows that are scaled together.
func (s *scaling) sums(bands int) []float32 { return make([]float32, C.together*s.columns*bands) }

// rows returns how many rows are in memory if they are decoded on demand: what is needed at
// once, and a few more, so that they seldom move.
func (s *scaling) rows() int {
	const more = 32
	needed := 0
	for y := 0; y < s.height; y += C.together {
		last := min(y+C.together, s.height) - 1
		needed = max(needed, int(s.top[last]-s.top[y])+s.downTaps)
	}
	return needed + more
}

// slots returns how many output rows an input row contributes to, at most.
func (s *scaling) slots() int {
	slots, first := 0, 0
	for y := range s.top {
		for int(s.top[first])+s.downTaps <= int(s.top[y]) {
			first++
		}
		slots = max(slots, y-first+1)
	}
	return slots
}

// lanczos returns, for each of to samples, the first sample that contributes to it and the
// weights, which add up to 1. All have the same number of taps, some of weight 0.
func lanczos(from, to int) (first []int32, weights []float32, taps int) {
	const lobes = 3
	scale := max(1, float64(from)/float64(to))      // The filter is as wide as a sample of the smaller side.
	taps = min(from, int(math.Ceil(2*lobes*scale))) // If there is one more, both outermost taps weigh 0.
	first, weights = make([]int32, to), make([]float32, to*taps)
	values := make([]float64, taps)
	for i := range to {
		centre := (float64(i)+0.5)*float64(from)/float64(to) - 0.5
		start := min(max(int(math.Ceil(centre-lobes*scale)), 0), from-taps)
		sum := 0.0
		for k := range values {
			values[k] = window((float64(start+k)-centre)/scale, lobes)
			sum += values[k]
		}
		first[i] = int32(start)
		for k, v := range values {
			weights[i*taps+k] = float32(v / sum)
		}
	}
	return first, weights, taps
}

// window is Lanczos' windowed sinc.
func window(x, lobes float64) float64 {
	switch x = math.Abs(x) * math.Pi; {
	case x >= lobes*math.Pi:
		return 0
	case x < 1e-9:
		return 1
	}
	return lobes * math.Sin(x) * math.Sin(x/lobes) / (x * x)
}
