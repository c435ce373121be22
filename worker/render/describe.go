//go:build cgo

package render

import (
	"fmt"

	"calotype"
	"calotype/worker/thumbhash"
)

// describe makes the description that a target asks for.
func (s *scales) describe(t Target) (Rendition, error) {
	if t.Whole != (calotype.Box{}) {
		x, y, err := s.smart.find(s.decoded, t)
		return Rendition{Description: &Description{Attention: calotype.FocalAt(x, y)}}, err
	}
	small, err := s.take(t)
	if err != nil {
		return Rendition{}, fmt.Errorf("scale to %dx%d: %w", t.Width, t.Height, err)
	}
	rgba := make([]byte, 4*t.Width*t.Height)
	widen(rgba, 4, small.pixels, small.bands)
	return Rendition{Description: &Description{ThumbHash: thumbhash.Encode(t.Width, t.Height, rgba), Colour: mainColour(rgba)}}, nil
}

// mainColour returns the mean of the most frequent colours, counted in 4,096 bins, or
// none if all pixels are transparent.
func mainColour(rgba []byte) calotype.Colour {
	type bin struct{ weight, r, g, b int }
	bins, main := map[[3]byte]bin{}, bin{}
	for ; len(rgba) >= 4; rgba = rgba[4:] {
		r, g, b, alpha := int(rgba[0]), int(rgba[1]), int(rgba[2]), int(rgba[3])
		colour := [3]byte{rgba[0] >> 4, rgba[1] >> 4, rgba[2] >> 4}
		sum := bins[colour]
		sum = bin{sum.weight + alpha, sum.r + alpha*r, sum.g + alpha*g, sum.b + alpha*b}
		bins[colour] = sum
		if sum.weight > main.weight {
			main = sum
		}
	}
	if main.weight == 0 {
		return ""
	}
	return calotype.Colour(fmt.Sprintf("#%02x%02x%02x", main.r/main.weight, main.g/main.weight, main.b/main.weight))
}
