//go:build cgo

package render

/*
#cgo pkg-config: libwebp
#include <stdint.h>
#include <stdlib.h>
#include <webp/encode.h>

// webp_picture is a picture as libwebp encodes it, and the file that was written last.
typedef struct {
	WebPPicture picture;
	WebPMemoryWriter file;
} webp_picture;

static void webp_free(webp_picture *p) {
	if (p) {
		WebPPictureFree(&p->picture);
		WebPMemoryWriterClear(&p->file);
		free(p);
	}
}

// webp_import takes RGB or RGBA: as it is if it becomes lossless, and otherwise as luma and
// chroma. It returns NULL if there is no memory.
static webp_picture *webp_import(const uint8_t *pixels, int width, int height, int bands, int lossless) {
	webp_picture *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	WebPMemoryWriterInit(&p->file);
	int done = WebPPictureInit(&p->picture);
	p->picture.width = width;
	p->picture.height = height;
	p->picture.use_argb = lossless;
	done = done && (bands == 4 ? WebPPictureImportRGBA(&p->picture, pixels, width * 4) : WebPPictureImportRGB(&p->picture, pixels, width * 3));
	if (!done) {
		webp_free(p);
		return NULL;
	}
	return p;
}

// webp_encode writes the file. It returns 0, or libwebp's error.
static int webp_encode(webp_picture *p, int quality, int method) {
	WebPConfig config;
	if (!WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, quality))
		return VP8_ENC_ERROR_INVALID_CONFIGURATION;
	config.method = method;
	config.lossless = p->picture.use_argb;
	WebPMemoryWriterClear(&p->file);
	p->picture.writer = WebPMemoryWrite;
	p->picture.custom_ptr = &p->file;
	return WebPEncode(&config, &p->picture) ? 0 : p->picture.error_code;
}
*/
import "C"

import (
	"fmt"
	"syscall"
	"unsafe"
)

// webpPicture is a still picture in libwebp's memory. It can be encoded several times.
type webpPicture struct{ c *C.webp_picture }

// importWebP copies the picture for lossless or lossy encoding. The caller frees it.
func (d *decoded) importWebP(lossless bool) (*webpPicture, error) {
	if d.width > C.WEBP_MAX_DIMENSION || d.height > C.WEBP_MAX_DIMENSION {
		return nil, fmt.Errorf("webp: %dx%d pixels, the limit is %d a side", d.width, d.height, C.WEBP_MAX_DIMENSION)
	}
	pixels, bands := d.pixels, d.bands
	if bands < 3 {
		pixels = bufferPool.get(d.width * d.height * (bands + 2))
		defer bufferPool.put(pixels)
		widen(pixels, bands+2, d.pixels, bands)
		bands += 2
	}
	argb := C.int(0)
	if lossless {
		argb = 1
	}
	w := &webpPicture{C.webp_import(bytePointer(pixels), C.int(d.width), C.int(d.height), C.int(bands), argb)}
	if w.c == nil {
		return nil, syscall.ENOMEM
	}
	return w, nil
}

func (w *webpPicture) free() { C.webp_free(w.c) }

// encode writes the picture without metadata.
func (w *webpPicture) encode(quality int) ([]byte, error) {
	switch code := C.webp_encode(w.c, C.int(quality), C.int(webpEffort.Load())); code {
	case 0:
		return C.GoBytes(unsafe.Pointer(w.c.file.mem), C.int(w.c.file.size)), nil
	case C.VP8_ENC_ERROR_OUT_OF_MEMORY, C.VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
		return nil, syscall.ENOMEM
	default:
		return nil, fmt.Errorf("webp: libwebp's error %d", code)
	}
}

// encodeWebP writes a still picture. It calls libwebp itself: libvips copies the picture
// once more, and 8.14 adds metadata.
func (d *decoded) encodeWebP(quality int, lossless bool) ([]byte, error) {
	w, err := d.importWebP(lossless)
	if err != nil {
		return nil, err
	}
	defer w.free()
	return w.encode(quality)
}
