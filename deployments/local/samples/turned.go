package samples

import (
	"bytes"
	"image"
	"image/jpeg"
	"io"
	"math"
)

// turned is a portrait whose pixels are stored sideways, as phones do: only its EXIF
// orientation defines which way is up. The arrow shows whether a viewer or a resizer
// applies it.
func turned(w io.Writer, stored image.Point, scale float64) error {
	c := newCanvas(image.Pt(stored.Y, stored.X), scale)
	balloon(c)
	var file bytes.Buffer
	if err := jpeg.Encode(&file, quarterTurn(c.RGBA), &jpeg.Options{Quality: 90}); err != nil {
		return err
	}
	_, err := w.Write(withOrientation(file.Bytes(), turnRight))
	return err
}

// turnRight is the EXIF orientation of a picture that must be turned a quarter clockwise.
const turnRight = 6

// quarterTurn turns a picture anticlockwise.
func quarterTurn(upright *image.RGBA) *image.RGBA {
	w, h := upright.Rect.Dx(), upright.Rect.Dy()
	lying := image.NewRGBA(image.Rect(0, 0, h, w))
	for y := range h {
		for x := range w {
			copy(lying.Pix[(w-1-x)*lying.Stride+4*y:][:4], upright.Pix[y*upright.Stride+4*x:][:4])
		}
	}
	return lying
}

// withOrientation puts an EXIF segment with only this tag before a JPEG's other segments.
// See section 4.5 of CIPA DC-008, Exif 2.32.
func withOrientation(file []byte, orientation byte) []byte {
	segment := []byte{
		0xff, 0xe1, 0, 34, // APP1 and its length
		'E', 'x', 'i', 'f', 0, 0,
		'M', 'M', 0, 42, 0, 0, 0, 8, // big-endian TIFF, its directory follows
		0, 1, // one entry
		0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, // Orientation, one SHORT
		0, 0, 0, 0, // no further directory
	}
	const start = 2 // after the start-of-image marker
	return append(append(file[:start:start], segment...), file[start:]...)
}

func balloon(c *canvas) {
	w, h := c.size()
	sun, air := point{750, 1560}, newNoise(61)
	sky := evenRamp(0x0f5c7a, 0x2a8c9c, 0x6fbcae, 0xd6dfb4, 0xfbdc9a, 0xf9b877)
	veil := c.field(w, h, 8, func(x, y float64) float64 {
		return smooth(0.12, 0.75, air.clouds(x/420, y/120, 5)) * smooth(100, 700, y)
	})
	rays := c.field(w, h, 5, func(x, y float64) float64 {
		return smooth(-0.1, 0.1, math.Sin(math.Atan2(y-sun.y, x-sun.x)*24)) * (1 - smooth(200, 1500, math.Hypot(x-sun.x, y-sun.y)))
	})
	white, gold := hex(0xfff8e6), hex(0xffe9b0)
	c.shade(func(x, y float64) colour {
		return sky.at(y/1600).mix(gold, 0.34*rays.at(x, y)).mix(white, 0.8*veil.at(x, y))
	})
	c.glow(sun.x, sun.y, 900, hex(0xfff0c0).alpha(0.7))
	for i, layer := range []struct {
		y, swell, width float64
		top, foot       uint32
	}{{1500, 190, 330, 0x6f9a9a, 0xbfc9a8}, {1640, 130, 420, 0x3f7478, 0x7fa18c}, {1800, 90, 380, 0x1f4f56, 0x2f666a}} {
		ridge := func(x float64) float64 {
			return layer.y - layer.swell*air.clouds(x/layer.width+float64(i)*9.1, 4*float64(i), 5)
		}
		c.land(ridge, h, downward(layer.y-layer.swell, layer.y+240, evenRamp(layer.top, layer.foot)))
	}
	pines(c, air)
	envelope(c, point{750, 690}, 430)
	c.write("TOP", bold, 96, point{750, 150}, hex(0xfff8e6))
	c.write("bottom", regular, 72, point{750, 1950}, hex(0xfbdc9a))
	c.grain(2.6, 17)
}

func pines(c *canvas, air *noise) {
	random := dice(62)
	const trees = 170
	for i := range trees {
		x, near := 1500*random.Float64(), float64(i)/trees
		tall := 90 + 110*random.Float64()
		foot := 1850 + 70*near + 40*air.at(x/300, 8)
		ink := hex(0x1f4a4c).mix(hex(0x0c2a30), near)
		for tier := range 5 {
			y, half := foot-tall*float64(tier)/5.5, tall*0.24*(1-float64(tier)/6)
			c.fill(polygon(point{x - half, y}, point{x, y - tall*0.36}, point{x + half, y}), solid(ink))
		}
	}
	c.land(func(x float64) float64 { return 1890 + 30*air.at(x/150, 3) }, 2000, downward(1860, 2000, evenRamp(0x0c2a30, 0x071a20)))
}

// envelope is the balloon, with the arrow on it.
func envelope(c *canvas, at point, size float64) {
	place := func(x, y float64) point { return point{at.x + x*size, at.y + y*size} }
	for _, x := range []float64{-0.22, -0.08, 0.08, 0.22} {
		c.fill(brush(5, 5, place(x*1.3, 1.16), place(x*0.8, 1.62)), solid(hex(0x5a4030)))
	}
	basket := polygon(place(-0.19, 1.60), place(0.19, 1.60), place(0.16, 1.86), place(-0.16, 1.86))
	c.fill(basket, func(x, y float64) colour {
		weave := math.Sin(x/7) * math.Sin(y/6)
		return hex(0xa8703c).lit(1 + 0.22*weave - 0.5*(x-at.x)/size)
	})
	c.fill(brush(20, 20, place(-0.2, 1.60), place(0.2, 1.60)), solid(hex(0x6d4526)))
	red, cream := hex(0xd8432f), hex(0xfff0d2)
	skin := blob(place(0, -1), place(0.6, -0.82), place(0.95, -0.3), place(0.9, 0.25), place(0.6, 0.75), place(0.3, 1.17),
		place(-0.3, 1.17), place(-0.6, 0.75), place(-0.9, 0.25), place(-0.95, -0.3), place(-0.6, -0.82))
	c.fill(skin, func(x, y float64) colour {
		v := (y - at.y) / size
		half := 0.97 * math.Sqrt(max(0.02, 1-math.Pow(math.Abs(v+0.1)/1.32, 2.3)))
		round := math.Asin(min(max((x-at.x)/size/half, -1), 1)) / math.Pi * 2 // -1 to 1 around the front
		_, within := math.Modf((round + 1) * 4)
		gore := red.mix(cream, smooth(0.49, 0.51, math.Abs(within-0.5)*2))
		light := 1.04 - 0.34*smooth(-0.4, 1, round) - 0.20*smooth(0.2, 1.2, v)
		return gore.lit(light + 0.06*math.Sin(within*math.Pi))
	})
	c.fill(circle(at.x, at.y, size*0.62), solid(hex(0xfff6e2)))
	c.fill(polygon(place(0, -0.52), place(0.38, -0.08), place(0.15, -0.08), place(0.15, 0.26), place(-0.15, 0.26), place(-0.15, -0.08), place(-0.38, -0.08)),
		solid(hex(0x14506a)))
	c.write("UP", bold, size*0.27, place(0, 0.50), hex(0x14506a))
}
