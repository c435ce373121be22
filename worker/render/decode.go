//go:build cgo

package render

import (
	"fmt"

	"calotype"
	"calotype/worker/imageheader"
)

// decode converts a source's bytes to the picture that all targets are made from.
func (p *Picture) decode(targets []Target) (*decoded, error) {
	width, height := p.sizeToDecode(targets)
	if p.animation != nil || p.sequence != nil && p.sequence.decodable {
		d, err := p.decodeFirst(width, height, failOnError)
		if err != nil && p.limits.Lenient {
			if damaged, lenientErr := p.decodeFirst(width, height, failOnNothing); lenientErr == nil {
				p.damaged.Store(true)
				return damaged, nil
			}
		}
		return d, err
	}
	d, err := p.decodeStored(width, height)
	if err != nil && p.limits.Lenient {
		if damaged := p.decodeDamaged(width, height); damaged != nil {
			d, err = damaged, nil
			p.damaged.Store(true)
		}
	}
	if err != nil {
		return nil, err
	}
	if p.orientation != 1 {
		stored := d
		defer stored.free()
		if d, err = stored.turned(p.orientation); err != nil {
			return nil, fmt.Errorf("turn: %w", err)
		}
	}
	d.dropOpaqueAlpha()
	return d, nil
}

// sizeToDecode returns the largest size in which targets need the whole picture, at most its
// own, as stored (before the turn).
func (p *Picture) sizeToDecode(targets []Target) (width, height int) {
	width, height = 1, 1
	for _, t := range targets {
		whole := t.whole()
		width, height = max(width, min(whole.Width, p.Width)), max(height, min(whole.Height, p.Height))
	}
	if swapsSides(p.orientation) {
		width, height = height, width
	}
	return width, height
}

// decodeStored decodes the picture as it is stored, scaled to width x height.
func (p *Picture) decodeStored(width, height int) (d *decoded, err error) {
	err = vipsErrors.run(func() error {
		if p.Format == calotype.JPEG && p.inRows {
			d, err = resampleJPEG(p.coded, jpegShrink(p.shrink(width, height)), width, height)
			if err == nil {
				d, err = p.converted(d)
			}
			return err
		}
		if scaled, ok := p.resamplePNG(width, height); ok {
			d, err = p.converted(scaled)
			return err
		}
		loaded, err := p.load(width, height)
		if err != nil {
			return err
		}
		defer loaded.Close()
		d, err = p.decodePages(loaded, width, height)
		return err
	})
	if err != nil {
		return nil, corrupt(err) // The pixels are read only here.
	}
	return d, nil
}

// converted converts a picture that was scaled without libvips to sRGB.
func (p *Picture) converted(d *decoded) (*decoded, error) {
	if p.profile == nil && p.conversion == nil {
		return d, nil
	}
	defer d.free()
	img, err := d.pages()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	return p.convert(img)
}

// decodeDamaged decodes the intact part of a picture, or returns nil.
func (p *Picture) decodeDamaged(width, height int) (d *decoded) {
	err := vipsErrors.run(func() error {
		loaded, err := p.loadDamaged(width, height)
		if err != nil {
			return err
		}
		defer loaded.Close()
		d, err = p.decodePages(loaded, width, height)
		return err
	})
	if err != nil {
		return nil
	}
	return d
}

// decodePages decodes a loaded picture. The order of the steps is: load, channels, alpha,
// scale, colours; then follow the turn and the fan-out.
func (p *Picture) decodePages(img *pages, width, height int) (*decoded, error) {
	if err := img.channels(p.isGrey(), p.alphaBand(img)); err != nil {
		return nil, fmt.Errorf("channels: %w", err)
	}
	if err := img.toLevels(); err != nil {
		return nil, fmt.Errorf("samples: %w", err)
	}
	if p.hasLimitedAlpha() {
		if err := img.stretchAlpha(); err != nil {
			return nil, fmt.Errorf("alpha: %w", err)
		}
	}
	if p.premultiplied {
		if err := img.unpremultiply(); err != nil {
			return nil, fmt.Errorf("alpha: %w", err)
		}
	}
	if err := img.resize(width, height); err != nil {
		return nil, fmt.Errorf("scale: %w", err)
	}
	return p.convert(img)
}

// alphaBand returns the number of the band that is alpha, or -1. The bands after the
// colours of a TIFF may be anything.
func (p *Picture) alphaBand(img *pages) int {
	switch {
	case p.Format != calotype.TIFF || p.header.TIFF == nil:
		if bands := img.bands(); bands == 2 || bands >= 4 {
			return bands - 1
		}
		return -1
	case !p.header.Alpha:
		return -1
	}
	colours := img.colours()
	if p.isGrey() {
		colours = 1
	}
	return colours + p.header.TIFF.AlphaSample
}

