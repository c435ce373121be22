//go:build cgo

package render

/*
#cgo pkg-config: libjpeg
#include "jpegreader.h"

static boolean at_end(j_decompress_ptr jpeg) { return FALSE; } // Suspends.

static void skip(j_decompress_ptr jpeg, long n) {
	struct jpeg_source_mgr *s = jpeg->src;
	size_t some = n < 0 ? 0 : (size_t) n < s->bytes_in_buffer ? (size_t) n : s->bytes_in_buffer;
	s->next_input_byte += some;
	s->bytes_in_buffer -= some;
}

// damaged_open reads the header of a JPEG whose existing rows are decoded, scaled down by
// shrink. libvips would replace the rest with grey, and does not report where it begins.
static jpeg_reader *damaged_open(const uint8_t *body, size_t length, int shrink, char **message) {
	jpeg_reader *d = jpeg_new();
	*message = NULL;
	if (!d)
		return NULL;
	if (setjmp(d->failed)) {
		*message = strdup(d->message);
		jpeg_free(d);
		return NULL;
	}
	jpeg_read(d, body, length, at_end, skip);
	if (jpeg_read_header(&d->jpeg, TRUE) != JPEG_HEADER_OK) {
		jpeg_free(d);
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
static int damaged_rows(jpeg_reader *d, uint8_t *out) {
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

static int is_inverted(jpeg_reader *d) { return d->jpeg.saw_Adobe_marker; }
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
	defer C.jpeg_free(d)
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
