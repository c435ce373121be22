//go:build cgo

package render

/*
#include <vips/vips.h>

// jxl_loads_frames reports whether libvips reads the frames of an animated JPEG XL.
static int jxl_loads_frames(void) {
	const GType type = vips_type_find("VipsForeignLoad", "jxlload_buffer");
	GObjectClass *class = type ? g_type_class_ref(type) : NULL;
	const int found = class && g_object_class_find_property(class, "n");
	if (class)
		g_type_class_unref(class);
	return found;
}

// jxl_save writes without metadata: libvips 8.16 adds an EXIF block of its own otherwise.
static int jxl_save(VipsImage *in, void **body, size_t *length, double distance, int effort) {
	return vips_jxlsave_buffer(in, body, length, "strip", TRUE, "distance", distance, "effort", effort, NULL);
}
*/
import "C"

import (
	"fmt"
	"image"
	"iter"
	"sync"
	"unsafe"

	"calotype"
)

// jxlFloor is the oldest libjxl that is used: the first with the mends of CVE-2026-1837, by
// which a picture writes outside of its memory, and of CVE-2025-12474. Debian 12 has 0.7.0,
// which is mended for neither.
var jxlFloor = [3]int{0, 11, 2}

// tooOldForJXL is why JPEG XL is off.
var tooOldForJXL = shortcoming{"libjxl", jxlFloor, "is not used, so that JPEG XL is neither read nor written", nil}

// usesJXL reports whether JPEG XL is read and written: whether libvips has a module for it,
// and libjxl is not too old.
var usesJXL = sync.OnceValue(func() bool {
	version := libjxl.version()
	return version != "" && !older(version, jxlFloor) &&
		hasOperation("VipsForeignLoad", "jxlload_buffer") && hasOperation("VipsForeignSave", "jxlsave_buffer")
})

// jxlLacks returns the sentence about why JPEG XL is off, or "".
func jxlLacks() string {
	if usesJXL() {
		return ""
	}
	if sentence := tooOldForJXL.sentence(libjxl.version()); sentence != "" {
		return sentence
	}
	return "libvips has no module for JPEG XL, which is neither read nor written"
}

// readJXLFrames reads the frames of an animated JPEG XL. It does not change a still, nor a
// file of pages, of which the first is shown.
func (p *Picture) readJXLFrames() error {
	h := p.header
	if h.JXL == nil || !h.JXL.Animated {
		return nil
	}
	return vipsErrors.run(func() error {
		img, err := loadPages(calotype.JXL, p.body, loadOptions{failOn: failOnError})
		if err != nil {
			return corrupt(err)
		}
		defer img.Close()
		s := &sequence{width: img.width(), height: img.height(), delays: img.delays(), plays: h.Animation.Plays}
		switch {
		case C.jxl_loads_frames() == 0:
			p.Frames = 2 // Not known, and more than one.
		case len(s.delays) < 2:
			return nil
		default:
			p.Frames, s.decodable = len(s.delays), true
		}
		p.Width, p.Height, p.sequence = s.width, s.height, s
		p.premultiplied = h.Premultiplied
		p.readColour(img)
		return nil
	})
}

// decodeJXL decodes the frames one by one, in sRGB.
func (p *Picture) decodeJXL() iter.Seq2[shown, error] {
	return func(yield func(shown, error) bool) {
		all, err := loadPages(calotype.JXL, p.body, loadOptions{failOn: failOnError, sequential: true, frames: p.Frames})
		if err != nil {
			yield(shown{}, err)
			return
		}
		defer all.Close()
		canvas := image.NewNRGBA(image.Rect(0, 0, p.Width, p.Height))
		for i, delay := range p.sequence.delays {
			if err := p.decodeJXLFrame(all, i, canvas); err != nil {
				yield(shown{}, err)
				return
			}
			if !yield(shown{canvas, max(0, delay)}, nil) {
				return
			}
		}
	}
}

func (p *Picture) decodeJXLFrame(all *pages, i int, canvas *image.NRGBA) error {
	frame, err := all.frame(i)
	if err != nil {
		return err
	}
	defer frame.Close()
	d, err := p.decodePages(frame, p.Width, p.Height)
	if err != nil {
		return err
	}
	defer d.free()
	if d.width != p.Width || d.height != p.Height {
		return fmt.Errorf("a frame of %dx%d pixels, want %dx%d", d.width, d.height, p.Width, p.Height)
	}
	widen(canvas.Pix, 4, d.pixels, d.bands)
	return nil
}

// encodeJXL writes a picture as JPEG XL.
func encodeJXL(d *decoded, distance float64) ([]byte, error) {
	img, err := d.pages()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	var body unsafe.Pointer
	var length C.size_t
	if C.jxl_save(img.image, &body, &length, C.double(distance), jxlEffort) != 0 {
		return nil, lastError()
	}
	defer C.g_free(C.gpointer(body))
	return C.GoBytes(body, C.int(length)), nil
}

// jxlEffort is libjxl's effort. Effort 3 shifts flat colours: the blue of a red by 20 levels
// of 255. For six photos at 1200 pixels and a quality of 80, SSIM with effort 4 is within
// 0.004 of WebP's at 0.95 to 1.35 times the bytes, in 220 ms; effort 5 takes 400 ms, and
// effort 7 1100.
const jxlEffort = 4

// jxlDistance maps JPEG's quality to libjxl's measure of loss, of which 1 is hardly visible.
func jxlDistance(quality int) float64 { return max(0.1, float64(100-quality)*0.1) }
