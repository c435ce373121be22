//go:build cgo

package render

/*
#cgo pkg-config: libwebp libwebpmux
#include <limits.h>
#include <stdlib.h>
#include <webp/encode.h>
#include <webp/mux.h>

typedef struct {
	WebPAnimEncoder *encoder;
	WebPConfig config;
	int width, height;
} webp_animation;

static void webp_animation_free(webp_animation *a) {
	if (a) {
		WebPAnimEncoderDelete(a->encoder);
		free(a);
	}
}

// webp_animation_new starts an animation without key frames: each frame is the rectangle that
// changed.
static webp_animation *webp_animation_new(int width, int height, int plays, float quality, int lossless, int effort) {
	webp_animation *a = calloc(1, sizeof *a);
	WebPAnimEncoderOptions options;
	if (!a || !WebPAnimEncoderOptionsInit(&options) || !WebPConfigInit(&a->config)) {
		free(a);
		return NULL;
	}
	options.anim_params.loop_count = plays;
	options.kmin = INT_MAX - 1;
	options.kmax = INT_MAX;
	a->config.quality = quality;
	a->config.lossless = lossless;
	a->config.method = effort;
	a->width = width;
	a->height = height;
	a->encoder = WebPAnimEncoderNew(width, height, &options);
	if (!a->encoder) {
		free(a);
		return NULL;
	}
	return a;
}

// webp_animation_add adds a frame of RGB or RGBA that is shown from a time in milliseconds.
// It is imported as YUV unless nothing may be lost: as RGB, frames with alpha take up to 1.5
// times the bytes, because less of them is unchanged.
static int webp_animation_add(webp_animation *a, const uint8_t *pixels, int bands, int start) {
	WebPPicture picture;
	if (!WebPPictureInit(&picture))
		return 0;
	picture.use_argb = a->config.lossless;
	picture.width = a->width;
	picture.height = a->height;
	const int imported = bands == 4
		? WebPPictureImportRGBA(&picture, pixels, a->width * 4)
		: WebPPictureImportRGB(&picture, pixels, a->width * 3);
	const int done = imported && WebPAnimEncoderAdd(a->encoder, &picture, start, &a->config);
	WebPPictureFree(&picture);
	return done;
}

// webp_animation_end ends the last frame and the file.
static int webp_animation_end(webp_animation *a, int end, WebPData *file) {
	return WebPAnimEncoderAdd(a->encoder, NULL, end, NULL) && WebPAnimEncoderAssemble(a->encoder, file);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// webpAnimation writes an animated WebP frame by frame, without metadata.
type webpAnimation struct {
	target  Target
	plays   int
	chooses bool // Whether it is without loss depends on the first frame.

	native *C.webp_animation // Nil before the first frame.
	time   int               // In milliseconds, of the next frame.
	colour []byte            // A grey frame as RGB.
}

// start begins the file. Of a drawing, lossless WebP takes as little as a tenth of the bytes,
// and of a photo in GIF several times as many: that of the first frame decides.
func (a *webpAnimation) start(first *decoded) error {
	t := a.target
	if a.chooses {
		lossy, err := first.encodeWebP(t.Quality, false)
		if err != nil {
			return err
		}
		lossless, err := first.encodeWebP(t.Quality, true)
		if err != nil {
			return err
		}
		t.lossless = len(lossless) < len(lossy)
	}
	const maxPlays = 0xffff
	lossless := C.int(0)
	if t.lossless {
		lossless = 1
	}
	a.native = C.webp_animation_new(C.int(t.Width), C.int(t.Height), C.int(min(a.plays, maxPlays)), C.float(t.Quality), lossless, C.int(webpEffort.Load()))
	if a.native == nil {
		return errors.New("webp: no memory, or too many pixels")
	}
	return nil
}

func (a *webpAnimation) add(frame *decoded, delay int) error {
	if a.native == nil {
		if err := a.start(frame); err != nil {
			return err
		}
	}
	pixels, bands := frame.pixels, frame.bands
	if bands < 3 {
		bands += 2
		a.colour = grown(a.colour, frame.width*frame.height*bands)
		widen(a.colour, bands, frame.pixels, frame.bands)
		pixels = a.colour
	}
	if C.webp_animation_add(a.native, bytePointer(pixels), C.int(bands), C.int(a.time)) == 0 {
		return a.lastError()
	}
	a.time += delay
	return nil
}

func (a *webpAnimation) bytes() ([]byte, error) {
	if a.native == nil {
		return nil, errors.New("webp: no frames")
	}
	var file C.WebPData
	if C.webp_animation_end(a.native, C.int(a.time), &file) == 0 {
		return nil, a.lastError()
	}
	defer C.WebPDataClear(&file)
	return C.GoBytes(unsafe.Pointer(file.bytes), C.int(file.size)), nil
}

func (a *webpAnimation) lastError() error {
	return fmt.Errorf("webp: %s", C.GoString(C.WebPAnimEncoderGetError(a.native.encoder)))
}

func (a *webpAnimation) close() { C.webp_animation_free(a.native) }
