//go:build cgo

package render

/*
#cgo pkg-config: vips
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>

// The loaders of libvips, in the order of formatCodes in Go.
enum { LOAD_JPEG, LOAD_PNG, LOAD_WEBP, LOAD_HEIF, LOAD_TIFF, LOAD_JXL };

// load_buffer opens encoded bytes; the pixels are decoded on demand. n is the number of frames
// of a JPEG XL, or -1 for all.
static VipsImage *load_buffer(int format, void *body, size_t length, VipsFailOn fail_on, VipsAccess access, int n, int shrink, double scale) {
	VipsImage *out = NULL;
	int failed = -1;
	switch (format) {
	case LOAD_JPEG:
		failed = vips_jpegload_buffer(body, length, &out, "fail_on", fail_on, "access", access, "shrink", shrink, NULL);
		break;
	case LOAD_PNG:
		failed = vips_pngload_buffer(body, length, &out, "fail_on", fail_on, "access", access, NULL);
		break;
	case LOAD_WEBP:
		failed = vips_webpload_buffer(body, length, &out, "fail_on", fail_on, "access", access, "scale", scale, NULL);
		break;
	case LOAD_HEIF:
		failed = vips_heifload_buffer(body, length, &out, "fail_on", fail_on, "access", access, NULL);
		break;
	case LOAD_TIFF:
		failed = vips_tiffload_buffer(body, length, &out, "fail_on", fail_on, "access", access, NULL);
		break;
	case LOAD_JXL:
		failed = n == 1
			? vips_jxlload_buffer(body, length, &out, "fail_on", fail_on, "access", access, NULL)
			: vips_jxlload_buffer(body, length, &out, "fail_on", fail_on, "access", access, "n", n, NULL);
		break;
	}
	if (failed) {
		VIPS_UNREF(out);
		return NULL;
	}
	return out;
}

// unpremultiply divides the colours by alpha.
static VipsImage *unpremultiply(VipsImage *in) {
	VipsImage *divided = NULL, *out = NULL;
	if (vips_unpremultiply(in, &divided, NULL))
		return NULL;
	if (vips_cast(divided, &out, in->BandFmt, NULL))
		out = NULL;
	g_object_unref(divided);
	return out;
}

static VipsImage *extract_area(VipsImage *in, int top, int height) {
	VipsImage *out = NULL;
	return vips_extract_area(in, &out, 0, top, in->Xsize, height, NULL) ? NULL : out;
}

// resize scales to exactly width x height. Colours are weighted by alpha, if there is any.
static VipsImage *resize(VipsImage *in, int width, int height) {
	const double x = (double) width / in->Xsize, y = (double) height / in->Ysize;
	VipsImage *t[4] = {NULL, NULL, NULL, NULL}, *out = NULL;
	if (!vips_image_hasalpha(in)) {
		if (vips_resize(in, &out, x, "vscale", y, "kernel", VIPS_KERNEL_LANCZOS3, NULL))
			return NULL;
		return out;
	}
	if (vips_premultiply(in, &t[0], NULL) ||
		vips_resize(t[0], &t[1], x, "vscale", y, "kernel", VIPS_KERNEL_LANCZOS3, NULL) ||
		vips_unpremultiply(t[1], &t[2], NULL) ||
		vips_cast(t[2], &out, in->BandFmt, NULL))
		out = NULL;
	for (int i = 0; i < 4; i++)
		VIPS_UNREF(t[i]);
	return out;
}

static int has_field(VipsImage *in, const char *name) { return vips_image_get_typeof(in, name) != 0; }

// get_profile returns the ICC profile, which belongs to the image.
static const void *get_profile(VipsImage *in, size_t *length) {
	const char *name = VIPS_META_ICC_NAME;
	const void *data = NULL;
	if (!has_field(in, name) || vips_image_get_blob(in, name, &data, length))
		return NULL;
	return data;
}

// get_int returns a number of the metadata, or otherwise if there is none.
static int get_int(VipsImage *in, const char *name, int otherwise) {
	int value = otherwise;
	if (!has_field(in, name) || vips_image_get_int(in, name, &value))
		return otherwise;
	return value;
}

// get_delays returns the delays of frames in milliseconds, which belong to the image.
static const int *get_delays(VipsImage *in, int *count) {
	int *delays = NULL;
	if (!has_field(in, "delay") || vips_image_get_array_int(in, "delay", &delays, count))
		return NULL;
	return delays;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"calotype"
)

// pages is a picture in libvips: its frames one below the other. The pixels are computed
// when they are read, so decoding errors appear then.
type pages struct {
	image  *C.VipsImage
	frames int
	pinner *runtime.Pinner // Keeps the encoded bytes in place.
}

// loadOptions configure a loader.
type loadOptions struct {
	failOn     failOn
	sequential bool    // Rows are decoded on demand, top to bottom, and not kept.
	frames     int     // JPEG XL: all of them if there are several.
	shrink     int     // JPEG: 1, 2, 4 or 8.
	scale      float64 // WebP: at most 1.
}

// failOn is what ends decoding.
type failOn int

// failOnNothing decodes whatever it can. failOnError accepts what a decoder only warns
// about, such as stray bytes between the segments of a JPEG, and refuses cut files.
const (
	failOnNothing failOn = C.VIPS_FAIL_ON_NONE
	failOnError   failOn = C.VIPS_FAIL_ON_ERROR
)

var formatCodes = map[calotype.Format]C.int{
	calotype.JPEG: C.LOAD_JPEG,
	calotype.PNG:  C.LOAD_PNG,
	calotype.WebP: C.LOAD_WEBP,
	calotype.HEIC: C.LOAD_HEIF,
	calotype.AVIF: C.LOAD_HEIF,
	calotype.TIFF: C.LOAD_TIFF,
	calotype.JXL:  C.LOAD_JXL,
}

var errTooLarge = errors.New("a picture of this many pixels is not supported")

// pagesOfPixels opens rows of grey or RGB, without or with alpha, that were decoded without
// libvips. write must write every pixel: they are not zeroed.
func pagesOfPixels(width, height, bands int, write func(pixels []byte) error) (*pages, error) {
	tiff, pixels := newTIFF(width, height, bands)
	if tiff == nil {
		return nil, errTooLarge
	}
	if err := write(pixels); err != nil {
		return nil, err
	}
	return loadPages(calotype.TIFF, tiff, loadOptions{failOn: failOnError, sequential: true})
}

// loadPages opens encoded bytes with the loader of a format, whatever they look like. The
// bytes must not change until the pages are closed.
func loadPages(format calotype.Format, body []byte, o loadOptions) (*pages, error) {
	code, ok := formatCodes[format]
	if !ok || len(body) == 0 {
		return nil, errors.New("the format is not supported")
	}
	p := &pages{frames: max(1, o.frames), pinner: &runtime.Pinner{}}
	p.pinner.Pin(&body[0])
	access, n := C.VipsAccess(C.VIPS_ACCESS_RANDOM), C.int(1)
	if o.sequential {
		access = C.VIPS_ACCESS_SEQUENTIAL
	}
	if p.frames > 1 {
		n = -1
	}
	scale := 1.0
	if o.scale > 0 {
		scale = o.scale
	}
	p.image = C.load_buffer(code, unsafe.Pointer(&body[0]), C.size_t(len(body)), C.VipsFailOn(o.failOn), access, n, C.int(max(1, o.shrink)), C.double(scale))
	if p.image == nil {
		p.pinner.Unpin()
		return nil, lastError()
	}
	return p, nil
}

// Close frees the picture.
func (p *pages) Close() {
	if p.image != nil {
		C.g_object_unref(C.gpointer(p.image))
		p.image = nil
	}
	if p.pinner != nil {
		p.pinner.Unpin()
		p.pinner = nil
	}
}

func (p *pages) width() int       { return int(p.image.Xsize) }
func (p *pages) height() int      { return int(p.image.Ysize) }
func (p *pages) frameHeight() int { return p.height() / p.frames }
func (p *pages) bands() int       { return int(p.image.Bands) }

// replace replaces the picture with the result of an operation.
func (p *pages) replace(out *C.VipsImage) error {
	if out == nil {
		return lastError()
	}
	C.g_object_unref(C.gpointer(p.image))
	p.image = out
	return nil
}

// frame returns one frame. It must be closed before the pages are.
func (p *pages) frame(i int) (*pages, error) {
	if p.frames == 1 {
		C.g_object_ref(C.gpointer(p.image))
		return &pages{image: p.image, frames: 1}, nil
	}
	f := &pages{image: C.extract_area(p.image, C.int(i*p.frameHeight()), C.int(p.frameHeight())), frames: 1}
	if f.image == nil {
		return nil, lastError()
	}
	return f, nil
}

// resize scales a picture of one frame to exactly width x height, with the three-lobed
// Lanczos filter.
func (p *pages) resize(width, height int) error {
	if p.width() == width && p.height() == height {
		return nil
	}
	return p.replace(C.resize(p.image, C.int(width), C.int(height)))
}

// unpremultiply divides the colours by alpha, if there is one.
func (p *pages) unpremultiply() error {
	if C.vips_image_hasalpha(p.image) == 0 {
		return nil
	}
	return p.replace(C.unpremultiply(p.image))
}

// profile returns a copy of the picture's ICC profile, or nil.
func (p *pages) profile() []byte {
	var length C.size_t
	data := C.get_profile(p.image, &length)
	if data == nil {
		return nil
	}
	return C.GoBytes(data, C.int(length))
}

// read computes all pixels and calls put once with them. Decoding happens here.
func (p *pages) read(put func(pixels []byte) error) error {
	var size C.size_t
	pixels := C.vips_image_write_to_memory(p.image, &size)
	if pixels == nil {
		return lastError()
	}
	defer C.g_free(C.gpointer(pixels))
	return put(unsafe.Slice((*byte)(pixels), int(size)))
}

// readInto writes all pixels to a buffer.
func (p *pages) readInto(to []byte) error {
	return p.read(func(pixels []byte) error {
		if len(pixels) != len(to) {
			return fmt.Errorf("%d bytes of pixels, not %d", len(pixels), len(to))
		}
		copy(to, pixels)
		return nil
	})
}

// number returns a field of the metadata, or otherwise if there is none.
func (p *pages) number(field string, otherwise int) int {
	name := C.CString(field)
	defer C.free(unsafe.Pointer(name))
	return int(C.get_int(p.image, name, C.int(otherwise)))
}

// delays returns how long each frame is shown, in milliseconds.
func (p *pages) delays() []int {
	var count C.int
	values := C.get_delays(p.image, &count)
	if values == nil {
		return nil
	}
	delays := make([]int, count)
	for i, v := range unsafe.Slice(values, int(count)) {
		delays[i] = int(v)
	}
	return delays
}
