//go:build cgo

package render

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"iter"

	"calotype"
	"calotype/worker/animation"
)

// Animations are composed frame by frame, and each frame is scaled right after that, and kept
// until the next one: see animator.go. GIF is decoded in Go, also stills, since a frame need not cover
// the canvas. A frame of PNG or WebP is decoded like a still of that format.

// maxJoinedDelay is the longest delay of joined equal frames, in milliseconds: a GIF's
// maximum.
const maxJoinedDelay = 10 * 0xffff

// readFrames reads the animation of a file that has one. It does not change a still.
func (p *Picture) readFrames() error {
	switch p.Format {
	case calotype.AVIF:
		return p.readSequence()
	case calotype.JXL:
		return p.readJXLFrames()
	}
	reader, err := animation.Open(p.Format, p.body)
	switch {
	case err == animation.ErrNotAnimated:
		return nil
	case err != nil:
		return corrupt(err)
	}
	p.Width, p.Height, p.Frames, p.animation = reader.Width, reader.Height, reader.Count, reader
	return nil
}

// decodeFirst decodes an animation's first frame: upright, and scaled to width x height as
// stored.
func (p *Picture) decodeFirst(width, height int, on failOn) (*decoded, error) {
	for shown, damage := range p.composed() {
		if damage != nil && (on == failOnError || p.Format != calotype.GIF) || shown.image == nil {
			return nil, corrupt(fmt.Errorf("frame 0: %w", damage))
		}
		s := canvasScaler{picture: p, width: width, height: height}
		return s.scale(shown.image, newDecoded)
	}
	return nil, corrupt(errors.New("an animation without frames"))
}

// timedFrame is a frame and how long browsers show it, in milliseconds.
type timedFrame struct {
	decoded *decoded
	delay   int
}

// joinedFrames decodes the frames of an animation: upright, and scaled to width x height as
// stored. A frame that looks like the one before it prolongs that one. A frame is valid until
// the next. If it may, it ends with a damaged frame and calls damaged; else that is an error.
func (p *Picture) joinedFrames(width, height int, damaged func()) iter.Seq2[timedFrame, error] {
	return func(yield func(timedFrame, error) bool) {
		s := canvasScaler{picture: p, width: width, height: height}
		var last, next decoded
		delay, read := 0, 0
		for shown, damage := range p.composed() {
			if damage != nil && (!p.limits.Lenient || read == 0 && p.Format != calotype.GIF) {
				yield(timedFrame{}, corrupt(fmt.Errorf("frame %d: %w", read, damage)))
				return
			}
			if damage != nil {
				damaged()
			}
			if shown.image == nil {
				break
			}
			if _, err := s.scale(shown.image, next.reuse); err != nil {
				yield(timedFrame{}, fmt.Errorf("frame %d: %w", read, err))
				return
			}
			shownFor := animation.Played(shown.delay)
			if read > 0 && delay+shownFor <= maxJoinedDelay && last.bands == next.bands && bytes.Equal(last.pixels, next.pixels) {
				delay += shownFor
			} else {
				if read > 0 && !yield(timedFrame{&last, delay}, nil) {
					return
				}
				last, next, delay = next, last, shownFor
			}
			if read++; damage != nil {
				break
			}
		}
		if read > 0 {
			yield(timedFrame{&last, delay}, nil)
		}
	}
}

// reuse makes room for a picture in the memory of an earlier one, as [newDecoded] does.
func (d *decoded) reuse(width, height, bands int) (*decoded, error) {
	*d = decoded{pixels: grown(d.pixels, width*height*bands), width: width, height: height, bands: bands}
	return d, nil
}

// grown returns size bytes of arbitrary content, in the same memory if it suffices.
func grown(b []byte, size int) []byte {
	if cap(b) < size {
		return make([]byte, size)
	}
	return b[:size]
}

// shown is what an animation shows, and for how many milliseconds according to the file. The
// image is valid until the next one.
type shown struct {
	image *image.NRGBA
	delay int
}

