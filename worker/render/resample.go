//go:build cgo

package render

/*
#cgo pkg-config: vips
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <vips/vips.h>

// The loops are simple, so that the compiler vectorises them. On x86 it does so twice,
// because most but not all CPUs have AVX2. Each sample is summed in the order of the taps,
// whatever the width of a vector, so both versions give the same result.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE __attribute__((target_clones("avx2", "default"), optimize("O3")))
#elif defined(__GNUC__) && !defined(__clang__)
#define WIDE __attribute__((optimize("O3")))
#else
#define WIDE
#endif

typedef float four __attribute__((vector_size(16), aligned(4), may_alias));

// down adds rows of n samples, each multiplied by its weight.
WIDE static void down(const uint8_t *restrict rows, size_t n, const float *restrict weights, int taps, float *restrict sum) {
	for (size_t i = 0; i < n; i++)
		sum[i] = 0;
	for (int k = 0; k < taps; k++, rows += n) {
		const float w = weights[k];
		for (size_t i = 0; i < n; i++)
			sum[i] += w * (float) rows[i];
	}
}

static uint8_t rounded(float v) { return v < 0 ? 0 : v > 255 ? 255 : (uint8_t) (v + 0.5f); }

// across scales one row, which is followed by three unused floats.
WIDE static void across(const float *restrict row, int bands, int width, const int32_t *restrict from,
	const float *restrict weights, int taps, uint8_t *restrict out) {
	for (int x = 0; x < width; x++, weights += taps) {
		const float *at = row + (size_t) from[x] * bands;
		if (bands == 3) {
			four sum = {0, 0, 0, 0};
			for (int k = 0; k < taps; k++, at += 3)
				sum += weights[k] * *(const four *) at;
			for (int b = 0; b < 3; b++)
				*out++ = rounded(sum[b]);
		} else {
			float sum = 0;
			for (int k = 0; k < taps; k++)
				sum += weights[k] * at[k];
			*out++ = rounded(sum);
		}
	}
}

// resample scales a picture of 1 or 3 bands. Row holds one row and three floats.
static void resample(const uint8_t *in, int in_width, int bands, uint8_t *out, int width, int height,
	const int32_t *left, const float *across_weights, int across_taps,
	const int32_t *top, const float *down_weights, int down_taps, float *row) {
	const size_t n = (size_t) in_width * bands;
	for (int y = 0; y < height; y++) {
		down(in + top[y] * n, n, down_weights + (size_t) y * down_taps, down_taps, row);
		across(row, bands, width, left, across_weights, across_taps, out + (size_t) y * width * bands);
	}
}

// open_jpeg opens a JPEG whose rows are decoded on demand.
static VipsImage *open_jpeg(void *body, size_t length, int shrink) {
	VipsImage *image = NULL;
	if (vips_jpegload_buffer(body, length, &image, "shrink", shrink, "fail_on", VIPS_FAIL_ON_ERROR, "access", VIPS_ACCESS_SEQUENTIAL, NULL))
		return NULL;
	return image;
}

// fetch copies the next rows of a picture.
static int fetch(VipsRegion *region, int y, int rows, uint8_t *to) {
	const size_t n = VIPS_IMAGE_SIZEOF_LINE(region->im);
	for (const int end = y + rows; y < end;) {
		const VipsRect some = {0, y, region->im->Xsize, VIPS_MIN(end - y, 16)};
		if (vips_region_prepare(region, &some))
			return -1;
		for (; y < VIPS_RECT_BOTTOM(&some); y++, to += n)
			memcpy(to, VIPS_REGION_ADDR(region, 0, y), n);
	}
	return 0;
}

// resample_rows is resample for rows that are decoded on the way. Window holds as many
// rows as the argument says.
static int resample_rows(VipsImage *in, uint8_t *window, int rows, uint8_t *out, int width, int height,
	const int32_t *left, const float *across_weights, int across_taps,
	const int32_t *top, const float *down_weights, int down_taps, float *row) {
	const size_t n = VIPS_IMAGE_SIZEOF_LINE(in), out_n = (size_t) width * in->Bands;
	VipsRegion *region = vips_region_new(in);
	int failed = !region, first = 0, end = 0; // The rows in the window.
	for (int y = 0; y < height && !failed; y++) {
		if (top[y] + down_taps > end) {
			memmove(window, window + (top[y] - first) * n, (end - top[y]) * n);
			first = top[y];
			const int more = VIPS_MIN(first + rows, in->Ysize) - end;
			failed = fetch(region, end, more, window + (end - first) * n);
			end += more;
		}
		if (!failed) {
			down(window + (top[y] - first) * n, n, down_weights + (size_t) y * down_taps, down_taps, row);
			across(row, in->Bands, width, left, across_weights, across_taps, out + y * out_n);
		}
	}
	VIPS_UNREF(region);
	return failed;
}
*/
import "C"

import (
	"math"
	"runtime"
	"unsafe"
)

// resample scales a picture of 1 or 3 bands, 8 bits per sample, from in to out, with the
// three-lobed Lanczos filter. It matches libvips for pictures without alpha, in a third to
// a quarter of the time that 8.14 takes: that version does not vectorise one direction.
// Scaling to one size is a sixth of the work of a fan-out.
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
	row := make([]float32, inWidth*bands+3)
	C.resample((*C.uint8_t)(unsafe.Pointer(&in[0])), C.int(inWidth), C.int(bands), (*C.uint8_t)(unsafe.Pointer(&out[0])), C.int(width), C.int(height),
		(*C.int32_t)(unsafe.Pointer(&left[0])), (*C.float)(unsafe.Pointer(&acrossWeights[0])), C.int(acrossTaps),
		(*C.int32_t)(unsafe.Pointer(&top[0])), (*C.float)(unsafe.Pointer(&downWeights[0])), C.int(downTaps),
		(*C.float)(unsafe.Pointer(&row[0])))
}

// resampleJPEG decodes a JPEG of 1 or 3 bands, shrunk by 1, 2, 4 or 8 while decoding, and
// scales its rows as they arrive: the decoded picture is never in memory as a whole, and
// no thread of libvips is used.
func resampleJPEG(body []byte, shrink, width, height int) (*decoded, error) {
	var pinned runtime.Pinner
	defer pinned.Unpin()
	pinned.Pin(&body[0])
	in := C.open_jpeg(unsafe.Pointer(&body[0]), C.size_t(len(body)), C.int(shrink))
	if in == nil {
		return nil, lastError()
	}
	defer C.g_object_unref(C.gpointer(in))
	inWidth, inHeight, bands := int(in.Xsize), int(in.Ysize), int(in.Bands)
	d, err := newDecoded(width, height, 1, bands)
	if err != nil {
		return nil, err
	}
	left, acrossWeights, acrossTaps := lanczos(inWidth, width)
	top, downWeights, downTaps := lanczos(inHeight, height)
	const more = 32 // The number of rows decoded at a time.
	window, row := make([]byte, (downTaps+more)*inWidth*bands), make([]float32, inWidth*bands+3)
	if C.resample_rows(in, (*C.uint8_t)(&window[0]), C.int(downTaps+more), (*C.uint8_t)(&d.pixels[0]), C.int(width), C.int(height),
		(*C.int32_t)(&left[0]), (*C.float)(&acrossWeights[0]), C.int(acrossTaps),
		(*C.int32_t)(&top[0]), (*C.float)(&downWeights[0]), C.int(downTaps),
		(*C.float)(&row[0])) != 0 {
		return nil, lastError()
	}
	return d, nil
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
