//go:build cgo

package render

import (
	"sync"

	"calotype"
)

// scales holds the decoded picture at the sizes of targets. A size that several targets
// need is scaled once, and kept until the last of them is encoded.
type scales struct {
	decoded *decoded
	of      map[size]*scaled
	smart   smartCrops
}

// size is what targets share. A still target takes one frame of an animation.
type size struct {
	width, height int
	moving        bool
}

// scaled is the decoded picture at a size.
type scaled struct {
	mu      sync.Mutex
	targets int // How many targets have the size.
	left    int // How many of them are not encoded yet.
	decoded *decoded
	err     error
}

func (d *decoded) sizeOf(t Target) size {
	whole := t.whole()
	return size{whole.Width, whole.Height, d.frames > 1 && moves(t.Format)}
}

func newScales(d *decoded, targets []Target) *scales {
	s := &scales{decoded: d, of: map[size]*scaled{}}
	known := map[Target]bool{}
	for _, t := range targets {
		if known[t] {
			continue
		}
		known[t] = true
		if s.of[d.sizeOf(t)] == nil {
			s.of[d.sizeOf(t)] = &scaled{}
		}
		s.of[d.sizeOf(t)].targets++
		s.of[d.sizeOf(t)].left++
	}
	return s
}

// take returns the whole picture for a target. Each distinct target calls take once,
// and done once.
func (s *scales) take(t Target) (*decoded, error) {
	if s.decoded.fits(t) {
		return s.decoded, nil
	}
	of := s.of[s.decoded.sizeOf(t)]
	of.mu.Lock()
	defer of.mu.Unlock()
	if of.decoded == nil && of.err == nil {
		of.decoded, of.err = s.decoded.scaled(t)
	}
	return of.decoded, of.err
}

// done ends a target's use of the picture that it took.
func (s *scales) done(t Target) {
	of := s.of[s.decoded.sizeOf(t)]
	of.mu.Lock()
	defer of.mu.Unlock()
	if of.left--; of.left == 0 && of.decoded != nil {
		of.decoded.free()
		of.decoded = nil
	}
}

// fits reports whether the decoded picture is a target's whole picture, with its frames.
func (d *decoded) fits(t Target) bool {
	return t.whole() == calotype.Box{Width: d.width, Height: d.height} && (d.frames == 1 || d.sizeOf(t).moving)
}

// scaled returns the decoded picture at the size of a target's whole picture.
func (d *decoded) scaled(t Target) (*decoded, error) {
	frames := 1
	if d.sizeOf(t).moving {
		frames = d.frames
	}
	whole := t.whole()
	to, err := newDecoded(whole.Width, whole.Height, frames, d.bands)
	if err != nil {
		return nil, err
	}
	to.delays, to.plays = d.delays, d.plays
	for i := range frames { // Scaling across all of them would blend an edge into the next frame.
		resample(d.frame(i), d.width, d.height, d.bands, to.frame(i), to.width, to.height)
	}
	return to, nil
}

// pages opens the picture in libvips.
func (d *decoded) pages() (*pages, error) {
	return loadPages(calotype.TIFF, d.tiff, loadOptions{failOn: failOnError, frames: d.frames, sequential: d.frames == 1})
}