// composed decodes the shown pictures in order. It ends with an error if there is damage,
// together with the part of the damaged frame that is shown: of a GIF only the first one.
func (p *Picture) composed() iter.Seq2[shown, error] {
	switch {
	case p.sequence != nil && p.Format == calotype.JXL:
		return p.decodeJXL()
	case p.sequence != nil:
		return p.sequence.decode(p.body)
	}
	return func(yield func(shown, error) bool) {
		canvas, drawn := animation.NewCanvas(p.animation.Width, p.animation.Height), 0
		var memory []byte
		decode := func(file []byte) (*image.NRGBA, error) {
			frame, err := p.decodeStill(file, memory)
			if err == nil {
				memory = frame.Pix
			}
			return frame, err
		}
		for frame, err := range p.animation.Frames() {
			if err != nil {
				yield(shown{}, err)
				return
			}
			err := canvas.Draw(frame, decode)
			next := shown{canvas.Image, frame.Delay}
			if err != nil && p.Format == calotype.GIF && drawn > 0 {
				next = shown{} // As in Chromium.
			}
			if !yield(next, err) || err != nil {
				return
			}
			drawn++
		}
	}
}

// decodeStill decodes the still file of a frame, which declares the colours of the animation.
// It uses the memory if that suffices.
func (p *Picture) decodeStill(file, memory []byte) (*image.NRGBA, error) {
	still, err := Open(file, Limits{})
	if err != nil {
		return nil, err
	}
	d, err := still.decode([]Target{{Width: still.Width, Height: still.Height, Format: calotype.BMP}})
	if err != nil {
		return nil, err
	}
	defer d.free()
	img := &image.NRGBA{Pix: grown(memory, 4*d.width*d.height), Stride: 4 * d.width, Rect: image.Rect(0, 0, d.width, d.height)}
	widen(img.Pix, 4, d.pixels, d.bands)
	return img, nil
}

// canvasScaler scales canvases of one size to width x height as stored, and turns them
// upright.
type canvasScaler struct {
	picture        *Picture
	width, height  int
	opaque, stored []byte // The canvas without alpha, and the picture before the turn.
}

// scale scales a canvas's picture. It asks for the memory of the upright picture.
func (s *canvasScaler) scale(canvas *image.NRGBA, memory func(width, height, bands int) (*decoded, error)) (to *decoded, err error) {
	p := s.picture
	size := canvas.Rect.Size()
	from := &decoded{pixels: canvas.Pix, width: size.X, height: size.Y, bands: 4}
	if isOpaque(canvas.Pix, 4) { // Scaling with alpha takes several times the work.
		s.opaque = grown(s.opaque, 3*size.X*size.Y)
		widen(s.opaque, 3, canvas.Pix, 4)
		from.pixels, from.bands = s.opaque, 3
	}
	if p.Format == calotype.AVIF && (p.profile != nil || p.conversion != nil) { // Other frames are converted as they are decoded.
		stored, err := newDecoded(size.X, size.Y, from.bands)
		if err != nil {
			return nil, err
		}
		copy(stored.pixels, from.pixels)
		if from, err = p.converted(stored); err != nil {
			return nil, fmt.Errorf("colours: %w", err)
		}
		defer from.free()
	}
	width, height := s.width, s.height
	if swapsSides(p.orientation) {
		width, height = height, width
	}
	if to, err = memory(width, height, from.bands); err != nil {
		return nil, err
	}
	stored := from.pixels
	if from.width != s.width || from.height != s.height {
		stored = to.pixels
		if p.orientation != 1 {
			s.stored = grown(s.stored, len(to.pixels))
			stored = s.stored
		}
		resample(from.pixels, from.width, from.height, from.bands, stored, s.width, s.height)
	}
	switch {
	case p.orientation != 1:
		turnPixels(stored, s.width, s.height, to.bands, p.orientation, to.pixels)
	case &stored[0] != &to.pixels[0]:
		copy(to.pixels, stored)
	}
	return to, nil
}

// widen copies pixels to another number of bands: grey becomes RGB, and pixels without alpha
// become opaque.
func widen(to []byte, toBands int, from []byte, bands int) {
	if toBands == bands {
		copy(to, from)
		return
	}
	for ; len(to) >= toBands && len(from) >= bands; to, from = to[toBands:], from[bands:] {
		if bands < 3 {
			to[0], to[1], to[2] = from[0], from[0], from[0]
		} else {
			to[0], to[1], to[2] = from[0], from[1], from[2]
		}
		if toBands == 4 {
			to[3] = 255
			if bands%2 == 0 {
				to[3] = from[bands-1]
			}
		}
	}
}
