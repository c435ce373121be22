//go:build cgo

package render

import (
	"fmt"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
)

// base is a decoded picture at the largest size wanted: upright, in sRGB or grey,
// without metadata. It is kept as an uncompressed TIFF in memory, which libvips
// opens again at the cost of a copy; its frames are one below the other.
type base struct {
	tiff          []byte
	pixels        []byte // in the TIFF
	frames        int
	width, height int // of a frame
	bands         int
}

// decode makes the base for the targets.
func (p *Picture) decode(targets []Target) (*base, error) {
	width, height, frames := 1, 1, 1
	for _, t := range targets {
		width, height = max(width, t.Width), max(height, t.Height)
		if moves(t.Format) {
			frames = p.Frames
		}
	}
	if turned(p.orientation) {
		width, height = height, width
	}
	b, err := p.decodeSize(width, height, frames)
	if err != nil {
		return nil, err
	}
	if p.orientation != 1 {
		stored := b
		defer stored.free()
		if b, err = stored.turned(p.orientation); err != nil {
			return nil, fmt.Errorf("turn: %w", err)
		}
	}
	b.dropOpaqueAlpha()
	return b, nil
}

// decodeSize makes the base as it is stored.
func (p *Picture) decodeSize(width, height, frames int) (*base, error) {
	if p.Format == calotype.JPEG && p.inSRGB {
		b, err := resampleJPEG(p.body, jpegShrink(p.shrink(width, height)), width, height)
		if err != nil {
			return nil, corrupt(p.Format, err)
		}
		return b, nil
	}
	loaded, err := p.loadAtLeast(width, height, frames)
	if err != nil {
		return nil, err
	}
	defer loaded.Close()
	img, err := loaded.resize(width, height)
	if err != nil {
		return nil, corrupt(p.Format, err)
	}
	defer img.Close()
	if err := toSRGB(img.ImageRef); err != nil {
		return nil, corrupt(p.Format, err)
	}
	b, err := newBase(img)
	if err != nil {
		return nil, corrupt(p.Format, err) // The pixels are read here, and not before.
	}
	return b, nil
}

// newBase evaluates a picture of 8 bits a sample into memory, without metadata.
func newBase(img strip) (*base, error) {
	bytes, err := img.ToBytes()
	if err != nil {
		return nil, complaint()
	}
	b := &base{frames: img.frames, width: img.Width(), height: img.frameHeight(), bands: img.Bands()}
	return b, b.put(bytes)
}

// free ends the use of a base, whose memory another one may get.
func (b *base) free() {
	blocks.put(b.tiff)
	b.tiff, b.pixels = nil, nil
}

// put makes the TIFF of pixels.
func (b *base) put(pixels []byte) error {
	if b.tiff, b.pixels = newTIFF(b.width, b.height*b.frames, b.bands); b.tiff == nil {
		return b.tooLarge()
	}
	if n := copy(b.pixels, pixels); n < len(b.pixels) {
		return fmt.Errorf("%d bytes are too few for %dx%d pixels in %d frames", n, b.width, b.height, b.frames)
	}
	return nil
}

func (b *base) tooLarge() error {
	return fmt.Errorf("%dx%d pixels in %d frames are not supported", b.width, b.height, b.frames)
}

// open gives the base back to libvips: row by row, which saves one more copy (and 15 %
// of the CPU of a fan-out), or where it has frames as a whole.
func (b *base) open() (strip, error) {
	params := vips.NewImportParams()
	if b.frames == 1 {
		params.Access.Set(vipsAccessSequential)
	}
	img, err := vips.LoadImageFromBuffer(b.tiff, params)
	if err != nil {
		return strip{}, fmt.Errorf("open base: %w", err)
	}
	return strip{img, b.frames}, nil
}

// loadAtLeast opens the picture as small as its decoder can make it cheaply, but
// no smaller than width x height (as stored, before it is turned).
func (p *Picture) loadAtLeast(width, height, frames int) (strip, error) {
	if p.Format == calotype.BMP {
		img, err := p.decodeBMP()
		return strip{img, 1}, err
	}
	shrink := p.shrink(width, height)
	img, err := p.load(func(params *vips.ImportParams) {
		switch {
		case frames > 1:
			params.NumPages.Set(-1)
		case p.Format == calotype.JPEG:
			params.Access.Set(vipsAccessSequential)
			params.JpegShrinkFactor.Set(jpegShrink(shrink))
		case p.Format == calotype.WebP && shrink >= 4:
			// Twice the size is left for the better filter.
			params.WebpScaleFactor.Set(2 / shrink)
		default:
			params.Access.Set(vipsAccessSequential)
		}
	})
	if err != nil {
		return strip{}, corrupt(p.Format, err)
	}
	if frames > 1 {
		// From here on a strip is one tall picture to libvips.
		if err := img.SetPageHeight(img.Height()); err != nil {
			img.Close()
			return strip{}, corrupt(p.Format, err)
		}
		if err := img.SetPages(1); err != nil {
			img.Close()
			return strip{}, corrupt(p.Format, err)
		}
	}
	return strip{img, frames}, nil
}

