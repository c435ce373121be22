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
	frames        int
	width, height int // of a frame
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
	tiff, err := toTIFF(img.ImageRef)
	if err != nil {
		return nil, corrupt(p.Format, err) // The pixels are read here, and not before.
	}
	if p.orientation != 1 {
		if tiff, err = turn(tiff, p.orientation); err != nil {
			return nil, fmt.Errorf("turn: %w", err)
		}
	}
	if tiff, err = withoutOpaqueAlpha(tiff); err != nil {
		return nil, fmt.Errorf("drop alpha: %w", err)
	}
	if turned(p.orientation) {
		width, height = height, width
	}
	return &base{tiff, frames, width, height}, nil
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
	storedWidth, storedHeight := p.Width, p.Height
	if turned(p.orientation) {
		storedWidth, storedHeight = storedHeight, storedWidth
	}
	shrink := min(float64(storedWidth)/float64(width), float64(storedHeight)/float64(height))
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

// toTIFF evaluates the picture into memory, without metadata. The profile and the
// orientation go by themselves: RemoveMetadata keeps both.
func toTIFF(img *vips.ImageRef) ([]byte, error) {
	if err := img.RemoveMetadata(); err != nil {
		return nil, err
	}
	if err := img.RemoveICCProfile(); err != nil {
		return nil, err
	}
	if err := img.RemoveOrientation(); err != nil {
		return nil, err
	}
	tiff, _, err := img.ExportTiff(&vips.TiffExportParams{
		StripMetadata: true,
		Compression:   vips.TiffCompressionNone,
		Predictor:     vips.TiffPredictorNone,
		TileWidth:     256,
		TileHeight:    16, // The rows of a strip, too, which are read at once.
	})
	return tiff, err
}

// turn makes an upright picture of a stored one: CIPA DC-008 (Exif 2.32), 4.6.4.A
// "Orientation", as a rotation and then a mirroring.
func turn(tiff []byte, orientation int) ([]byte, error) {
	img, err := vips.LoadImageFromBuffer(tiff, nil)
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
	return toTIFF(img)
}

// withoutOpaqueAlpha drops an alpha channel that says of every pixel that it is opaque,
// as those of many animations and screenshots do: to scale alpha right takes several
// times the work.
func withoutOpaqueAlpha(tiff []byte) ([]byte, error) {
	img, err := vips.LoadImageFromBuffer(tiff, nil)
	if err != nil {
		return nil, err
	}
	defer img.Close()
	if !img.HasAlpha() {
		return tiff, nil
	}
	alpha, err := img.ExtractBandToImage(img.Bands()-1, 1)
	if err != nil {
		return nil, err
	}
	defer alpha.Close()
	if mean, err := alpha.Average(); err != nil || mean < 255 {
		return tiff, err
	}
	if err := img.ExtractBand(0, img.Bands()-1); err != nil {
		return nil, err
	}
	return toTIFF(img)
}
