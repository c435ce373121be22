//go:build cgo

package render

import (
	"fmt"
	"image"
	"image/draw"
	"iter"
	"time"

	"github.com/davidbyttow/govips/v2/vips"
)

// Render decodes the picture once, at the largest of the sizes wanted, and makes
// each target from that, in their order. It ends with the first error.
//
// Nothing in libvips can be interrupted: a caller that stops early waits for what has
// begun.
func (p *Picture) Render(targets []Target) iter.Seq2[Rendition, error] {
	return func(yield func(Rendition, error) bool) {
		var base *base
		var err error
		var spent time.Duration
		shared.Decode(func() {
			start := time.Now()
			base, err = p.decode(targets)
			spent = time.Since(start)
		})
		if err != nil {
			yield(Rendition{}, err)
			return
		}
		defer base.free()
		sizes := newSizes(base, targets)
		fan := newFanout(targets, p.limits, spent, func(t Target) (Rendition, error) {
			defer sizes.done(t)
			sized, err := sizes.take(t)
			if err != nil {
				return Rendition{}, fmt.Errorf("scale to %dx%d: %w", t.Width, t.Height, err)
			}
			return p.rendition(sized, t)
		})
		defer fan.stop()
		for i := range targets {
			r, err := fan.rendition(i)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// rendition makes one target, unless the source itself is better: see lighter.go.
func (p *Picture) rendition(base *base, t Target) (Rendition, error) {
	body, err := base.encode(p, t)
	if err == nil && t.Format == p.Format {
		if p.plain && len(body) >= len(p.body) {
			return Rendition{Body: p.body, Format: p.Format, Width: p.Width, Height: p.Height, AsIs: true}, nil
		}
		body, err = p.noHeavier(base, t, body)
	}
	if err != nil {
		return Rendition{}, fmt.Errorf("encode %dx%d %s: %w", t.Width, t.Height, t.Format, err)
	}
	return Rendition{Body: body, Format: t.Format, Width: t.Width, Height: t.Height}, nil
}

// strip is a picture in libvips: its frames one below the other.
type strip struct {
	*vips.ImageRef
	frames int
}

func (s strip) frameHeight() int { return s.Height() / s.frames }

// frame copies one frame out of the strip.
func (s strip) frame(i int) (*vips.ImageRef, error) {
	f, err := s.Copy()
	if err != nil {
		return nil, err
	}
	if s.frames > 1 {
		if err := f.ExtractArea(0, i*s.frameHeight(), s.Width(), s.frameHeight()); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

// resize scales every frame to exactly width x height. Each is scaled for itself:
// across the strip, the filter would draw one frame's edge into the next.
func (s strip) resize(width, height int) (strip, error) {
	if s.Width() == width && s.frameHeight() == height {
		same, err := s.Copy()
		return strip{same, s.frames}, err
	}
	if s.frames > 1 {
		return s.resizeFrames(width, height)
	}
	scaled, err := s.Copy()
	if err != nil {
		return strip{}, err
	}
	if err := scale(scaled, width, height); err != nil {
		scaled.Close()
		return strip{}, err
	}
	return strip{scaled, 1}, nil
}

// resizeFrames scales one frame after the other into memory. To join them in libvips
// would cost the square of their number.
func (s strip) resizeFrames(width, height int) (strip, error) {
	all := image.NewNRGBA(image.Rect(0, 0, width, height*s.frames))
	for i := range s.frames {
		frame, err := s.scaledFrame(i, width, height)
		if err != nil {
			return strip{}, err
		}
		if same, ok := frame.(*image.NRGBA); ok { // As for all but grey: draw would go pixel by pixel.
			copy(all.Pix[i*height*all.Stride:], same.Pix)
		} else {
			draw.Draw(all, image.Rect(0, i*height, width, (i+1)*height), frame, image.Point{}, draw.Src)
		}
	}
	joined, err := vips.NewImageFromGoImage(all)
	if err != nil {
		return strip{}, err
	}
	if all.Opaque() {
		if err := joined.ExtractBand(0, 3); err != nil {
			joined.Close()
			return strip{}, err
		}
	}
	return strip{joined, s.frames}, nil
}

func (s strip) scaledFrame(i, width, height int) (image.Image, error) {
	frame, err := s.frame(i)
	if err != nil {
		return nil, err
	}
	defer frame.Close()
	if err := scale(frame, width, height); err != nil {
		return nil, err
	}
	if err := toSRGB(frame); err != nil {
		return nil, err
	}
	return frame.ToGoImage()
}

func scale(img *vips.ImageRef, width, height int) error {
	x, y := float64(width)/float64(img.Width()), float64(height)/float64(img.Height())
	return img.ResizeWithVScale(x, y, vips.KernelLanczos3)
}