// shrink is how many times width x height the picture is, as stored.
func (p *Picture) shrink(width, height int) float64 {
	storedWidth, storedHeight := p.Width, p.Height
	if turned(p.orientation) {
		storedWidth, storedHeight = storedHeight, storedWidth
	}
	return min(float64(storedWidth)/float64(width), float64(storedHeight)/float64(height))
}

// vipsAccessSequential is VIPS_ACCESS_SEQUENTIAL: rows are decoded as they are
// needed, top to bottom, and not kept.
const vipsAccessSequential = 1

// jpegShrink is the largest scale-down that libjpeg does while decoding, by 1, 2,
// 4 or 8, that leaves at least what is wanted.
func jpegShrink(shrink float64) int {
	for _, by := range []int{8, 4, 2} {
		if shrink >= float64(by) {
			return by
		}
	}
	return 1
}

// inSRGB reports whether toSRGB would leave a picture as it is, and it has no alpha.
func inSRGB(img *vips.ImageRef) bool {
	space, bands := img.Interpretation(), img.Bands()
	return (space == vips.InterpretationSRGB && bands == 3 || space == vips.InterpretationBW && bands == 1) &&
		img.BandFormat() == vips.BandFormatUchar && (!img.HasICCProfile() || isSRGB(img.GetICCProfile()))
}

// toSRGB converts to 8-bit sRGB, or to grey where the picture is grey. A profile
// that cannot be used is taken for sRGB's.
func toSRGB(img *vips.ImageRef) error {
	if img.HasICCProfile() && !isSRGB(img.GetICCProfile()) {
		if err := img.TransformICCProfile(vips.SRGBIEC6196621ICCProfilePath); err == nil {
			if err := img.RemoveICCProfile(); err != nil {
				return err
			}
		}
	}
	space := vips.InterpretationSRGB
	if i := img.Interpretation(); i == vips.InterpretationBW || i == vips.InterpretationGrey16 {
		space = vips.InterpretationBW
	}
	if img.Interpretation() != space {
		if err := img.ToColorSpace(space); err != nil {
			return err
		}
	}
	if img.BandFormat() != vips.BandFormatUchar {
		return img.Cast(vips.BandFormatUchar)
	}
	return nil
}

// turned makes an upright picture of a stored one: CIPA DC-008 (Exif 2.32), 4.6.4.A
// "Orientation", as a rotation and then a mirroring.
func (b *base) turned(orientation int) (*base, error) {
	img, err := vips.LoadImageFromBuffer(b.tiff, nil) // Not row by row.
	if err != nil {
		return nil, err
	}
	defer img.Close()
	switch orientation {
	case 3, 4:
		err = img.Rotate(vips.Angle180)
	case 5, 6:
		err = img.Rotate(vips.Angle90)
	case 7, 8:
		err = img.Rotate(vips.Angle270)
	}
	if err != nil {
		return nil, err
	}
	switch orientation {
	case 2, 4, 5, 7:
		err = img.Flip(vips.DirectionHorizontal)
	}
	if err != nil {
		return nil, err
	}
	return newBase(strip{img, b.frames})
}

// dropOpaqueAlpha drops an alpha channel that says of every pixel that it is opaque, as
// those of many animations and screenshots do: to scale alpha right takes several times
// the work.
func (b *base) dropOpaqueAlpha() {
	if b.bands%2 != 0 {
		return
	}
	for i := b.bands - 1; i < len(b.pixels); i += b.bands {
		if b.pixels[i] != 255 {
			return
		}
	}
	bands := b.bands - 1
	tiff, pixels := newTIFF(b.width, b.height*b.frames, bands)
	for from, to := b.pixels, pixels; len(to) > 0; from, to = from[b.bands:], to[bands:] {
		copy(to[:bands], from)
	}
	b.tiff, b.pixels, b.bands = tiff, pixels, bands
}
