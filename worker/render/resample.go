//go:build cgo

package render

/*
#include "resample.h"

// resample_memory_alpha is resample_alpha for a picture in memory.
static void resample_memory_alpha(const uint8_t *in, int in_width, int in_height, int bands, float *window, int rows,
	uint8_t *out, int width, int height,
	const int32_t *left, const float *across_weights, int across_taps,
	const int32_t *top, const float *down_weights, int down_taps, float *row) {
	memory_rows from = {{next_in_memory}, in, (size_t) in_width * bands};
	resample_alpha(&from.source, in_width, in_height, bands, window, rows, out, width, height,
		left, across_weights, across_taps, top, down_weights, down_taps, row);
}
*/
import "C"

import (
	"math"
	"unsafe"
)

// resample scales a picture of 1 to 4 bands, 8 bits per sample, from in to out, with the
// three-lobed Lanczos filter. Alpha is the last band if their number is even, and weights
// the colours. It matches libvips, in a third to a quarter of the time that 8.14 takes: that
// version does not vectorise one direction. Scaling to one size is a sixth of the work of a
// fan-out.
//
// These loops can be removed when BenchmarkScale shows that libvips takes at most 5 % more
// CPU time on Debian's stable release, and that no sample differs by more than one level.
// With libvips 8.16.1 (Debian 13), which is vectorised, it takes 1.7 to 4.9 times as much,
// and samples differ by up to 6 levels, because it shrinks in two steps.
func resample(in []byte, inWidth, inHeight, bands int, out []byte, width, height int) {
	if len(in) < inWidth*inHeight*bands || len(out) < width*height*bands || len(in) == 0 || len(out) == 0 {
		panic("render: resample: too few bytes")
	}
	left, acrossWeights, acrossTaps := lanczos(inWidth, width)
	top, downWeights, downTaps := lanczos(inHeight, height)
	if bands%2 == 0 {
		rows := downTaps + windowRows
		window, row := make([]float32, rows*inWidth*4), make([]float32, inWidth*4)
		C.resample_memory_alpha((*C.uint8_t)(unsafe.Pointer(&in[0])), C.int(inWidth), C.int(inHeight), C.int(bands),
			(*C.float)(unsafe.Pointer(&window[0])), C.int(rows),
			(*C.uint8_t)(unsafe.Pointer(&out[0])), C.int(width), C.int(height),
			(*C.int32_t)(unsafe.Pointer(&left[0])), (*C.float)(unsafe.Pointer(&acrossWeights[0])), C.int(acrossTaps),
			(*C.int32_t)(unsafe.Pointer(&top[0])), (*C.float)(unsafe.Pointer(&downWeights[0])), C.int(downTaps),
			(*C.float)(unsafe.Pointer(&row[0])))
		return
	}
	row := make([]float32, inWidth*bands+3)
	C.resample((*C.uint8_t)(unsafe.Pointer(&in[0])), C.int(inWidth), C.int(bands), (*C.uint8_t)(unsafe.Pointer(&out[0])), C.int(width), C.int(height),
		(*C.int32_t)(unsafe.Pointer(&left[0])), (*C.float)(unsafe.Pointer(&acrossWeights[0])), C.int(acrossTaps),
		(*C.int32_t)(unsafe.Pointer(&top[0])), (*C.float)(unsafe.Pointer(&downWeights[0])), C.int(downTaps),
		(*C.float)(unsafe.Pointer(&row[0])))
}

// windowRows is how many more rows than the filter needs are decoded at a time.
const windowRows = 32

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
