//go:build cgo

package render

/*
#cgo pkg-config: libjpeg
#include "jpegreader.h"
#include <jerror.h>
#include "resample.h"

static boolean jpeg_cut(j_decompress_ptr jpeg) {
	ERREXIT(jpeg, JERR_INPUT_EOF);
	return FALSE;
}

static void jpeg_skip(j_decompress_ptr jpeg, long n) {
	struct jpeg_source_mgr *s = jpeg->src;
	if (n <= 0)
		return;
	if ((size_t) n > s->bytes_in_buffer)
		ERREXIT(jpeg, JERR_INPUT_EOF);
	s->next_input_byte += n;
	s->bytes_in_buffer -= n;
}

// jpeg_open starts to decode to grey or RGB, scaled down by shrink. It returns NULL if
// there is no memory; the message is set if the picture is at fault.
static jpeg_reader *jpeg_open(const uint8_t *body, size_t length, int shrink) {
	jpeg_reader *r = jpeg_new();
	if (!r)
		return NULL;
	if (setjmp(r->failed))
		return r;
	jpeg_read(r, body, length, jpeg_cut, jpeg_skip);
	jpeg_read_header(&r->jpeg, TRUE);
	r->jpeg.scale_num = 1;
	r->jpeg.scale_denom = shrink;
	r->jpeg.out_color_space = r->jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_start_decompress(&r->jpeg);
	r->width = r->jpeg.image_width < shrink ? 1 : r->jpeg.image_width / shrink;
	r->height = r->jpeg.image_height < shrink ? 1 : r->jpeg.image_height / shrink;
	return r;
}

// jpeg_fetch decodes rows.
static void jpeg_fetch(jpeg_reader *r, uint8_t *to, int rows) {
	const size_t n = (size_t) r->jpeg.output_width * r->jpeg.output_components;
	while (rows > 0) {
		JSAMPROW some[16];
		const int count = rows < 16 ? rows : 16;
		for (int i = 0; i < count; i++)
			some[i] = to + i * n;
		const int done = jpeg_read_scanlines(&r->jpeg, some, count);
		to += done * n;
		rows -= done;
	}
}

// resample_jpeg is resample for rows that are decoded on demand. Window has room for `rows`
// of them. It returns 0, or -1 with a message.
static int resample_jpeg(jpeg_reader *r, uint8_t *window, int rows, scaling s, float *sums, uint8_t *out) {
	const int bands = r->jpeg.output_components, in_height = r->height;
	const size_t n = (size_t) r->jpeg.output_width * bands;
	if (setjmp(r->failed))
		return -1;
	for (int y = 0; y < s.height; ) {
		const int top = s.top[y];
		if (last_row(&s, y) > r->end) {
			memmove(window, window + (top - r->first) * n, (r->end - top) * n);
			r->first = top;
			int more = r->first + rows < in_height ? r->first + rows : in_height;
			more -= r->end;
			jpeg_fetch(r, window + (r->end - r->first) * n, more);
			r->end += more;
		}
		y += scale_rows(window + (top - r->first) * n, n, bands, &s, y, sums, out);
	}
	return 0;
}
*/
import "C"

import (
	"errors"
	"runtime"
	"syscall"
)

// resampleJPEG decodes a JPEG of one or three components, shrunk by 1, 2, 4 or 8 while
// decoding, and scales its rows as they arrive: the decoded picture is never in memory as a
// whole. It calls libjpeg itself, because libvips 8.14 clears and copies each row several
// times on the way: for 26 photos that was a quarter of the CPU time. A file that is cut is
// an error, and what a decoder only warns of is not.
func resampleJPEG(body []byte, shrink, width, height int) (*decoded, error) {
	var pinned runtime.Pinner
	defer pinned.Unpin()
	pinned.Pin(&body[0])
	in := C.jpeg_open((*C.uint8_t)(&body[0]), C.size_t(len(body)), C.int(shrink))
	if in == nil {
		return nil, syscall.ENOMEM
	}
	defer C.jpeg_free(in)
	if in.message[0] != 0 {
		return nil, jpegError(in)
	}
	bands, samples := int(in.jpeg.output_components), int(in.jpeg.output_width*C.uint(in.jpeg.output_components))
	d, err := newDecoded(width, height, bands)
	if err != nil {
		return nil, err
	}
	s := newScaling(int(in.width), int(in.height), width, height)
	rows, sums := s.rows(), s.sums(bands)
	window := bufferPool.get(rows * samples)
	defer bufferPool.put(window)
	if C.resample_jpeg(in, bytePointer(window), C.int(rows), s.c(), (*C.float)(&sums[0]), bytePointer(d.pixels)) != 0 {
		d.free()
		return nil, jpegError(in)
	}
	return d, nil
}

func jpegError(r *C.jpeg_reader) error {
	return errors.New("jpeg: " + C.GoString(&r.message[0]))
}
