//go:build cgo

package render

import (
	"fmt"

	"calotype"
)

// decode is the way from a source's bytes to the picture that all targets are made from.
func (p *Picture) decode(targets []Target) (*decoded, error) {
	width, height, frames := p.sizeToDecode(targets)
	if p.animation != nil {
		return p.decodeFrames(width, height, frames, failOnError)
	}
	d, err := p.decodeStored(width, height, frames, failOnError)
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

// sizeToDecode returns the largest size that a target has, as stored (before the turn), and
// how many frames are needed.
func (p *Picture) sizeToDecode(targets []Target) (width, height, frames int) {
	width, height, frames = 1, 1, 1
	for _, t := range targets {
		width, height = max(width, t.Width), max(height, t.Height)
		if moves(t.Format) {
			frames = p.Frames
		}
	}
	if turned(p.orientation) {
		width, height = height, width
	}
	return width, height, frames
}

// decodeStored decodes the picture as it is stored, scaled to width x height: it loads,
// brings the channels in order, scales, and converts colours.
func (p *Picture) decodeStored(width, height, frames int, on failOn) (*decoded, error) {
	if p.Format == calotype.JPEG && p.inSRGB {
		d, err := resampleJPEG(p.body, on, jpegShrink(p.shrink(width, height)), width, height)
		if err != nil {
			return nil, corrupt(p.Format, err)
		}
		return d, nil
	}
	loaded, err := p.load(width, height, frames, on)
	if err != nil {
		return nil, corrupt(p.Format, err)
	}
	defer loaded.Close()
	var d *decoded
	for i := range frames {
		if d, err = p.decodeFrame(loaded, i, width, height, d); err != nil {
			return nil, corrupt(p.Format, err) // The pixels are read here, and not before.
		}
	}
	return d, nil
}

// decodeFrame decodes one frame into d, which it makes for the first one.
func (p *Picture) decodeFrame(loaded *pages, i, width, height int, d *decoded) (*decoded, error) {
	// Each frame is scaled by itself: across all of them, the filter would draw one frame's
	// edge into the next.
	frame, err := loaded.frame(i)
	if err != nil {
		return nil, err
	}
	defer frame.Close()
	if err := frame.channels(true); err != nil {
		return nil, fmt.Errorf("channels: %w", err)
	}
	if err := frame.resize(width, height); err != nil {
		return nil, fmt.Errorf("scale: %w", err)
	}
	if err := frame.toSRGB(p.profile); err != nil {
		return nil, fmt.Errorf("colours: %w", err)
	}
	if d == nil {
		if d, err = newDecoded(width, height, loaded.frames, frame.bands()); err != nil {
			return nil, err
		}
	}
	return d, frame.readInto(d.frame(i))
}

// load opens the picture as small as its decoder can make it cheaply, but no smaller than
// width x height as stored.
func (p *Picture) load(width, height, frames int, on failOn) (*pages, error) {
	if p.Format == calotype.BMP {
		return p.decodeBMP()
	}
	shrink := p.shrink(width, height)
	o := loadOptions{failOn: on, frames: frames}
	switch {
	case frames > 1:
	case p.Format == calotype.JPEG:
		o.sequential, o.shrink = true, jpegShrink(shrink)
	case p.Format == calotype.WebP && shrink >= 4:
		o.scale = 2 / shrink // Twice the size is left for the better filter.
	default:
		o.sequential = true
	}
	return loadPages(p.Format, p.body, o)
}

// shrink returns how many times width x height the picture is, as stored.
func (p *Picture) shrink(width, height int) float64 {
	storedWidth, storedHeight := p.Width, p.Height
	if turned(p.orientation) {
		storedWidth, storedHeight = storedHeight, storedWidth
	}
	return min(float64(storedWidth)/float64(width), float64(storedHeight)/float64(height))
}

// jpegShrink returns the largest scale-down that libjpeg does while decoding, by 1, 2, 4 or
// 8, that leaves at least what is wanted.
func jpegShrink(shrink float64) int {
	for _, by := range []int{8, 4, 2} {
		if shrink >= float64(by) {
			return by
		}
	}
	return 1
}
