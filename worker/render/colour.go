//go:build cgo

package render

/*
#include <vips/vips.h>

// apply_profile converts to sRGB from an ICC profile. Alpha stays as it is.
static VipsImage *apply_profile(VipsImage *in, const void *profile, size_t length, const char *srgb, VipsIntent intent, gboolean black_point) {
	VipsImage *with = NULL, *out = NULL;
	if (vips_copy(in, &with, NULL))
		return NULL;
	vips_image_set_blob_copy(with, VIPS_META_ICC_NAME, profile, length);
	if (vips_icc_transform(with, &out, srgb, "embedded", TRUE, "intent", intent,
			"black_point_compensation", black_point,
			"depth", in->BandFmt == VIPS_FORMAT_UCHAR || in->BandFmt == VIPS_FORMAT_CHAR ? 8 : 16, NULL))
		out = NULL;
	g_object_unref(with);
	return out;
}

// with_meaning keeps the first bands and, unless it is negative, the alpha band, and sets
// their interpretation.
static VipsImage *with_meaning(VipsImage *in, int colours, int alpha, VipsInterpretation space) {
	VipsImage *some = NULL, *last = NULL, *both = NULL, *out = NULL;
	if (vips_extract_band(in, &some, 0, "n", colours, NULL))
		return NULL;
	if (alpha < 0)
		g_object_ref(both = some);
	else if (vips_extract_band(in, &last, alpha, NULL) || vips_bandjoin2(some, last, &both, NULL))
		both = NULL;
	if (!both || vips_copy(both, &out, "interpretation", space, NULL))
		out = NULL;
	VIPS_UNREF(both);
	VIPS_UNREF(last);
	g_object_unref(some);
	return out;
}

// to_space converts to a colour space and a format of samples.
static VipsImage *to_space(VipsImage *in, VipsInterpretation space, VipsBandFormat format) {
	VipsImage *converted = NULL, *out = NULL;
	if (in->Type == space)
		g_object_ref(converted = in);
	else if (vips_colourspace(in, &converted, space, NULL))
		return NULL;
	if (vips_cast(converted, &out, format, NULL))
		out = NULL;
	g_object_unref(converted);
	return out;
}

static VipsImage *to_8_bits(VipsImage *in) {
	VipsImage *out = NULL;
	return vips_cast(in, &out, VIPS_FORMAT_UCHAR, "shift", TRUE, NULL) ? NULL : out;
}
*/
import "C"

import (
	"unsafe"

	"calotype/worker/imageheader"
)

// srgbProfile names the sRGB profile that is built into libvips. With a file name libvips
// would read the file for each picture, which a decoder's sandbox forbids.
var srgbProfile = C.CString("srgb")

// channels converts a picture to 1 to 4 bands of known meaning: grey or RGB, without or
// with alpha, or CMYK without alpha. It drops other bands, such as the spot colours of a
// TIFF. Pictures in other colour spaces become RGB. Grey means that only the first band
// holds colour. Alpha is the index of its band, or negative.
func (p *pages) channels(grey bool, alpha int) error {
	space := p.image.Type
	colours := 3
	if grey {
		space = p.greySpace()
	}
	switch space {
	case C.VIPS_INTERPRETATION_B_W, C.VIPS_INTERPRETATION_GREY16:
		colours = 1
	case C.VIPS_INTERPRETATION_CMYK:
		colours = 4
	case C.VIPS_INTERPRETATION_sRGB, C.VIPS_INTERPRETATION_RGB16, C.VIPS_INTERPRETATION_scRGB, C.VIPS_INTERPRETATION_RGB:
	case C.VIPS_INTERPRETATION_LAB, C.VIPS_INTERPRETATION_LABS, C.VIPS_INTERPRETATION_XYZ, C.VIPS_INTERPRETATION_LCH:
	default: // libvips does not know.
		space = C.VIPS_INTERPRETATION_sRGB
		if p.image.BandFmt == C.VIPS_FORMAT_USHORT {
			space = C.VIPS_INTERPRETATION_RGB16
		}
	}
	if p.bands() < colours {
		colours, space = 1, p.greySpace()
	}
	keep := colours
	if colours == 4 || alpha < colours || alpha >= p.bands() {
		alpha = -1
	}
	if alpha >= 0 {
		keep++
	}
	if keep == p.bands() && space == p.image.Type {
		return nil
	}
	return p.replace(C.with_meaning(p.image, C.int(colours), C.int(alpha), C.VipsInterpretation(space)))
}

