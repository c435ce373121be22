//go:build cgo

package render

/*
#cgo pkg-config: libjpeg
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>

// damaged is a JPEG whose existing rows are decoded. libvips would replace the rest with
// grey, and does not report where it begins.
typedef struct {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	struct jpeg_source_mgr source;
	jmp_buf failed;
	char message[JMSG_LENGTH_MAX];
} damaged;

static void give_up(j_common_ptr jpeg) {
	damaged *d = (damaged *) jpeg;
	(*jpeg->err->format_message)(jpeg, d->message);
	longjmp(d->failed, 1);
}

static void ignore_warning(j_common_ptr jpeg, int level) {}
static void no_source(j_decompress_ptr jpeg) {}
static boolean at_end(j_decompress_ptr jpeg) { return FALSE; } // Suspends.

static void skip(j_decompress_ptr jpeg, long n) {
	struct jpeg_source_mgr *s = jpeg->src;
	size_t some = n < 0 ? 0 : (size_t) n < s->bytes_in_buffer ? (size_t) n : s->bytes_in_buffer;
	s->next_input_byte += some;
	s->bytes_in_buffer -= some;
}

static void damaged_free(damaged *d) {
	if (d) {
		jpeg_destroy_decompress(&d->jpeg);
		free(d);
	}
}

// damaged_open reads the header and starts, scaled down by shrink.
static damaged *damaged_open(const uint8_t *body, size_t length, int shrink, char **message) {
	damaged *d = calloc(1, sizeof *d);
	*message = NULL;
	if (!d)
		return NULL;
	d->jpeg.err = jpeg_std_error(&d->errors);
	d->errors.error_exit = give_up;
	d->errors.emit_message = ignore_warning;
	if (setjmp(d->failed)) {
		*message = strdup(d->message);
		damaged_free(d);
		return NULL;
	}
	jpeg_create_decompress(&d->jpeg);
	d->source = (struct jpeg_source_mgr) {body, length, no_source, at_end, skip, jpeg_resync_to_restart, no_source};
	d->jpeg.src = &d->source;
	if (jpeg_read_header(&d->jpeg, TRUE) != JPEG_HEADER_OK) {
		damaged_free(d);
		return NULL;
	}
	d->jpeg.scale_num = 1;
	d->jpeg.scale_denom = shrink;
	if (d->jpeg.num_components == 1)
		d->jpeg.out_color_space = JCS_GRAYSCALE;
	else if (d->jpeg.num_components == 4)
		d->jpeg.out_color_space = JCS_CMYK;
	else
		d->jpeg.out_color_space = JCS_RGB;
	// If there are several scans, the later ones refine the picture.
	if (jpeg_has_multiple_scans(&d->jpeg))
		d->jpeg.buffered_image = TRUE;
	jpeg_calc_output_dimensions(&d->jpeg);
	return d;
}

// damaged_rows decodes rows of output_width x output_components, and returns their number.
static int damaged_rows(damaged *d, uint8_t *out) {
	const size_t stride = (size_t) d->jpeg.output_width * d->jpeg.output_components;
	if (setjmp(d->failed))
		return d->jpeg.output_scanline;
	if (!jpeg_start_decompress(&d->jpeg))
		return 0;
	if (d->jpeg.buffered_image) {
		int status;
		do
			status = jpeg_consume_input(&d->jpeg);
		while (status != JPEG_SUSPENDED && status != JPEG_REACHED_EOI);
		// The scan in which the file ends counts up to its end, over those before it.
		int scan = d->jpeg.input_scan_number;
		if (status == JPEG_SUSPENDED && scan > 1)
			scan--;
		if (!jpeg_start_output(&d->jpeg, scan))
			return 0;
	}
	while (d->jpeg.output_scanline < d->jpeg.output_height) {
		JSAMPROW row = out + d->jpeg.output_scanline * stride;
		if (jpeg_read_scanlines(&d->jpeg, &row, 1) < 1)
			break;
	}
	return d->jpeg.output_scanline;
}

static int is_inverted(damaged *d) { return d->jpeg.saw_Adobe_marker; }
*/
import "C"

import (
	"errors"
	"unsafe"
)

// decodeDamagedJPEG decodes the rows that a JPEG has. Missing rows are transparent, as in
// browsers.
func decodeDamagedJPEG(body []byte, shrink int) (*pages, error) {
	var message *C.char
	d := C.damaged_open((*C.uint8_t)(&body[0]), C.size_t(len(body)), C.int(shrink), &message)
	defer C.free(unsafe.Pointer(message))
	if d == nil {
		if message == nil {
			return nil, errors.New("jpeg: ends in its header")
		}
		return nil, errors.New("jpeg: " + C.GoString(message))
	}
	defer C.damaged_free(d)
	width, height, samples := int(d.jpeg.output_width), int(d.jpeg.output_height), int(d.jpeg.out_color_components)
	rows := make([]byte, width*height*samples)
	have := int(C.damaged_rows(d, (*C.uint8_t)(&rows[0])))
	if have == 0 {
		return nil, errors.New("jpeg: ends before its first row")
	}
	colours := samples
	if samples == 4 {
		colours = 3
		if C.is_inverted(d) != 0 {
			invert(rows)
		}
		rows = fromCMYK(rows)
	}
	return pagesOfRows(rows, width, height, colours, have)
}

// pagesOfRows makes a picture of grey or RGB rows, given how many of them were decoded.
func pagesOfRows(rows []byte, width, height, colours, have int) (*pages, error) {
	bands := colours
	if have < height {
		bands++
	}
	return pagesOfPixels(width, height, bands, func(pixels []byte) error {
		clear(pixels)
		for i := range width * have {
			copy(pixels[i*bands:], rows[i*colours:][:colours])
			if bands > colours {
				pixels[i*bands+colours] = 255
			}
		}
		return nil
	})
}
