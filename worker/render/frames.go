//go:build cgo

package render

import (
	"bytes"
	"fmt"
	"image"
	"iter"
	"time"

	"calotype"
	"calotype/worker/animation"
)

// Animations are composed frame by frame, and each frame is scaled right after that: only
// scaled frames are kept. GIF is decoded in Go, also stills, since a frame need not cover
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

// decodeFrames decodes an animation, or its first frame: upright, and scaled to width x
// height as stored. Unless decoding must fail on errors, it stops at the damaged frame.
func (p *Picture) decodeFrames(width, height, frames int, on failOn) (*decoded, error) {
	start := time.Now()
	var all film
	read := 0
	for shown, damage := range p.composed() {
		if damage != nil && (on == failOnError || read == 0 && p.Format != calotype.GIF) {
			return nil, corrupt(fmt.Errorf("frame %d: %w", read, damage))
		}
		if shown.image == nil {
			break
		}
		scaled, err := p.scaleCanvas(shown.image, width, height)
		if err != nil {
			return nil, fmt.Errorf("frame %d: %w", read, err)
		}
		all.add(scaled, animation.Played(shown.delay))
		if read++; read == frames || damage != nil {
			break
		}
		if spent := time.Since(start); p.limits.Time > 0 && spent > p.limits.Time {
			return nil, faultf(ClassTooSlow, "%d of %d frames were decoded after %v, the limit is %v", read, p.Frames, spent.Round(time.Millisecond), p.limits.Time)
		}
	}
	if p.sequence != nil {
		return all.join(p.sequence.plays)
	}
	return all.join(p.animation.Plays)
}

// shown is what an animation shows for some milliseconds according to the file. The image
// is valid until the next one.
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
		for frame, err := range p.animation.Frames() {
			if err != nil {
				yield(shown{}, err)
				return
			}
			err := canvas.Draw(frame, p.decodeStill)
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

// decodeStill decodes the still file of a frame, which says what the animation says of its
// colours.
func (p *Picture) decodeStill(file []byte) (*image.NRGBA, error) {
	still, err := Open(file, Limits{})
	if err != nil {
		return nil, err
	}
	d, err := still.decode([]Target{{Width: still.Width, Height: still.Height, Format: calotype.BMP}})
	if err != nil {
		return nil, err
	}
	defer d.free()
	img := image.NewNRGBA(image.Rect(0, 0, d.width, d.height))
	widen(img.Pix, 4, d.pixels, d.bands)
	return img, nil
}

// scaleCanvas scales the canvas's picture and turns it upright.
func (p *Picture) scaleCanvas(canvas *image.NRGBA, width, height int) (*decoded, error) {
	d, err := newDecoded(canvas.Rect.Dx(), canvas.Rect.Dy(), 1, 4)
	if err != nil {
		return nil, err
	}
	copy(d.pixels, canvas.Pix)
	d.dropOpaqueAlpha()
	if p.Format == calotype.AVIF { // Other frames are converted as they are decoded.
		if d, err = p.converted(d); err != nil {
			return nil, fmt.Errorf("colours: %w", err)
		}
	}
	if d.width != width || d.height != height {
		whole := d
		defer whole.free()
		if d, err = whole.scaled(Target{Width: width, Height: height}); err != nil {
			return nil, fmt.Errorf("scale: %w", err)
		}
	}
	if p.orientation == 1 {
		return d, nil
	}
	defer d.free()
	return d.turned(p.orientation)
}

// film collects the frames of an animation.
type film struct {
	frames []*decoded
	delays []int
}

// add takes a frame that is shown for some milliseconds. A frame that looks like the
// previous one is joined with it.
func (f *film) add(frame *decoded, delay int) {
	if n := len(f.frames); n > 0 {
		last := f.frames[n-1]
		if f.delays[n-1]+delay <= maxJoinedDelay && last.bands == frame.bands && bytes.Equal(last.pixels, frame.pixels) {
			f.delays[n-1] += delay
			frame.free()
			return
		}
	}
	f.frames, f.delays = append(f.frames, frame), append(f.delays, delay)
}

// join puts the frames one below the other, and frees them.
func (f *film) join(plays int) (*decoded, error) {
	bands := 3
	for _, frame := range f.frames {
		bands = max(bands, frame.bands)
	}
	d, err := newDecoded(f.frames[0].width, f.frames[0].height, len(f.frames), bands)
	if err != nil {
		return nil, err
	}
	d.delays, d.plays = f.delays, plays
	for i, frame := range f.frames {
		widen(d.frame(i), bands, frame.pixels, frame.bands)
		frame.free()
	}
	return d, nil
}

// widen copies pixels to more bands: grey becomes RGB, and pixels without alpha become
// opaque.
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
