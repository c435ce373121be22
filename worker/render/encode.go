//go:build cgo

package render

import (
	"fmt"
	"sync"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
)

// encode writes a picture that already has a target's size. WebP and JPEG XL of a flat
// picture are the smaller one of lossy and lossless. For AVIF that would be in vain: of
// drawings and screenshots a lossless one takes 3 to 5 times the bytes.
func (d *decoded) encode(p *Picture, t Target) ([]byte, error) {
	body, err := d.encodeAs(p, t, false)
	if err != nil || t.Format != calotype.WebP && t.Format != calotype.JXL || !p.mayBeFlat() || !d.isFlat() {
		return body, err
	}
	lossless, err := d.encodeAs(p, t, true)
	if err == nil && len(lossless) <= len(body) {
		body = lossless
	}
	return body, err
}

func (d *decoded) encodeAs(p *Picture, t Target, lossless bool) ([]byte, error) {
	if t.Format == calotype.PNG {
		if p.palette && p.Frames == 1 {
			return d.encodePNG(maxPalette)
		}
		return d.encodePNG(0)
	}
	if t.Format == calotype.GIF {
		return d.encodeGIF()
	}
	if t.Format == calotype.JPEG {
		return d.encodeJPEG(t.Quality)
	}
	if t.Format == calotype.WebP {
		return d.encodeWebP(t.Quality, lossless)
	}
	if t.Format == calotype.JXL {
		distance := jxlDistance(t.Quality)
		if lossless {
			distance = 0
		}
		return encodeJXL(d, distance)
	}
	img, err := d.open()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	return encode(img, t)
}

// encode writes the formats that need libvips.
func encode(img *vips.ImageRef, t Target) (body []byte, err error) {
	switch t.Format {
	case calotype.AVIF:
		body, _, err = img.ExportAvif(&vips.AvifExportParams{
			StripMetadata: true,
			Quality:       avifQuality(t.Quality),
			Bitdepth:      8,
			Effort:        avifEffort(),
		})
		if err == nil {
			withFullRangeAlpha(body)
		}
	case calotype.BMP:
		return encodeBMP(img)
	default:
		return nil, fmt.Errorf("format %q is not written", t.Format)
	}
	return body, err
}

// avifEffort returns the lowest effort, 1 (0 would be ignored). At that effort libaom 3.12
// codes smooth pictures as palettes: a night sky takes 4.6 times the bytes. The next effort
// does not.
var avifEffort = sync.OnceValue(func() int {
	for _, l := range libraries {
		if l.name == "libaom" && older(l.version(), [3]int{3, 12, 0}) {
			return 1
		}
	}
	return 2
})

// avifQuality maps JPEG's quality scale to AVIF's, where the same number means a better and
// larger picture.
func avifQuality(jpeg int) int {
	return max(1, jpeg*3/4)
}
