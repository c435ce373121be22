// jpeg_reader decodes a JPEG from memory, row by row. All that changes while libjpeg may
// jump is in it.
#ifndef CALOTYPE_JPEGREADER_H
#define CALOTYPE_JPEGREADER_H

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>

typedef struct {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	struct jpeg_source_mgr source;
	jmp_buf failed;
	char message[JMSG_LENGTH_MAX];
	int width, height; // In whole pixels: the last ones of output_width and output_height may be of a part of a block.
	int first, end;    // The rows in a window.
} jpeg_reader;

static void jpeg_give_up(j_common_ptr jpeg) {
	jpeg_reader *r = (jpeg_reader *) jpeg;
	(*jpeg->err->format_message)(jpeg, r->message);
	longjmp(r->failed, 1);
}

static void jpeg_ignore_warning(j_common_ptr jpeg, int level) {}
static void jpeg_no_source(j_decompress_ptr jpeg) {}

static void jpeg_free(jpeg_reader *r) {
	if (r) {
		jpeg_destroy_decompress(&r->jpeg);
		free(r);
	}
}

// jpeg_new returns a reader whose errors jump to failed, which the caller sets next. It is
// NULL if there is no memory.
static jpeg_reader *jpeg_new(void) {
	jpeg_reader *r = calloc(1, sizeof *r);
	if (r) {
		r->jpeg.err = jpeg_std_error(&r->errors);
		r->errors.error_exit = jpeg_give_up;
		r->errors.emit_message = jpeg_ignore_warning;
	}
	return r;
}

// jpeg_read sets the source. At its end and to skip parts of it, the functions are called.
static void jpeg_read(jpeg_reader *r, const uint8_t *body, size_t length, boolean (*at_end)(j_decompress_ptr), void (*skip)(j_decompress_ptr, long)) {
	jpeg_create_decompress(&r->jpeg);
	r->source = (struct jpeg_source_mgr) {body, length, jpeg_no_source, at_end, skip, jpeg_resync_to_restart, jpeg_no_source};
	r->jpeg.src = &r->source;
}

#endif
