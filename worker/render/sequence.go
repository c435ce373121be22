//go:build cgo

package render

/*
#cgo LDFLAGS: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

// The part of libheif's interface for sequences, which exists since version 1.20. It is
// looked up in the library that libvips has loaded, so that the program also runs with
// older versions and needs no headers of newer ones.
typedef struct { int code, subcode; const char *message; } heif_error;

static struct {
	void *(*alloc)(void);
	void (*free)(void *context);
	heif_error (*read)(void *context, const void *data, size_t length, const void *options);
	void *(*track)(const void *context, uint32_t id);
	void (*release_track)(void *track);
	heif_error (*next)(void *track, void **image, int colorspace, int chroma, const void *options);
	const uint8_t *(*plane)(const void *image, int channel, int *stride);
	int (*width)(const void *image, int channel);
	int (*height)(const void *image, int channel);
	void (*release_image)(const void *image);
} heif;

static int find_heif(void) {
	void *library = dlopen("libheif.so.1", RTLD_LAZY | RTLD_NOLOAD);
	if (!library)
		return 0;
	*(void **) &heif.alloc = dlsym(library, "heif_context_alloc");
	*(void **) &heif.free = dlsym(library, "heif_context_free");
	*(void **) &heif.read = dlsym(library, "heif_context_read_from_memory_without_copy");
	*(void **) &heif.track = dlsym(library, "heif_context_get_track");
	*(void **) &heif.release_track = dlsym(library, "heif_track_release");
	*(void **) &heif.next = dlsym(library, "heif_track_decode_next_image");
	*(void **) &heif.plane = dlsym(library, "heif_image_get_plane_readonly");
	*(void **) &heif.width = dlsym(library, "heif_image_get_width");
	*(void **) &heif.height = dlsym(library, "heif_image_get_height");
	*(void **) &heif.release_image = dlsym(library, "heif_image_release");
	dlclose(library); // One reference of several.
	return heif.alloc && heif.free && heif.read && heif.track && heif.release_track && heif.next &&
		heif.plane && heif.width && heif.height && heif.release_image;
}

static void *heif_new(void) { return heif.alloc(); }
static void heif_end(void *context) { heif.free(context); }
static heif_error heif_open(void *context, const void *data, size_t length) { return heif.read(context, data, length, NULL); }
static void *heif_track(void *context) { return heif.track(context, 0); } // The first track of pictures.
static void heif_end_track(void *track) { heif.release_track(track); }
static void heif_end_image(void *image) { heif.release_image(image); }

// heif_next decodes the next picture to RGBA of 8 bits a sample.
static heif_error heif_next(void *track, void **image, const uint8_t **pixels, int *stride, int *width, int *height) {
	enum { RGB = 1, INTERLEAVED_RGBA = 11, INTERLEAVED = 10 };
	heif_error e = heif.next(track, image, RGB, INTERLEAVED_RGBA, NULL);
	if (e.code)
		return e;
	*pixels = heif.plane(*image, INTERLEAVED, stride);
	*width = heif.width(*image, INTERLEAVED);
	*height = heif.height(*image, INTERLEAVED);
	return e;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"image"
	"iter"
	"runtime"
	"slices"
	"sync"
	"time"
	"unsafe"

	"calotype"
	"calotype/worker/imageheader"
)

// sequence is the track of an animated AVIF, or the frames of an animated JPEG XL. Whether
// it can be decoded depends on the libraries: libheif decodes tracks since 1.20, also of
// files that have a still picture, and libvips knows the frames of JPEG XL.
type sequence struct {
	width, height int
	delays        []int // Of each frame, in milliseconds.
	plays         int
	decodable     bool
}

// decodesSequences reports whether the loaded libheif has the functions. The codec's
// plug-in may still be missing.
var decodesSequences = sync.OnceValue(func() bool { return C.find_heif() != 0 })

// readSequence reads the frames of an animated AVIF. It does not change a still.
func (p *Picture) readSequence() error {
	h := p.header
	if h.Animation == nil || h.Frames < 2 {
		return nil // libvips decides about it.
	}
	s := &sequence{width: h.Width, height: h.Height, plays: h.Animation.Plays}
	for _, f := range h.Animation.Frames {
		s.delays = append(s.delays, int(f.Delay/time.Millisecond))
	}
	if len(s.delays) != h.Frames {
		return corrupt(fmt.Errorf("%d frames have %d durations", h.Frames, len(s.delays)))
	}
	p.Width, p.Height, p.Frames, p.sequence = h.Width, h.Height, h.Frames, s
	p.profile, p.conversion = usableProfile(h.Colour.ICC, 3), nil
	if h.Colour.Source == imageheader.ColourCICP {
		p.profile, p.conversion = nil, newConversion(calotype.AVIF, h.Colour)
	}
	if decodesSequences() {
		_, end, err := openTrack(p.body)
		if s.decodable = err == nil; s.decodable {
			end()
		}
	}
	return nil
}

// openTrack opens the first track of pictures. The caller must call end.
func openTrack(file []byte) (track unsafe.Pointer, end func(), err error) {
	pinned := &runtime.Pinner{}
	pinned.Pin(&file[0])
	context := C.heif_new()
	closeContext := func() {
		C.heif_end(context)
		pinned.Unpin()
	}
	if err := heifError(C.heif_open(context, unsafe.Pointer(&file[0]), C.size_t(len(file)))); err != nil {
		closeContext()
		return nil, nil, err
	}
	if track = C.heif_track(context); track == nil {
		closeContext()
		return nil, nil, errors.New("heif: no track of pictures")
	}
	return track, func() { C.heif_end_track(track); closeContext() }, nil
}

// decode decodes the frames one by one.
func (s *sequence) decode(file []byte) iter.Seq2[shown, error] {
	return func(yield func(shown, error) bool) {
		track, end, err := openTrack(file)
		if err != nil {
			yield(shown{}, err)
			return
		}
		defer end()
		frame := image.NewNRGBA(image.Rect(0, 0, s.width, s.height))
		for _, delay := range s.delays {
			if err := nextPicture(track, frame); err != nil {
				yield(shown{}, err)
				return
			}
			if !yield(shown{frame, delay}, nil) {
				return
			}
		}
	}
}

// nextPicture decodes the next picture of a track.
func nextPicture(track unsafe.Pointer, to *image.NRGBA) error {
	var picture unsafe.Pointer
	var pixels *C.uint8_t
	var stride, width, height C.int
	if err := heifError(C.heif_next(track, &picture, &pixels, &stride, &width, &height)); err != nil {
		return err
	}
	defer C.heif_end_image(picture)
	if size := to.Rect.Size(); pixels == nil || int(width) != size.X || int(height) != size.Y || int(stride) < 4*size.X {
		return fmt.Errorf("heif: a frame of %dx%d pixels, want %dx%d", width, height, size.X, size.Y)
	}
	from := unsafe.Slice((*byte)(pixels), int(stride)*(int(height)-1)+4*int(width))
	for y := range int(height) {
		copy(to.Pix[y*to.Stride:][:4*int(width)], from[y*int(stride):])
	}
	return nil
}

func heifError(e C.heif_error) error {
	if e.code == 0 {
		return nil
	}
	return fmt.Errorf("heif: %s", C.GoString(e.message))
}

// passThrough returns the source itself for animated targets, since its animation cannot be
// decoded here. The others get the file's still picture.
func (p *Picture) passThrough(targets []Target) iter.Seq2[Rendition, error] {
	return func(yield func(Rendition, error) bool) {
		source := Rendition{Body: p.body, Format: p.Format, Width: p.Width, Height: p.Height, AsIs: true, Undecoded: true}
		undecoded := func(t Target) bool { return animates(t.Format) || t.Describe }
		i := 0
		yieldSources := func() bool {
			for ; i < len(targets) && undecoded(targets[i]); i++ {
				r := source
				if targets[i].Describe {
					r = Rendition{Description: &Description{}}
				}
				if !yield(r, nil) {
					return false
				}
			}
			return true
		}
		if !yieldSources() || i == len(targets) {
			return
		}
		stills := slices.DeleteFunc(slices.Clone(targets), undecoded)
		for r, err := range p.render(stills) {
			i++
			if !yield(r, err) || err != nil || !yieldSources() {
				return
			}
		}
	}
}