// isGrey reports whether only the first band is of colour: libheif decodes grey to RGB, and
// libvips does not know the meaning of the samples after a TIFF's grey.
func (p *Picture) isGrey() bool {
	if t := p.header.TIFF; t != nil {
		return !p.byLibtiff() && (t.Photometric == imageheader.TIFFWhiteIsZero || t.Photometric == imageheader.TIFFBlackIsZero)
	}
	return p.header.HEIF != nil && p.header.Chroma == imageheader.Chroma400
}

// hasLimitedAlpha reports whether alpha is stored from 16 to 235, which libheif hands out
// as it is.
func (p *Picture) hasLimitedAlpha() bool {
	return p.header.HEIF != nil && p.header.Alpha && !p.header.HEIF.AlphaFullRange
}

// convert converts a picture's colours to sRGB, and reads its pixels into memory.
func (p *Picture) convert(img *pages) (d *decoded, err error) {
	if err := img.applyProfile(p.profile); err != nil {
		return nil, fmt.Errorf("colours: %w", err)
	}
	bands, bytesPerSample := img.bands(), 0
	switch {
	case img.isCMYK():
		bands, err = 3, img.toCMYK8()
	case p.conversion != nil:
		bytesPerSample, err = img.toPlainSamples()
	default:
		err = img.toSRGB()
		bands = img.bands()
	}
	if err != nil {
		return nil, fmt.Errorf("colours: %w", err)
	}
	if d, err = newDecoded(img.width(), img.height(), bands); err != nil {
		return nil, err
	}
	return d, img.read(func(pixels []byte) error {
		switch {
		case img.isCMYK():
			pixels = fromCMYK(pixels)
		case bytesPerSample > 0 && len(pixels) == len(d.pixels)*bytesPerSample:
			p.conversion.apply(pixels, bytesPerSample, bands, d.pixels)
			return nil
		}
		if copy(d.pixels, pixels) != len(d.pixels) {
			return fmt.Errorf("%d bytes of pixels, not %d", len(pixels), len(d.pixels))
		}
		return nil
	})
}

// load opens the picture at the smallest size that its decoder produces cheaply, but no
// smaller than width x height as stored.
func (p *Picture) load(width, height int) (*pages, error) {
	switch p.Format {
	case calotype.BMP:
		return p.decodeBMP(failOnError)
	case calotype.ICO:
		return p.decodeICO(failOnError)
	}
	if p.byLibtiff() {
		return p.decodeByLibtiff()
	}
	shrink := p.shrink(width, height)
	o := loadOptions{failOn: failOnError}
	switch {
	case p.Format == calotype.JPEG:
		o.sequential, o.shrink = true, jpegShrink(shrink)
	case p.Format == calotype.WebP && shrink >= 4:
		o.scale = 2 / shrink // Twice the size is kept for the better filter.
	default:
		o.sequential = true
	}
	return loadPages(p.Format, p.coded, o)
}

// loadDamaged opens the intact part of a damaged picture. Missing pixels are transparent,
// whatever the decoder returns for them.
func (p *Picture) loadDamaged(width, height int) (img *pages, err error) {
	defer recoverFault(&err)
	switch p.Format {
	case calotype.JPEG:
		return decodeDamagedJPEG(p.coded, jpegShrink(lastStep*p.shrink(width, height))) // In memory as a whole.
	case calotype.PNG:
		return decodeDamagedPNG(p.coded)
	case calotype.BMP:
		return p.decodeBMP(failOnNothing)
	case calotype.ICO:
		return p.decodeICO(failOnNothing)
	}
	return nil, fmt.Errorf("a damaged %s is not decoded", p.Format)
}

// shrink returns the ratio of the stored picture to width x height.
func (p *Picture) shrink(width, height int) float64 {
	return min(float64(p.stored.Width)/float64(width), float64(p.stored.Height)/float64(height))
}

// lastStep is how many times too large a JPEG is at least after libjpeg has scaled it down.
// Its filter is softer than Lanczos', which needs something left to do. With 1.5, SSIM to
// a picture that is only scaled by Lanczos' filter is that of sharp 0.35.5 or better, for
// ratios from 1.05 to 9 of four photos: at least 0.995 just above 2 and 4, and 0.985 just
// above 8, where leaving nothing gives 0.986, 0.931 and 0.798. Decoding 8 to 12 megapixels
// then takes 1.5 to 1.9 times the CPU time from 2 to 3, 1.2 to 1.5 times from 4 to 6, and
// 1.25 to 1.5 times from 8 to 12.
const lastStep = 1.5

// jpegShrink returns the largest factor, 1, 2, 4 or 8, by which libjpeg scales down while
// decoding and leaves [lastStep].
func jpegShrink(shrink float64) int {
	for _, by := range []int{8, 4, 2} {
		if shrink >= lastStep*float64(by) {
			return by
		}
	}
	return 1
}
