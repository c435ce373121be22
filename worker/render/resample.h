// The loops that scale rows of samples.
#pragma once
#include <stddef.h>
#include <stdint.h>

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
