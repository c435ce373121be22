// Package animation reads the frames of animated GIF, PNG and WebP files and composes
// them as browsers do. It decodes GIF itself; for PNG and WebP it makes a still file of
// each frame, for a decoder of stills. It holds one frame at a time and needs no cgo.
//
//	reader, err := animation.Open(calotype.PNG, body)
//	canvas := animation.NewCanvas(reader.Width, reader.Height)
//	for frame, err := range reader.Frames() { canvas.Draw(frame, decodeStill) }
//
// It does not handle colour: a still file keeps the profile of the animation.
package animation

import (
	"errors"
	"image"
	"iter"

	"calotype"
)

// ErrNotAnimated is returned by [Open] for a file that is a still, or that browsers show
// as one because its animation is invalid.
var ErrNotAnimated = errors.New("not an animation")

// Reader reads the frames of one file. It is safe for concurrent use.
type Reader struct {
	// Width and Height are the size of the canvas in pixels.
	Width, Height int
	// Plays is how often browsers play the animation; 0 means forever.
	Plays int
	// Count is the number of frames.
	Count int
	// Pixels is the number of pixels to decode and compose: the canvas once for each
	// frame, and more for a frame that is larger.
	Pixels int64
	// Damage is the error that ends the file early, after Count frames. It is nil for an
	// intact file.
	Damage error

	frames iter.Seq2[Frame, error]
}

// Frame is one picture of an animation. It is valid until the next one is read.
type Frame struct {
	// Bounds is where the frame is drawn. In a GIF it may reach beyond the canvas.
	Bounds image.Rectangle
	// Delay is how long the file declares that the frame is shown, in milliseconds. See
	// [Played] for what browsers do.
	Delay int
	// Dispose is what happens to the canvas before the next frame is drawn.
	Dispose Dispose
	// Over means that the frame is drawn over the canvas by its alpha. Otherwise it
	// replaces what is there.
	Over bool

	gif  *gifImage
	file func() ([]byte, error)
}

// Dispose is what happens to a frame's bounds before the next frame is drawn.
type Dispose uint8

// Browsers clear to transparent, whatever background colour the file names.
const (
	Keep Dispose = iota
	Clear
	Restore // What the frame covered is restored.
)

// Open walks over a file, in time proportional to its size and without decoding it. The
// error is [ErrNotAnimated] for a still PNG or WebP; a GIF of one frame is opened as well,
// since the frame need not cover the canvas.
func Open(format calotype.Format, body []byte) (*Reader, error) {
	open := map[calotype.Format]func([]byte) (*Reader, error){
		calotype.GIF:  openGIF,
		calotype.PNG:  openPNG,
		calotype.WebP: openWebP,
	}[format]
	if open == nil {
		return nil, ErrNotAnimated
	}
	r, err := open(body)
	if err != nil {
		return nil, err
	}
	canvas := int64(r.Width) * int64(r.Height)
	for frame, err := range r.frames {
		if err != nil {
			r.Damage = err
			break
		}
		r.Count++
		r.Pixels += max(canvas, int64(frame.Bounds.Dx())*int64(frame.Bounds.Dy()))
	}
	switch {
	case r.Count > 0:
		return r, nil
	case r.Damage != nil:
		return nil, r.Damage
	}
	return nil, ErrNotAnimated
}

// Frames returns the frames in order, from the first at each call. It ends with the error
// [Reader.Damage] if there is one.
func (r *Reader) Frames() iter.Seq2[Frame, error] { return r.frames }

// Played returns how long browsers show a frame in an <img>, in milliseconds: Chromium and
// Firefox replace a delay of at most 10 ms by 100 ms, in every format.
func Played(delay int) int {
	if delay <= 10 {
		return 100
	}
	return delay
}
