// jpeg_writer encodes a JPEG to memory. All that changes while libjpeg may jump is in it.
#ifndef CALOTYPE_JPEGWRITER_H
#define CALOTYPE_JPEGWRITER_H

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>

typedef struct {
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	struct jpeg_destination_mgr to;
	jmp_buf failed;
	char message[JMSG_LENGTH_MAX];
	uint8_t *body; // What was written, and what is free after it.
	size_t length, size, limit;
	uint8_t *row; // Of pixels that are shown on white.
} jpeg_writer;

static void jpeg_writer_failed(j_common_ptr jpeg) {
	jpeg_writer *w = (jpeg_writer *) jpeg;
	(*jpeg->err->format_message)(jpeg, w->message);
	longjmp(w->failed, 1);
}

static void jpeg_writer_warned(j_common_ptr jpeg, int level) {}
static void jpeg_writer_init(j_compress_ptr jpeg) {}

// jpeg_writer_full doubles the memory, up to the limit.
static boolean jpeg_writer_full(j_compress_ptr jpeg) {
	jpeg_writer *w = (jpeg_writer *) jpeg;
	const size_t size = w->size * 2 < w->limit ? w->size * 2 : w->limit;
	uint8_t *body = size > w->size ? realloc(w->body, size) : NULL;
	if (!body)
		ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
	w->to.next_output_byte = body + w->size;
	w->to.free_in_buffer = size - w->size;
	w->body = body;
	w->size = size;
	return TRUE;
}

static void jpeg_writer_end(j_compress_ptr jpeg) {
	jpeg_writer *w = (jpeg_writer *) jpeg;
	w->length = w->size - w->to.free_in_buffer;
}

static void jpeg_writer_free(jpeg_writer *w) {
	if (w) {
		jpeg_destroy_compress(&w->jpeg);
		free(w->body);
		free(w->row);
		free(w);
	}
}

// jpeg_writer_new returns a writer of at most limit bytes, or NULL if there is no memory.
// At first it has room for size bytes.
static jpeg_writer *jpeg_writer_new(size_t size, size_t limit) {
	jpeg_writer *w = calloc(1, sizeof *w);
	if (w && !(w->body = malloc(size))) {
		free(w);
		return NULL;
	}
	if (w) {
		w->size = size;
		w->limit = limit;
		w->jpeg.err = jpeg_std_error(&w->errors);
		w->errors.error_exit = jpeg_writer_failed;
		w->errors.emit_message = jpeg_writer_warned;
		w->to = (struct jpeg_destination_mgr) {w->body, size, jpeg_writer_init, jpeg_writer_full, jpeg_writer_end};
	}
	return w;
}

// on_white writes a row of 2 or 4 bands without the last one, alpha. It rounds down, as
// libvips does.
static void on_white(const uint8_t *in, int bands, int width, uint8_t *out) {
	for (; width > 0; width--, in += bands) {
		const int alpha = in[bands - 1], white = 255 * (255 - alpha);
		for (int b = 0; b < bands - 1; b++)
			*out++ = (in[b] * alpha + white) / 255;
	}
}

// jpeg_write encodes 1 to 4 bands, the last of 2 or 4 being alpha. Colours have half the
// resolution below a quality of 90. It returns 0, or -1 with a message.
static int jpeg_write(jpeg_writer *w, const uint8_t *pixels, int width, int height, int bands, int quality) {
	if (setjmp(w->failed))
		return -1;
	jpeg_create_compress(&w->jpeg);
	w->jpeg.dest = &w->to;
	const int alpha = bands % 2 == 0, components = bands - alpha;
	w->jpeg.image_width = width;
	w->jpeg.image_height = height;
	w->jpeg.input_components = components;
	w->jpeg.in_color_space = components == 1 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_set_defaults(&w->jpeg);
	w->jpeg.optimize_coding = TRUE;
	w->jpeg.write_JFIF_header = FALSE;
	jpeg_set_quality(&w->jpeg, quality, TRUE);
	for (int c = 0; quality >= 90 && c < components; c++)
		w->jpeg.comp_info[c].h_samp_factor = w->jpeg.comp_info[c].v_samp_factor = 1;
	if (alpha && !(w->row = malloc((size_t) width * components)))
		ERREXIT1(&w->jpeg, JERR_OUT_OF_MEMORY, 0);
	jpeg_start_compress(&w->jpeg, TRUE);
	const size_t n = (size_t) width * bands;
	while (w->jpeg.next_scanline < w->jpeg.image_height) {
		const uint8_t *from = pixels + w->jpeg.next_scanline * n;
		JSAMPROW rows[16] = {w->row};
		JDIMENSION some = 1;
		if (alpha)
			on_white(from, bands, width, w->row);
		else
			for (some = 0; some < 16 && w->jpeg.next_scanline + some < w->jpeg.image_height; some++)
				rows[some] = (JSAMPROW) from + some * n;
		jpeg_write_scanlines(&w->jpeg, rows, some);
	}
	jpeg_finish_compress(&w->jpeg);
	return 0;
}

#endif
