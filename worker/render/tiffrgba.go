//go:build cgo

package render

/*
#cgo pkg-config: libtiff-4
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

// memory_tiff is a TIFF that is read from memory, and libtiff's first message about what is
// wrong with it.
typedef struct {
	const uint8_t *body;
	uint64_t length, at;
	char message[256];
} memory_tiff;

static tmsize_t tiff_read(thandle_t h, void *to, tmsize_t n) {
	memory_tiff *m = h;
	const uint64_t left = m->at < m->length ? m->length - m->at : 0;
	const uint64_t some = n < 0 ? 0 : (uint64_t) n < left ? (uint64_t) n : left;
	memcpy(to, m->body + (some ? m->at : 0), some);
	m->at += some;
	return (tmsize_t) some;
}

static tmsize_t tiff_write(thandle_t h, void *from, tmsize_t n) { return -1; }

static toff_t tiff_seek(thandle_t h, toff_t to, int whence) {
	memory_tiff *m = h;
	m->at = to + (whence == SEEK_CUR ? m->at : whence == SEEK_END ? m->length : 0);
	return m->at;
}

static int tiff_close(thandle_t h) { return 0; }
static toff_t tiff_size(thandle_t h) { return ((memory_tiff *) h)->length; }

static int tiff_error(TIFF *t, void *user, const char *module, const char *format, va_list args) {
	memory_tiff *m = user;
	if (!m->message[0])
		vsnprintf(m->message, sizeof m->message, format, args);
	return 1;
}

static int tiff_warning(TIFF *t, void *user, const char *module, const char *format, va_list args) { return 1; }

// read_rgb decodes the first picture of a TIFF to rows of RGB, as it is stored. A single
// allocation of libtiff takes at most max_bytes.
static int read_rgb(const uint8_t *body, size_t length, uint8_t *to, uint32_t width, uint32_t height, tmsize_t max_bytes, char *message) {
	memory_tiff m = {body, length, 0, ""};
	TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
	TIFF *t = NULL;
	uint32_t *pixels = NULL;
	uint32_t w = 0, h = 0;
	int done = 0;
	if (options) {
		TIFFOpenOptionsSetErrorHandlerExtR(options, tiff_error, &m);
		TIFFOpenOptionsSetWarningHandlerExtR(options, tiff_warning, &m);
		TIFFOpenOptionsSetMaxSingleMemAlloc(options, max_bytes);
		t = TIFFClientOpenExt("picture", "rm", &m, tiff_read, tiff_write, tiff_seek, tiff_close, tiff_size, NULL, NULL, options);
		TIFFOpenOptionsFree(options);
	}
	if (t && TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &w) && TIFFGetField(t, TIFFTAG_IMAGELENGTH, &h) && w == width && h == height &&
		TIFFSetField(t, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT) && // The engine turns.
		(pixels = malloc((size_t) width * height * sizeof *pixels)) &&
		TIFFReadRGBAImageOriented(t, width, height, pixels, ORIENTATION_TOPLEFT, 1)) {
		for (size_t i = 0; i < (size_t) width * height; i++, to += 3) {
			to[0] = TIFFGetR(pixels[i]);
			to[1] = TIFFGetG(pixels[i]);
			to[2] = TIFFGetB(pixels[i]);
		}
		done = 1;
	}
	free(pixels);
	if (t)
		TIFFClose(t);
	memcpy(message, m.message, sizeof m.message);
	return done;
}
*/
import "C"

import (
	"errors"
	"unsafe"

	"calotype"
)

// readByLibtiff takes from the header what libvips reports of other pictures.
func (p *Picture) readByLibtiff() {
	p.Width, p.Height = p.header.Width, p.header.Height
	p.stored = calotype.Box{Width: p.Width, Height: p.Height}
	p.orientation = p.header.Orientation
	if swapsSides(p.orientation) {
		p.Width, p.Height = p.Height, p.Width
	}
	p.profile = usableProfile(p.header.Colour.ICC, 3)
}

// decodeByLibtiff decodes a TIFF to RGB.
func (p *Picture) decodeByLibtiff() (*pages, error) {
	return pagesOfPixels(p.stored.Width, p.stored.Height, 3, func(pixels []byte) error {
		var message [256]C.char
		maxBytes := C.tmsize_t(len(pixels)*2 + len(p.body) + 1<<20)
		if C.read_rgb((*C.uint8_t)(unsafe.Pointer(&p.body[0])), C.size_t(len(p.body)), (*C.uint8_t)(unsafe.Pointer(&pixels[0])),
			C.uint32_t(p.stored.Width), C.uint32_t(p.stored.Height), maxBytes, &message[0]) == 0 {
			return errors.New("tiff: " + C.GoString(&message[0]))
		}
		return nil
	})
}
