//go:build cgo

package render

import (
	"fmt"
	"sync"

	"calotype"
)

// smartCrops finds the points that attract attention in one picture. They depend on the picture
// and on a part's aspect ratio, and not on a rendition's size.
type smartCrops struct {
	mu       sync.Mutex
	measured *attention
	byPart   map[calotype.Box][2]float64
}

// find returns the place that attracts attention for a target's part, as fractions of the
// picture's width and height.
func (c *smartCrops) find(d *decoded, t Target) (x, y float64, err error) {
	part := calotype.Layout{Rendition: calotype.Box{Width: t.Width, Height: t.Height}, Scaled: t.whole()}.Part()
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.byPart[part]; ok {
		return at[0], at[1], nil
	}
	if c.measured == nil {
		if c.measured, err = d.attention(); err != nil {
			return 0, 0, fmt.Errorf("smart crop: %w", err)
		}
		c.byPart = map[calotype.Box][2]float64{}
	}
	x, y = c.measured.most(float64(part.Width)/calotype.PartScale, float64(part.Height)/calotype.PartScale)
	c.byPart[part] = [2]float64{x, y}
	return x, y, nil
}

// attention measures the picture without its alpha, on black.
func (d *decoded) attention() (*attention, error) {
	still := Target{Width: attentionSide, Height: attentionSide, Format: calotype.BMP}
	scaled := d
	if !d.fits(still) {
		var err error
		if scaled, err = d.scaled(still); err != nil {
			return nil, err
		}
		defer scaled.free()
	}
	rgb := make([]byte, 3*attentionSide*attentionSide)
	if scaled.bands%2 == 0 {
		flatten(rgb, 3, scaled.pixels, scaled.bands, [3]uint8{})
	} else {
		widen(rgb, 3, scaled.pixels, scaled.bands)
	}
	return measure(rgb), nil
}
