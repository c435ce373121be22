//go:build cgo

package render

import (
	"image"
	"sync"

	"calotype"
)

// scales holds the decoded picture at the sizes of targets. What several targets need is
// scaled once, and kept until the last of them is encoded.
type scales struct {
	decoded *decoded
	byView  map[view]*scaled
	smart   smartCrops
}

// view is what targets share: the picture at a size, or the same part of it.
type view struct {
	whole   calotype.Box
	part    calotype.Box // Zero for the whole picture.
	gravity calotype.Gravity
	focal   calotype.Focal
}

// scaled is the decoded picture as a view shows it.
type scaled struct {
	mu      sync.Mutex
	left    int // How many targets that have the view are not encoded yet.
	decoded *decoded
	err     error
}

func (d *decoded) viewOf(t Target) view {
	v := view{whole: t.whole()}
	if d.cuts(t) {
		v.part, v.gravity, v.focal = calotype.Box{Width: t.Width, Height: t.Height}, t.Gravity, t.Focal
	}
	return v
}

// cuts reports whether only a part of the picture is scaled for a target.
func (d *decoded) cuts(t Target) bool {
	return t.Whole != (calotype.Box{}) && t.Width <= t.Whole.Width && t.Height <= t.Whole.Height && !d.fits(t)
}

func newScales(d *decoded, targets []Target) *scales {
	s := &scales{decoded: d, byView: map[view]*scaled{}}
	known := map[Target]bool{}
	for _, t := range targets {
		if known[t] {
			continue
		}
		known[t] = true
		v := d.viewOf(t)
		if s.byView[v] == nil {
			s.byView[v] = &scaled{}
		}
		s.byView[v].left++
	}
	return s
}

// take returns what a target shows: the whole picture, or a part if [decoded.cuts] is true.
// Each distinct target calls take once, and done once.
func (s *scales) take(t Target) (*decoded, error) {
	if s.decoded.fits(t) {
		return s.decoded, nil
	}
	shared := s.byView[s.decoded.viewOf(t)]
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.decoded == nil && shared.err == nil {
		shared.decoded, shared.err = s.scale(t)
	}
	return shared.decoded, shared.err
}

// scale makes what a target shows.
func (s *scales) scale(t Target) (*decoded, error) {
	if !s.decoded.cuts(t) {
		return s.decoded.scaled(t)
	}
	x, y, err := s.place(t)
	if err != nil {
		return nil, err
	}
	return s.decoded.scaledPart(t, image.Rect(x, y, x+t.Width, y+t.Height))
}

// done ends a target's use of the picture that it took.
func (s *scales) done(t Target) {
	shared := s.byView[s.decoded.viewOf(t)]
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.left--; shared.left == 0 && shared.decoded != nil {
		shared.decoded.free()
		shared.decoded = nil
	}
}

// fits reports whether the decoded picture is a target's whole picture.
func (d *decoded) fits(t Target) bool {
	return t.whole() == calotype.Box{Width: d.width, Height: d.height}
}

// scaled returns the decoded picture at the size of a target's whole picture.
func (d *decoded) scaled(t Target) (*decoded, error) {
	whole := t.whole()
	return d.scaledPart(t, image.Rect(0, 0, whole.Width, whole.Height))
}

// scaledPart returns a part of what scaled returns.
func (d *decoded) scaledPart(t Target, part image.Rectangle) (*decoded, error) {
	to, err := newDecoded(part.Dx(), part.Dy(), d.bands)
	if err != nil {
		return nil, err
	}
	whole := t.whole()
	s := newScaling(d.width, d.height, whole.Width, whole.Height).part(part)
	resamplePart(d.pixels, d.width, d.height, d.bands, to.pixels, s)
	return to, nil
}

// pages opens the picture in libvips.
func (d *decoded) pages() (*pages, error) {
	return loadPages(calotype.TIFF, d.tiff, loadOptions{failOn: failOnError, sequential: true})
}
