//go:build cgo

package render

import "sync"

// sizes hands out the base at the sizes of targets. What several targets are encoded
// from is scaled once, and kept until the last of them is done with it.
type sizes struct {
	base *base
	of   map[size]*sized
}

// size is what targets share: a still picture takes one frame of an animation.
type size struct {
	width, height int
	moving        bool
}

// sized is the base at a size.
type sized struct {
	mu      sync.Mutex
	targets int // How many have the size.
	left    int // How many of them are not done.
	base    *base
	err     error
}

func (b *base) sizeOf(t Target) size { return size{t.Width, t.Height, b.frames > 1 && moves(t.Format)} }

func newSizes(b *base, targets []Target) *sizes {
	s := &sizes{b, map[size]*sized{}}
	known := map[Target]bool{}
	for _, t := range targets {
		if known[t] {
			continue
		}
		known[t] = true
		if s.of[b.sizeOf(t)] == nil {
			s.of[b.sizeOf(t)] = &sized{}
		}
		s.of[b.sizeOf(t)].targets++
		s.of[b.sizeOf(t)].left++
	}
	return s
}

// take returns what to encode a target from: the base itself, where nothing is to be
// gained. Each different target takes once, and is done once.
func (s *sizes) take(t Target) (*base, error) {
	of := s.of[s.base.sizeOf(t)]
	of.mu.Lock()
	defer of.mu.Unlock()
	if of.base == nil && of.err == nil {
		if t.Width == s.base.width && t.Height == s.base.height {
			return s.base, nil
		}
		if of.targets == 1 && !s.base.resamples(t) { // In one go with encoding.
			return s.base, nil
		}
		of.base, of.err = s.base.scaled(t)
	}
	return of.base, of.err
}

// done says that what a target took is not used any more.
func (s *sizes) done(t Target) {
	of := s.of[s.base.sizeOf(t)]
	of.mu.Lock()
	defer of.mu.Unlock()
	if of.left--; of.left == 0 && of.base != nil {
		of.base.free()
		of.base = nil
	}
}

// resamples reports whether [resample] makes a target's size: where there is no alpha,
// and of one frame.
func (b *base) resamples(t Target) bool { return b.bands%2 == 1 && !b.sizeOf(t).moving }

// scaled is the base at the size of a target.
func (b *base) scaled(t Target) (*base, error) {
	if b.resamples(t) {
		scaled := &base{frames: 1, width: t.Width, height: t.Height, bands: b.bands}
		if scaled.tiff, scaled.pixels = newTIFF(t.Width, t.Height, b.bands); scaled.tiff == nil {
			return nil, scaled.tooLarge()
		}
		resample(b.pixels, b.width, b.height, b.bands, scaled.pixels, t.Width, t.Height)
		return scaled, nil
	}
	img, err := b.resized(b.sizeOf(t))
	if err != nil {
		return nil, err
	}
	defer img.Close()
	return newBase(img)
}
