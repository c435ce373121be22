//go:build cgo

package render

/*
#include <vips/vips.h>

// of_levels makes a picture of samples of 16 bits.
static VipsImage *of_levels(const void *samples, size_t size, int width, int height, int bands, VipsInterpretation space) {
	VipsImage *copied = vips_image_new_from_memory_copy(samples, size, width, height, bands, VIPS_FORMAT_USHORT), *out = NULL;
	if (!copied || vips_copy(copied, &out, "interpretation", space, NULL))
		out = NULL;
	VIPS_UNREF(copied);
	return out;
}

static VipsImage *to_floats(VipsImage *in) {
	VipsImage *out = NULL;
	return vips_cast(in, &out, VIPS_FORMAT_FLOAT, NULL) ? NULL : out;
}

// stretch_alpha brings alpha from 16 to 235, or the same of 16 bits, to all values.
static VipsImage *stretch_alpha(VipsImage *in) {
	const double unit = in->BandFmt == VIPS_FORMAT_USHORT ? 256 : 1, highest = in->BandFmt == VIPS_FORMAT_USHORT ? 65535 : 255;
	VipsImage *t[4] = {NULL, NULL, NULL, NULL}, *out = NULL;
	if (vips_extract_band(in, &t[0], 0, "n", in->Bands - 1, NULL) ||
		vips_extract_band(in, &t[1], in->Bands - 1, NULL) ||
		vips_linear1(t[1], &t[2], highest / (219 * unit), 0.5 - 16 * unit * highest / (219 * unit), NULL) ||
		vips_cast(t[2], &t[3], in->BandFmt, NULL) ||
		vips_bandjoin2(t[0], t[3], &out, NULL))
		out = NULL;
	for (int i = 0; i < 4; i++)
		VIPS_UNREF(t[i]);
	return out;
}
*/
import "C"

import (
	"math"
	"unsafe"
)

// toLevels brings samples of a TIFF that are not whole numbers of 8 or 16 bits to 16 bits.
func (p *pages) toLevels() error {
	format := p.image.BandFmt
	if format == C.VIPS_FORMAT_UCHAR || format == C.VIPS_FORMAT_USHORT {
		return nil
	}
	space := C.VipsInterpretation(C.VIPS_INTERPRETATION_RGB16)
	switch p.image.Type {
	case C.VIPS_INTERPRETATION_sRGB, C.VIPS_INTERPRETATION_RGB, C.VIPS_INTERPRETATION_RGB16, C.VIPS_INTERPRETATION_scRGB:
	case C.VIPS_INTERPRETATION_B_W, C.VIPS_INTERPRETATION_GREY16:
		space = C.VIPS_INTERPRETATION_GREY16
	default: // Numbers that mean something else, such as L*a*b*.
		return nil
	}
	if err := p.replace(C.to_floats(p.image)); err != nil {
		return err
	}
	return p.read(func(samples []byte) error {
		values := unsafe.Slice((*float32)(unsafe.Pointer(&samples[0])), len(samples)/4)
		levels := levelsOf(values, p.bands(), scaleOf(format))
		out := C.of_levels(unsafe.Pointer(&levels[0]), C.size_t(len(levels)*2), C.int(p.width()), C.int(p.height()), C.int(p.bands()), space)
		return p.replace(out)
	})
}

// stretchAlpha brings alpha of limited range to all values. ITU-T H.273, 8.3.
func (p *pages) stretchAlpha() error {
	if C.vips_image_hasalpha(p.image) == 0 {
		return nil
	}
	return p.replace(C.stretch_alpha(p.image))
}

// sampleScale is what samples mean.
type sampleScale struct {
	// white is the value of white, and of opaque.
	white float32
	// measured means that they are measurements rather than levels of light.
	measured bool
}

// scaleOf returns what samples of a format of libvips mean. Floating-point numbers go from
// 0 to 1. Numbers with a sign are measurements, such as heights.
func scaleOf(format C.VipsBandFormat) sampleScale {
	switch format {
	case C.VIPS_FORMAT_UINT:
		return sampleScale{math.MaxUint32, false}
	case C.VIPS_FORMAT_CHAR:
		return sampleScale{math.MaxInt8, true}
	case C.VIPS_FORMAT_SHORT:
		return sampleScale{math.MaxInt16, true}
	case C.VIPS_FORMAT_INT:
		return sampleScale{math.MaxInt32, true}
	}
	return sampleScale{1, false}
}

// levelsOf brings samples to 16 bits. They are encoded values, as those of other TIFFs: what
// is linear declares it in its profile. That is how ImageMagick, GDAL and the libraries of
// Python write floats, and editors such as Photoshop and darktable write a profile. Values
// beyond white are white. Where most are out of the range, they are measurements: the
// least becomes black and the greatest white.
func levelsOf(values []float32, bands int, scale sampleScale) []uint16 {
	colours := bands - (bands+1)%2
	low, high := scale.span(values, bands, colours)
	levels := make([]uint16, len(values))
	for i, v := range values {
		from, to := low, high
		if i%bands >= colours {
			from, to = 0, scale.white
		}
		if v = (v - from) / (to - from); v > 0 { // Not a number is black.
			levels[i] = uint16(min(v, 1)*math.MaxUint16 + 0.5)
		}
	}
	return levels
}

// span returns the values of black and white.
func (s sampleScale) span(values []float32, bands, colours int) (low, high float32) {
	low, high = float32(math.Inf(1)), float32(math.Inf(-1))
	outside, all := 0, 0
	for i, v := range values {
		if i%bands >= colours || math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			continue
		}
		low, high = min(low, v), max(high, v)
		all++
		if v < 0 || v > s.white {
			outside++
		}
	}
	if (s.measured || 2*outside > all) && low < high {
		return low, high
	}
	return 0, s.white
}
