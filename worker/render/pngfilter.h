// png_filter filters rows for compression.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "resample.h"


// filter_row writes what a row differs by from what filter 1, 2, 3 or 4 predicts. Size bytes
// before both rows are zero. ISO 15948, 9.2.
WIDE static void filter_row(int filter, const uint8_t *restrict row, const uint8_t *restrict above, size_t n, int size, uint8_t *restrict out) {
	const uint8_t *left = row - size, *corner = above - size;
	switch (filter) {
	case 1:
		for (size_t i = 0; i < n; i++)
			out[i] = row[i] - left[i];
		break;
	case 2:
		for (size_t i = 0; i < n; i++)
			out[i] = row[i] - above[i];
		break;
	case 3:
		for (size_t i = 0; i < n; i++)
			out[i] = row[i] - (uint8_t) ((left[i] + above[i]) >> 1);
		break;
	case 4:
		for (size_t i = 0; i < n; i++) {
			const int16_t a = left[i], b = above[i], c = corner[i];
			const int16_t pa = b - c, pb = a - c, pc = pa + pb;
			const int16_t da = pa < 0 ? -pa : pa, db = pb < 0 ? -pb : pb, dc = pc < 0 ? -pc : pc;
			const int16_t b_or_c = db <= dc ? b : c, nearest = (da <= db) & (da <= dc) ? a : b_or_c;
			out[i] = row[i] - (uint8_t) nearest;
		}
		break;
	}
}

// weight adds up the bytes as numbers with a sign: the less, the better a row compresses.
WIDE static uint64_t weight(const uint8_t *restrict row, size_t n) {
	uint64_t sum = 0;
	while (n > 0) { // The sum of a part fits into fewer bits, of which a vector holds more.
		const size_t some = n < 1 << 16 ? n : 1 << 16;
		uint32_t part = 0;
		for (size_t i = 0; i < some; i++) {
			const uint8_t negative = -row[i];
			part += row[i] < negative ? row[i] : negative;
		}
		sum += part;
		row += some;
		n -= some;
	}
	return sum;
}

// png_filter writes each row after the number of its filter: the one that gives the row the
// least weight, or none. Scratch holds three rows and twice size bytes.
static void png_filter(const uint8_t *pixels, size_t n, int rows, int size, int adaptive, uint8_t *out, uint8_t *scratch) {
	uint8_t *above = scratch + size, *row = above + n + size, *some = row + n;
	memset(scratch, 0, 2 * (n + size));
	for (int y = 0; y < rows; y++, pixels += n, out += n + 1) {
		out[0] = 0;
		memcpy(out + 1, pixels, n);
		if (!adaptive)
			continue;
		memcpy(row, pixels, n);
		uint64_t least = weight(row, n);
		for (int filter = 1; filter <= 4; filter++) {
			filter_row(filter, row, above, n, size, some);
			const uint64_t w = weight(some, n);
			if (w < least) {
				least = w;
				out[0] = filter;
				memcpy(out + 1, some, n);
			}
		}
		memcpy(above, row, n);
	}
}
