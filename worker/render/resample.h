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
typedef int32_t four_ints __attribute__((vector_size(16)));
typedef float eight __attribute__((vector_size(32)));
typedef int32_t eight_ints __attribute__((vector_size(32)));
typedef uint32_t eight_words __attribute__((vector_size(32), aligned(1), may_alias));

// scaling is which samples make up a part of a scaled picture, and with which weights.
typedef struct {
	int width, height;           // Of the part.
	const int32_t *left, *top;   // The first column and row for each of the part's.
	const float *across, *down;  // Their weights, one after the other.
	int across_taps, down_taps;  // How many samples have a weight.
	int columns;                 // How many columns have one.
} scaling;

enum { together = 4, tile = 64 }; // Rows that are scaled at once, and samples.

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BYTE(words, i) ((words) >> (24 - 8 * (i)) & 255)
#else
#define BYTE(words, i) ((words) >> 8 * (i) & 255)
#endif

// down_tile adds tile samples of rows, each multiplied by its weight, in registers. Sample
// 32a + 4b + c becomes sum[4a + c][b]: that way they are extracted from words at once.
static inline __attribute__((always_inline)) void down_tile(const uint8_t *rows, size_t stride, const float *weights, int taps, eight *sum) {
	eight s[tile / 8] = {{0}};
	for (int k = 0; k < taps; k++, rows += stride) {
		const float w = weights[k];
		const eight_words a = *(const eight_words *) rows, b = *(const eight_words *) (rows + 32);
#define ADD(i, words, byte) s[i] += w * __builtin_convertvector((eight_ints) BYTE(words, byte), eight);
		ADD(0, a, 0) ADD(1, a, 1) ADD(2, a, 2) ADD(3, a, 3)
		ADD(4, b, 0) ADD(5, b, 1) ADD(6, b, 2) ADD(7, b, 3)
#undef ADD
	}
	memcpy(sum, s, sizeof s);
}

// down makes n samples of count rows, up to four. They follow one another in sum: the
// first of each row, the second of each, and so on. Rows start with the first row's.
WIDE static void down(const uint8_t *rows, size_t stride, size_t n, const scaling *s, int y, int count, float *restrict sum) {
	const uint8_t *from[together];
	const float *weights[together];
	for (int r = 0; r < together; r++) { // A missing row is the last one again.
		const int row = y + (r < count ? r : count - 1);
		from[r] = rows + (s->top[row] - s->top[y]) * stride;
		weights[r] = s->down + (size_t) row * s->down_taps;
	}
	size_t i = 0;
	for (; i + tile <= n; i += tile) {
		eight each[together][tile / 8];
		for (int r = 0; r < together; r++)
			down_tile(from[r] + i, stride, weights[r], s->down_taps, each[r]);
		for (int j = 0; j < tile / 4; j++) {
			four *to = (four *) sum + j / 8 * 32 + j % 2 * 16 + j / 2 % 4;
			const float *at = (const float *) each + 4 * j;
			const four a = *(const four *) at, b = *(const four *) (at + tile), c = *(const four *) (at + 2 * tile), d = *(const four *) (at + 3 * tile);
			const four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), AB = __builtin_shufflevector(a, b, 2, 6, 3, 7);
			const four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
			to[0] = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
			to[4] = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
			to[8] = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
			to[12] = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
		}
		sum += together * tile;
	}
	for (; i < n; i++, sum += together)
		for (int r = 0; r < together; r++) {
			const uint8_t *at = from[r] + i;
			float v = 0;
			for (int k = 0; k < s->down_taps; k++, at += stride)
				v += weights[r][k] * (float) *at;
			sum[r] = v;
		}
}

static uint8_t rounded(float v) { return v < 0 ? 0 : v > 255 ? 255 : (uint8_t) (v + 0.5f); }

static inline __attribute__((always_inline)) four_ints rounded_four(four v) {
	const four none = {0};
	const four_ints below = v < none, above = v > none + 255;
	return (__builtin_convertvector(v + 0.5f, four_ints) & ~below & ~above) | (above & 255);
}

