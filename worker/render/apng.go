//go:build cgo

package render

import (
	"bytes"
	"errors"
	"image"

	"calotype/worker/animation"
)

// apngEncoder writes an animated PNG frame by frame. Each frame except the first is cropped to
// what has changed.
type apngEncoder struct {
	file   animation.PNGWriter
	plays  int
	alpha  bool    // All frames have alpha.
	last   decoded // The frame before.
	next   []byte  // A frame with alpha.
	frames int
}

// errAlpha is returned for a frame with alpha, if those before it had none: an animated PNG
// has the same samples in all of them.
var errAlpha = errors.New("a later frame has alpha")

func (e *apngEncoder) add(frame *decoded, delay int) error {
	d := *frame
	bands := 3
	if e.alpha {
		bands = 4
	}
	switch {
	case e.frames == 0 && d.bands%2 == 0:
		e.alpha, bands = true, 4
	case d.bands%2 == 0 && !e.alpha:
		return errAlpha
	}
	if d.bands != bands {
		e.next = grown(e.next, d.width*d.height*bands)
		widen(e.next, bands, d.pixels, d.bands)
		d.pixels, d.bands = e.next, bands
	}
	changed := image.Rect(0, 0, d.width, d.height)
	if e.frames > 0 {
		changed = d.changed(&e.last)
	}
	still, err := d.encodePart(changed)
	if err != nil {
		return err
	}
	if err := e.file.Add(still, changed.Min, delay, e.plays); err != nil {
		return err
	}
	e.frames++
	if _, err := e.last.reuse(d.width, d.height, bands); err != nil {
		return err
	}
	copy(e.last.pixels, d.pixels)
	return nil
}

func (e *apngEncoder) bytes() ([]byte, error) { return e.file.Bytes(), nil }

func (e *apngEncoder) close() {}

// changed returns the part that differs from another picture, at least one pixel.
func (d *decoded) changed(last *decoded) image.Rectangle {
	row := d.width * d.bands
	var all image.Rectangle
	for y := range d.height {
		was, is := last.pixels[y*row:][:row], d.pixels[y*row:][:row]
		if bytes.Equal(was, is) {
			continue
		}
		left, right := 0, row
		for was[left] == is[left] {
			left++
		}
		for was[right-1] == is[right-1] {
			right--
		}
		all = all.Union(image.Rect(left/d.bands, y, (right+d.bands-1)/d.bands, y+1))
	}
	if all.Empty() {
		return image.Rect(0, 0, 1, 1)
	}
	return all
}

// encodePart writes a part as PNG.
func (d *decoded) encodePart(bounds image.Rectangle) ([]byte, error) {
	part, err := newDecoded(bounds.Dx(), bounds.Dy(), d.bands)
	if err != nil {
		return nil, err
	}
	defer part.free()
	row, n := d.width*d.bands, part.width*part.bands
	for y := range part.height {
		copy(part.pixels[y*n:(y+1)*n], d.pixels[(bounds.Min.Y+y)*row+bounds.Min.X*d.bands:])
	}
	return part.encodeFullPNG(false)
}
