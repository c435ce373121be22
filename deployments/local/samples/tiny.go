package samples

import (
	"image"
	"image/png"
	"io"
	"math"
)

// tiny is smaller than any preset: a resizer must not enlarge it.
func tiny(w io.Writer, size image.Point, scale float64) error {
	c := newCanvas(size, scale)
	c.shade(downward(0, 42, evenRamp(0x3d2c6e, 0xc4507d, 0xff9d5c, 0xffdc8a)))
	c.fill(circle(60, 38, 13), solid(hex(0xfff3c4)))
	sea := evenRamp(0xf2a065, 0x7a4a86, 0x2b2458)
	c.land(func(float64) float64 { return 42 }, 64, func(x, y float64) colour {
		glitter := math.Max(0, math.Sin(y*2.1)) * math.Exp(-math.Abs(x-60)/(3+(y-42)*0.5))
		return sea.at((y-42)/22).mix(hex(0xffe9a8), 0.85*glitter)
	})
	c.fill(polygon(point{30, 12}, point{30, 43}, point{46, 43}), solid(hex(0xfff6e8)))
	c.fill(polygon(point{28, 16}, point{28, 43}, point{16, 43}), solid(hex(0xe85d4a)))
	c.fill(blob(point{12, 45}, point{29, 46}, point{49, 45}, point{43, 53}, point{18, 53}), solid(hex(0x2a1a40)))
	return png.Encode(w, c.RGBA)
}
