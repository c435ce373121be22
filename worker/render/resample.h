// The loops that scale rows of samples.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

// row_source yields a picture's rows from top to bottom. A row is valid until the next one.
typedef struct row_source row_source;
struct row_source {
	const uint8_t *(*next)(row_source *source);
};

// memory_rows yields rows that follow one another in memory.
typedef struct {
	row_source source;
	const uint8_t *at;
	size_t n;
} memory_rows;

static const uint8_t *next_in_memory(row_source *source) {
	memory_rows *rows = (memory_rows *) source;
	const uint8_t *row = rows->at;
	rows->at += rows->n;
	return row;
}

// premultiply makes four floats of each pixel of 2 or 4 bands: its colours, multiplied by
// alpha, and alpha.
WIDE static void premultiply(const uint8_t *restrict in, int bands, int width, float *restrict out) {
	if (bands == 4) {
		for (int x = 0; x < width; x++, in += 4, out += 4) {
			const float alpha = in[3], share = alpha * (1 / 255.f);
			out[0] = in[0] * share;
			out[1] = in[1] * share;
			out[2] = in[2] * share;
			out[3] = alpha;
		}
		return;
	}
	for (int x = 0; x < width; x++, in += 2, out += 4) {
		const float alpha = in[1];
		out[0] = out[1] = out[2] = in[0] * alpha * (1 / 255.f);
		out[3] = alpha;
	}
}

// down_floats is down for rows of floats.
WIDE static void down_floats(const float *restrict rows, size_t n, const float *restrict weights, int taps, float *restrict sum) {
	for (size_t i = 0; i < n; i++)
		sum[i] = 0;
	for (int k = 0; k < taps; k++, rows += n) {
		const float w = weights[k];
		for (size_t i = 0; i < n; i++)
			sum[i] += w * rows[i];
	}
}

// across_alpha scales one premultiplied row to pixels of 2 or 4 bands.
WIDE static void across_alpha(const float *restrict row, int bands, int width, const int32_t *restrict from,
	const float *restrict weights, int taps, uint8_t *restrict out) {
	for (int x = 0; x < width; x++, weights += taps, out += bands) {
		const float *at = row + (size_t) from[x] * 4;
		four sum = {0, 0, 0, 0};
		for (int k = 0; k < taps; k++, at += 4)
			sum += weights[k] * *(const four *) at;
		const uint8_t alpha = rounded(sum[3]);
		const float unit = alpha ? 255 / sum[3] : 0;
		for (int b = 0; b < bands - 1; b++)
			out[b] = rounded(sum[b] * unit);
		out[bands - 1] = alpha;
	}
}

// window_rows holds the rows that a filter needs, and a few more, so that they seldom move.
typedef struct {
	int first, end;  // The rows that are there.
	int rows, height; // How many fit, and how many the picture has.
} window_rows;

// next_rows says that the rows from top on are needed, of which there are too few: some move
// to the beginning. It returns how many follow.
static int next_rows(window_rows *w, int top, size_t size, void *window) {
	memmove(window, (uint8_t *) window + (top - w->first) * size, (w->end - top) * size);
	w->first = top;
	return (top + w->rows < w->height ? top + w->rows : w->height) - w->end;
}

// resample_rows is resample for rows that are made on the way.
static void resample_rows(row_source *in, int in_width, int in_height, int bands, uint8_t *window, int rows,
	uint8_t *out, int width, int height,
	const int32_t *left, const float *across_weights, int across_taps,
	const int32_t *top, const float *down_weights, int down_taps, float *row) {
	const size_t n = (size_t) in_width * bands;
	window_rows w = {0, 0, rows, in_height};
	for (int y = 0; y < height; y++) {
		if (top[y] + down_taps > w.end)
			for (int more = next_rows(&w, top[y], n, window); more > 0; more--, w.end++)
				memcpy(window + (w.end - w.first) * n, in->next(in), n);
		down(window + (top[y] - w.first) * n, n, down_weights + (size_t) y * down_taps, down_taps, row);
		across(row, bands, width, left, across_weights, across_taps, out + (size_t) y * width * bands);
	}
}

// resample_alpha scales a picture of 2 or 4 bands; colours are weighted by alpha. Window
// holds rows of four floats a pixel, and row holds one.
static void resample_alpha(row_source *in, int in_width, int in_height, int bands, float *window, int rows,
	uint8_t *out, int width, int height,
	const int32_t *left, const float *across_weights, int across_taps,
	const int32_t *top, const float *down_weights, int down_taps, float *row) {
	const size_t n = (size_t) in_width * 4;
	window_rows w = {0, 0, rows, in_height};
	for (int y = 0; y < height; y++) {
		if (top[y] + down_taps > w.end)
			for (int more = next_rows(&w, top[y], n * sizeof *window, window); more > 0; more--, w.end++)
				premultiply(in->next(in), bands, in_width, window + (w.end - w.first) * n);
		down_floats(window + (top[y] - w.first) * n, n, down_weights + (size_t) y * down_taps, down_taps, row);
		across_alpha(row, bands, width, left, across_weights, across_taps, out + (size_t) y * width * bands);
	}
}
