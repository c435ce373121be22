package samples

import (
	"image"
	"math"

	"golang.org/x/image/vector"
)

// canvas is a picture being drawn. Scenes are placed in units, the pixels of the full-size
// picture, so that a test can draw the same scene smaller.
type canvas struct {
	*image.RGBA
	scale  float64 // pixels per unit
	raster vector.Rasterizer
	mask   image.Alpha
}

func newCanvas(size image.Point, scale float64) *canvas {
	return &canvas{RGBA: image.NewRGBA(image.Rectangle{Max: scaled(size, scale)}), scale: scale}
}

func scaled(size image.Point, scale float64) image.Point {
	return image.Pt(int(math.Round(float64(size.X)*scale)), int(math.Round(float64(size.Y)*scale)))
}

// size returns the canvas's size in units.
func (c *canvas) size() (w, h float64) {
	return float64(c.Rect.Dx()) / c.scale, float64(c.Rect.Dy()) / c.scale
}

// units converts a pixel's index to the position of its centre.
func (c *canvas) units(pixel int) float64 { return (float64(pixel) + 0.5) / c.scale }

// shade paints every pixel.
func (c *canvas) shade(with paint) {
	for y := range c.Rect.Dy() {
		for x, uy := 0, c.units(y); x < c.Rect.Dx(); x++ {
			c.blend(x, y, with(c.units(x), uy), 1)
		}
	}
}

// fill paints the inside of a path with smoothed edges.
func (c *canvas) fill(p path, with paint) {
	box := p.pixels(c.scale).Intersect(c.Rect)
	if box.Empty() {
		return
	}
	c.cover(p, box)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		uy := c.units(y)
		for i, a := range c.mask.Pix[(y-box.Min.Y)*c.mask.Stride:][:box.Dx()] {
			if a != 0 {
				x := box.Min.X + i
				c.blend(x, y, with(c.units(x), uy), float32(a)/255)
			}
		}
	}
}

// cover computes in c.mask how much of each pixel of box the path covers.
func (c *canvas) cover(p path, box image.Rectangle) {
	c.raster.Reset(box.Dx(), box.Dy())
	p.trace(&c.raster, c.scale, box.Min)
	if n := box.Dx() * box.Dy(); cap(c.mask.Pix) < n {
		c.mask.Pix = make([]uint8, n)
	} else {
		c.mask.Pix = c.mask.Pix[:n]
		clear(c.mask.Pix)
	}
	c.mask.Stride, c.mask.Rect = box.Dx(), image.Rect(0, 0, box.Dx(), box.Dy())
	c.raster.Draw(&c.mask, c.mask.Rect, image.Opaque, image.Point{})
}

// land paints the area below a ridge line, given as a height y for each x, down to a bottom
// that nearer objects will cover.
func (c *canvas) land(ridge func(x float64) float64, bottom float64, with paint) {
	top, line := c.Rect.Dy(), make([]float64, c.Rect.Dx())
	for x := range line {
		line[x] = ridge(c.units(x)) * c.scale
		top = min(top, max(0, int(line[x])))
	}
	for y := top; y < min(int(bottom*c.scale), c.Rect.Dy()); y++ {
		uy := c.units(y)
		for x, edge := range line {
			if covered := float64(y) + 1 - edge; covered > 0 {
				c.blend(x, y, with(c.units(x), uy), float32(min(covered, 1)))
			}
		}
	}
}

// glow adds light that fades from the centre of a disc to its rim.
func (c *canvas) glow(x, y, radius float64, light colour) {
	box := circle(x, y, radius).pixels(c.scale).Intersect(c.Rect)
	for py := box.Min.Y; py < box.Max.Y; py++ {
		dy := (c.units(py) - y) / radius
		for px := box.Min.X; px < box.Max.X; px++ {
			dx := (c.units(px) - x) / radius
			if fade := 1 - dx*dx - dy*dy; fade > 0 {
				c.add(px, py, light, float32(fade*fade*fade))
			}
		}
	}
}

// blend blends a colour over a pixel.
func (c *canvas) blend(x, y int, over colour, coverage float32) {
	pix := c.Pix[y*c.Stride+4*x:][:4:4]
	a := over.a * coverage
	if a >= 0.999 {
		pix[0], pix[1], pix[2], pix[3] = level(over.r), level(over.g), level(over.b), 255
		return
	}
	keep := 1 - a
	pix[0] = level(over.r*a + float32(pix[0])*keep)
	pix[1] = level(over.g*a + float32(pix[1])*keep)
	pix[2] = level(over.b*a + float32(pix[2])*keep)
	pix[3] = level(255*a + float32(pix[3])*keep)
}

// add adds light to a pixel as a second exposure does: the pixel never gets darker and
// approaches white slowly.
func (c *canvas) add(x, y int, light colour, strength float32) {
	pix := c.Pix[y*c.Stride+4*x:][:4:4]
	a := light.a * strength / 255
	pix[0] = level(float32(pix[0]) + light.r*a*(255-float32(pix[0])))
	pix[1] = level(float32(pix[1]) + light.g*a*(255-float32(pix[1])))
	pix[2] = level(float32(pix[2]) + light.b*a*(255-float32(pix[2])))
}

// level rounds. It is called 100 million times, and integer comparisons are several times
// faster than min and max of floats.
func level(v float32) uint8 { return clamp8(int(v + 0.5)) }

func clamp8(v int) uint8 {
	if v < 0 {
		return 0
	}
	if v > 255 {
		return 255
	}
	return uint8(v)
}