// across scales what down made of up to four rows.
WIDE static void across(const float *restrict row, int bands, const scaling *s, int count, uint8_t *restrict out) {
	const float *weights = s->across;
	const size_t n = (size_t) s->width * bands;
	for (int x = 0; x < s->width; x++, weights += s->across_taps, out += bands) {
		const four *at = (const four *) row + (size_t) s->left[x] * bands;
		if (bands == 3) {
			four r = {0}, g = {0}, b = {0};
			for (int k = 0; k < s->across_taps; k++, at += 3) {
				r += weights[k] * at[0];
				g += weights[k] * at[1];
				b += weights[k] * at[2];
			}
			const four_ints rgb = rounded_four(r) | rounded_four(g) << 8 | rounded_four(b) << 16;
			for (int y = 0; y < count; y++) {
				out[y * n] = rgb[y];
				out[y * n + 1] = rgb[y] >> 8;
				out[y * n + 2] = rgb[y] >> 16;
			}
		} else {
			four sum = {0};
			for (int k = 0; k < s->across_taps; k++)
				sum += weights[k] * at[k];
			const four_ints v = rounded_four(sum);
			for (int y = 0; y < count; y++)
				out[y * n] = v[y];
		}
	}
}

// scale_rows makes up to four of the part's rows, starting with y, of 1 or 3 bands. Rows start
// with the first one's, and sums holds four floats for each sample of a row.
static int scale_rows(const uint8_t *rows, size_t stride, int bands, const scaling *s, int y, float *sums, uint8_t *out) {
	const int count = s->height - y < together ? s->height - y : together;
	down(rows, stride, (size_t) s->columns * bands, s, y, count, sums);
	across(sums, bands, s, count, out + (size_t) y * s->width * bands);
	return count;
}

// last_row returns the end of the rows that scale_rows needs: the last one plus 1.
static int last_row(const scaling *s, int y) {
	const int last = s->height - y < together ? s->height - 1 : y + together - 1;
	return s->top[last] + s->down_taps;
}

// resample scales a picture of 1 or 3 bands.
static void resample(const uint8_t *in, size_t stride, int bands, scaling s, float *sums, uint8_t *out) {
	for (int y = 0; y < s.height; )
		y += scale_rows(in + s.top[y] * stride, stride, bands, &s, y, sums, out);
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

// add_floats adds a row, multiplied by its weight.
WIDE static void add_floats(const float *restrict row, size_t n, float weight, float *restrict sum) {
	for (size_t i = 0; i < n; i++)
		sum[i] += weight * row[i];
}

// across_alpha scales one premultiplied row to pixels of 2 or 4 bands.
WIDE static void across_alpha(const float *restrict row, int bands, const scaling *s, uint8_t *restrict out) {
	const float *weights = s->across;
	for (int x = 0; x < s->width; x++, weights += s->across_taps, out += bands) {
		const float *at = row + (size_t) s->left[x] * 4;
		four sum = {0};
		for (int k = 0; k < s->across_taps; k++, at += 4)
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
	int first, end;  // The rows in it.
	int rows, height; // How many fit, and how many the picture has.
} window_rows;

// next_rows shifts the window to start at row top and returns how many rows to append.
static int next_rows(window_rows *w, int top, size_t size, void *window) {
	memmove(window, (uint8_t *) window + (top - w->first) * size, (w->end - top) * size);
	w->first = top;
	return (top + w->rows < w->height ? top + w->rows : w->height) - w->end;
}

// resample_rows is resample for rows that are produced on demand; window has room for `rows` of
// them.
static void resample_rows(row_source *in, int in_width, int in_height, int bands, uint8_t *window, int rows,
	const scaling *s, float *sums, uint8_t *out) {
	const size_t n = (size_t) in_width * bands;
	window_rows w = {0, 0, rows, in_height};
	for (int y = 0; y < s->height; ) {
		if (last_row(s, y) > w.end)
			for (int more = next_rows(&w, s->top[y], n, window); more > 0; more--, w.end++)
				memcpy(window + (w.end - w.first) * n, in->next(in), n);
		y += scale_rows(window + (s->top[y] - w.first) * n, n, bands, s, y, sums, out);
	}
}

// resample_alpha scales a picture of 2 or 4 bands, whose first row is the first one needed;
// colours are weighted by alpha. Each input row is added to every output row that it
// contributes to: at most slots of them. Row holds four floats for each column, and sums slots
// times as many.
static void resample_alpha(row_source *in, int bands, int slots, const scaling *s, float *row, float *sums, uint8_t *out) {
	const size_t n = (size_t) s->columns * 4;
	int done = 0, started = 0;
	for (int at = s->top[0]; done < s->height; at++) {
		premultiply(in->next(in), bands, s->columns, row);
		for (; started < s->height && s->top[started] <= at; started++)
			memset(sums + started % slots * n, 0, n * sizeof *sums);
		for (int y = done; y < started; y++)
			add_floats(row, n, s->down[(size_t) y * s->down_taps + at - s->top[y]], sums + y % slots * n);
		for (; done < started && s->top[done] + s->down_taps - 1 == at; done++)
			across_alpha(sums + done % slots * n, bands, s, out + (size_t) done * s->width * bands);
	}
}
