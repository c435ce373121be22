// Package samples draws the pictures that the local demo starts with, so that a first run
// shows something without a download, and the repository needs no binary files. Each tests
// one thing: a large photograph, a turned one, transparency, a palette, an animation, an
// odd key.
//
// It does not store them: the caller puts each one into a bucket.
package samples

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
)

// Picture is one picture: an object key, and how to draw its bytes. The bytes
// are the same on every run of one build.
type Picture struct {
	Key         string
	ContentType string
	Size        image.Point // in pixels, as stored in the file

	encode func(w io.Writer, size image.Point, scale float64) error
}

// All lists every picture, the best one to look at first in front. Listing is free: nothing
// is drawn before Draw is called.
func All() []Picture {
	return []Picture{
		{"kitty.jpg", "image/jpeg", image.Pt(4000, 3000), photo(kitty, 92)},
		{"tall/tower.jpg", "image/jpeg", image.Pt(3000, 4000), photo(tower, 91)},
		{"turned.jpg", "image/jpeg", image.Pt(2000, 1500), turned},
		{"logo.png", "image/png", image.Pt(1600, 1200), logo},
		{"palette.png", "image/png", image.Pt(1600, 1200), chart},
		{"clock.gif", "image/gif", image.Pt(480, 480), clock},
		{"scan.bmp", "image/bmp", image.Pt(1400, 1000), scan},
		{"été à la plage/sea +1 (50%).jpg", "image/jpeg", image.Pt(3000, 2000), photo(beach, 91)},
		{"tiny.png", "image/png", image.Pt(96, 64), tiny},
	}
}

// Draw returns the picture's file. It uses one core for up to about a second; several
// pictures may be drawn concurrently.
func (p Picture) Draw() ([]byte, error) { return p.draw(1) }

func (p Picture) draw(scale float64) ([]byte, error) {
	var file bytes.Buffer
	if err := p.encode(&file, p.Size, scale); err != nil {
		return nil, fmt.Errorf("draw %s: %w", p.Key, err)
	}
	return file.Bytes(), nil
}

// photo returns a scene as a JPEG file.
func photo(scene func(*canvas), quality int) func(io.Writer, image.Point, float64) error {
	return func(w io.Writer, size image.Point, scale float64) error {
		c := newCanvas(size, scale)
		scene(c)
		return jpeg.Encode(w, c.RGBA, &jpeg.Options{Quality: quality})
	}
}
