//go:build cgo

package render

import (
	"bytes"
	"fmt"
	"image"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype/worker/animation"
)

// animate stores the frames' height, their delays, and the number of plays in the picture's
// metadata.
func (d *decoded) animate(img *vips.ImageRef) error {
	if err := img.SetPageHeight(d.height); err != nil {
		return err
	}
	if err := img.SetPages(d.frames); err != nil {
		return err
	}
	if err := img.SetPageDelay(d.delays); err != nil {
		return err
	}
	return img.SetLoop(d.plays)
}

// encodeAPNG writes the frames as PNG. Each frame except the first is cropped to what has
// changed.
func (d *decoded) encodeAPNG() ([]byte, error) {
	var w animation.PNGWriter
	for i := range d.frames {
		changed := image.Rect(0, 0, d.width, d.height)
		if i > 0 {
			changed = d.changed(i)
		}
		still, err := d.encodePart(i, changed)
		if err != nil {
			return nil, fmt.Errorf("frame %d: %w", i, err)
		}
		if err := w.Add(still, changed.Min, d.delays[i], d.plays); err != nil {
			return nil, err
		}
	}
	return w.Bytes(), nil
}

// changed returns the part of a frame that differs from the one before it, at least one
// pixel.
func (d *decoded) changed(i int) image.Rectangle {
	row := d.width * d.bands
	before, frame := d.frame(i-1), d.frame(i)
	var all image.Rectangle
	for y := range d.height {
		was, is := before[y*row:(y+1)*row], frame[y*row:(y+1)*row]
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

// encodePart writes a part of one frame as PNG.
func (d *decoded) encodePart(i int, bounds image.Rectangle) ([]byte, error) {
	part, err := newDecoded(bounds.Dx(), bounds.Dy(), 1, d.bands)
	if err != nil {
		return nil, err
	}
	defer part.free()
	row, n := d.width*d.bands, part.width*part.bands
	for y := range part.height {
		copy(part.pixels[y*n:(y+1)*n], d.frame(i)[(bounds.Min.Y+y)*row+bounds.Min.X*d.bands:])
	}
	return part.encodeFullPNG(false)
}