// greySpace is the space of grey samples of the picture's format.
func (p *pages) greySpace() C.VipsInterpretation {
	if p.image.BandFmt == C.VIPS_FORMAT_USHORT {
		return C.VIPS_INTERPRETATION_GREY16
	}
	return C.VIPS_INTERPRETATION_B_W
}

// isCMYK reports whether the bands are print colours.
func (p *pages) isCMYK() bool { return p.image.Type == C.VIPS_INTERPRETATION_CMYK }

func (p *pages) isGrey() bool {
	return p.image.Type == C.VIPS_INTERPRETATION_B_W || p.image.Type == C.VIPS_INTERPRETATION_GREY16
}

// colours counts the bands without alpha.
func (p *pages) colours() int {
	switch {
	case p.isCMYK():
		return 4
	case p.isGrey():
		return 1
	}
	return 3
}

// applyProfile converts to sRGB from an ICC profile, if there is one. It ignores a profile
// that cannot be applied. As in browsers, it also applies an RGB profile to grey.
func (p *pages) applyProfile(profile []byte) error {
	if len(profile) == 0 {
		return nil
	}
	if p.isGrey() && string(profile[16:20]) == "RGB " {
		space := C.VipsInterpretation(C.VIPS_INTERPRETATION_sRGB)
		if p.image.BandFmt != C.VIPS_FORMAT_UCHAR {
			space = C.VIPS_INTERPRETATION_RGB16
		}
		if err := p.replace(C.to_space(p.image, space, p.image.BandFmt)); err != nil {
			return err
		}
	}
	intent, blackPoint := C.VipsIntent(C.VIPS_INTENT_PERCEPTUAL), C.gboolean(C.FALSE)
	out := C.apply_profile(p.image, unsafe.Pointer(&profile[0]), C.size_t(len(profile)), srgbProfile, intent, blackPoint)
	if out == nil {
		C.vips_error_clear()
		return nil
	}
	if colours := p.colours(); int(out.Bands)-3 != p.bands()-colours && int(out.Bands)-1 != p.bands()-colours {
		C.g_object_unref(C.gpointer(out)) // Not what libvips was asked for.
		return nil
	}
	return p.replace(out)
}

// toSRGB converts to sRGB of 8 bits per sample, or to grey.
func (p *pages) toSRGB() error {
	space := C.VipsInterpretation(C.VIPS_INTERPRETATION_sRGB)
	if p.isGrey() {
		space = C.VIPS_INTERPRETATION_B_W
	}
	if p.image.Type == space && p.image.BandFmt == C.VIPS_FORMAT_UCHAR {
		return nil
	}
	return p.replace(C.to_space(p.image, space, C.VIPS_FORMAT_UCHAR))
}

// toCMYK8 converts samples of print colours to 8 bits.
func (p *pages) toCMYK8() error {
	if p.image.BandFmt == C.VIPS_FORMAT_UCHAR {
		return nil
	}
	return p.replace(C.to_8_bits(p.image))
}

// toPlainSamples converts samples to 8 or 16 bits without a change of colour, and returns
// their bytes.
func (p *pages) toPlainSamples() (int, error) {
	switch p.image.BandFmt {
	case C.VIPS_FORMAT_UCHAR:
		return 1, nil
	case C.VIPS_FORMAT_USHORT:
		return 2, nil
	}
	return 1, p.toSRGB()
}

// isPlain reports whether the samples are grey or RGB of 8 bits, without alpha.
func (p *pages) isPlain() bool {
	return p.image.BandFmt == C.VIPS_FORMAT_UCHAR && (p.image.Type == C.VIPS_INTERPRETATION_sRGB && p.bands() == 3 ||
		p.image.Type == C.VIPS_INTERPRETATION_B_W && p.bands() == 1)
}

// usableProfile returns the profile to convert from, for a number of colour channels. It is
// nil if there is none, if it is for another colour space, or if it is sRGB's.
func usableProfile(profile []byte, colours int) []byte {
	header, ok := imageheader.ReadProfile(profile)
	if !ok || !header.Fits(colours) || imageheader.IsSRGB(profile) {
		return nil
	}
	return profile
}
