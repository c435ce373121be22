//go:build cgo

package render

import (
	"fmt"
	"iter"

	"github.com/davidbyttow/govips/v2/vips"
)

// Render decodes the picture once, at the largest of the sizes wanted, and makes
// each target from that, in their order. It ends with the first error.
//
// Nothing in libvips can be interrupted: a caller that stops early stops between
// two targets.
func (p *Picture) Render(targets []Target) iter.Seq2[Rendition, error] {
	return func(yield func(Rendition, error) bool) {
		base, err := p.decode(targets)
		if err != nil {
			yield(Rendition{}, err)
			return
		}
		for _, t := range targets {
			r, err := p.rendition(base, t)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func (p *Picture) rendition(base *base, t Target) (Rendition, error) {
	body, err := base.encode(p, t)
	if err != nil {
		return Rendition{}, fmt.Errorf("encode %dx%d %s: %w", t.Width, t.Height, t.Format, err)
	}
	fits := t.Width == p.Width && t.Height == p.Height
	if p.plain && fits && t.Format == p.Format && len(body) >= len(p.body) {
		return Rendition{Body: p.body, Format: p.Format, Width: p.Width, Height: p.Height, AsIs: true}, nil
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
	frames := make([]*vips.ImageRef, 0, s.frames)
	defer func() {
		for _, f := range frames {
			f.Close()
		}
	}()
	for i := range s.frames {
		f, err := s.frame(i)
		if err != nil {
			return strip{}, err
		}
		frames = append(frames, f)
		if f.Width() == width && f.Height() == height {
			continue
		}
		scaleX, scaleY := float64(width)/float64(f.Width()), float64(height)/float64(f.Height())
		if err := f.ResizeWithVScale(scaleX, scaleY, vips.KernelLanczos3); err != nil {
			return strip{}, err
		}
	}
	joined, err := frames[0].Copy()
	if err != nil {
		return strip{}, err
	}
	if len(frames) > 1 {
		if err := joined.ArrayJoin(frames[1:], 1); err != nil {
			joined.Close()
			return strip{}, err
		}
	}
	return strip{joined, s.frames}, nil
}
