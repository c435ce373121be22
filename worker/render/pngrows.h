// png_rows holds the rows of a PNG that is not interlaced and has at most 8 bits a sample.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "resample.h"

typedef struct {
	row_source source;
	const uint8_t *raw; // Each row follows a byte, which named its filter.
	size_t stride;      // The bytes of a row without that byte.
	int width, bits, bands;
	const uint8_t *colours; // Of four bytes, if the samples are palette indices, or grey of less than 8 bits.
	int known;              // How many colours there are.
	int invalid;            // A sample is beyond them.
	int opaque;             // An alpha band is left out.
	uint8_t *row;
} png_rows;

// Eight integers, of which a pixel uses up to four.
typedef int16_t wide_pixel __attribute__((vector_size(16)));
typedef uint8_t narrow_pixel __attribute__((vector_size(8)));

static inline wide_pixel load_pixel(const uint8_t *p) {
	narrow_pixel v;
	memcpy(&v, p, sizeof v);
	return __builtin_convertvector(v, wide_pixel);
}

// abs_pixel returns the absolute values.
static inline wide_pixel abs_pixel(wide_pixel v) {
	const wide_pixel sign = v >> 15;
	return (v ^ sign) - sign;
}

// paeth_pixel predicts from the left, the upper and the upper left pixel. ISO 15948, 9.4.
static inline wide_pixel paeth_pixel(wide_pixel a, wide_pixel b, wide_pixel c) {
	const wide_pixel pa = b - c, pb = a - c, pc = pa + pb;
	const wide_pixel da = abs_pixel(pa), db = abs_pixel(pb), dc = abs_pixel(pc);
	const wide_pixel not_a = (da > db) | (da > dc), not_b = db > dc;
	return (a & ~not_a) | (((b & ~not_b) | (c & not_b)) & not_a);
}

// unfilter_pixels undoes a filter that needs the pixel at the left. Eight bytes after both
// rows may be read. Size is constant in each call, so that the compiler makes a loop for it.
static inline __attribute__((always_inline)) void unfilter_pixels(int filter, uint8_t *row, const uint8_t *above, size_t n, int size) {
	const wide_pixel low = {255, 255, 255, 255, 255, 255, 255, 255};
	wide_pixel a = {0}, c = {0};
	for (size_t i = 0; i < n; i += size) {
		const wide_pixel x = load_pixel(row + i), b = load_pixel(above + i);
		if (filter == 1)
			a = (x + a) & low;
		else if (filter == 3)
			a = (x + ((a + b) >> 1)) & low;
		else
			a = (x + paeth_pixel(a, b, c)) & low;
		c = b;
		const narrow_pixel v = __builtin_convertvector(a, narrow_pixel);
		memcpy(row + i, &v, size);
	}
}

static void unfilter_of_size(int filter, uint8_t *row, const uint8_t *above, size_t n, int size) {
	switch (size * 8 + filter) {
#define CASES(size) \
	case size * 8 + 1: unfilter_pixels(1, row, above, n, size); break; \
	case size * 8 + 3: unfilter_pixels(3, row, above, n, size); break; \
	case size * 8 + 4: unfilter_pixels(4, row, above, n, size); break;
	CASES(1) CASES(2) CASES(3) CASES(4)
#undef CASES
	}
}

WIDE static void add_row(uint8_t *restrict row, const uint8_t *restrict above, size_t n) {
	for (size_t i = 0; i < n; i++)
		row[i] += above[i];
}

// png_unfilter undoes the filters of all rows. Pixels have size bytes, less than one count as
// one. The rows are followed by eight bytes, and zeros holds as many as a row and eight
// zeros. It returns 0 if a filter is not known. ISO 15948, 9.2.
static int png_unfilter(uint8_t *raw, size_t stride, int rows, int size, const uint8_t *zeros) {
	const uint8_t *above = zeros;
	for (; rows > 0; rows--, raw += stride + 1) {
		const int filter = raw[0];
		if (filter > 4)
			return 0;
		if (filter == 2)
			add_row(raw + 1, above, stride);
		else if (filter)
			unfilter_of_size(filter, raw + 1, above, stride, size);
		above = raw + 1;
	}
	return 1;
}

// png_is_opaque reports whether the last of the bands is 255 everywhere.
static int png_is_opaque(const uint8_t *raw, size_t stride, int rows, int bands) {
	for (; rows > 0; rows--, raw += stride + 1) {
		uint8_t all = 255;
		for (size_t i = bands; i <= stride; i += bands)
			all &= raw[i];
		if (all != 255)
			return 0;
	}
	return 1;
}

static const uint8_t *png_next_coloured(png_rows *p, const uint8_t *raw) {
	const int per_byte = 8 / p->bits, mask = (1 << p->bits) - 1;
	uint8_t *to = p->row;
	for (int x = 0; x < p->width; x++, to += p->bands) {
		const int index = raw[x / per_byte] >> (8 - p->bits - x % per_byte * p->bits) & mask;
		p->invalid |= index >= p->known;
		memcpy(to, p->colours + 4 * index, p->bands);
	}
	return p->row;
}

static const uint8_t *png_next(row_source *source) {
	png_rows *p = (png_rows *) source;
	const uint8_t *raw = p->raw + 1;
	p->raw += p->stride + 1;
	if (p->colours)
		return png_next_coloured(p, raw);
	if (!p->opaque)
		return raw;
	uint8_t *to = p->row;
	for (int x = 0; x < p->width; x++, raw++)
		for (int b = 0; b < p->bands; b++)
			*to++ = *raw++;
	return p->row;
}
