package samples

import (
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
)

// chart is a map of invented islands in a few flat tints and thin lines: suited to a
// palette, not to JPEG.
func chart(w io.Writer, size image.Point, scale float64) error {
	c := newCanvas(size, scale)
	ground := terrain(c)
	ink := hex(0x33405a)
	for x := 100.0; x < 1600; x += 200 {
		c.fill(rectangle(x, 0, 1.5, 1200), solid(ink.alpha(0.22)))
	}
	for y := 100.0; y < 1200; y += 200 {
		c.fill(rectangle(0, y, 1600, 1.5), solid(ink.alpha(0.22)))
	}
	c.write("Talbot Sound", italic, 46, point{1010, 1132}, hex(0x2c6285))
	for i, peak := range summits(ground) {
		c.fill(polygon(peak.plus(point{0, -15}), peak.plus(point{13, 9}), peak.plus(point{-13, 9})), solid(hex(0x5a2f2a)))
		c.write([]string{"Mt Silver", "Mt Halide", "Gallic Peak"}[i], bold, 25, peak.plus(point{0, 36}), hex(0x3a2622))
	}
	compass(c, point{1420, 190}, 118)
	legend(c)
	for _, edge := range []path{rectangle(0, 0, 1600, 22), rectangle(0, 1178, 1600, 22), rectangle(0, 0, 22, 1200), rectangle(1578, 0, 22, 1200)} {
		c.fill(edge, solid(hex(0xf6efdc)))
	}
	for _, edge := range []path{rectangle(18, 18, 1564, 5), rectangle(18, 1177, 1564, 5), rectangle(18, 18, 5, 1164), rectangle(1577, 18, 5, 1164)} {
		c.fill(edge, solid(ink))
	}
	return png.Encode(w, paletted(c.RGBA))
}

var (
	depths  = []uint32{0xcfe8ea, 0xb3dbe3, 0x95cbdb, 0x78b9d0, 0x5fa5c3}
	heights = []uint32{0xa9cf9a, 0xc0d99b, 0xd9e3a4, 0xefe3a6, 0xecd08d, 0xdcb477, 0xc69566, 0xb0805f, 0xcbb5a6, 0xf3efec}
)

// terrain tints the ground by its height, with contour lines and light from the upper left.
// Heights are in tints: the coast is at 0.
func terrain(c *canvas) *field {
	w, h := c.size()
	n := newNoise(71)
	ground := c.field(w, h, 4, func(x, y float64) float64 {
		bend := 90 * n.at(x/260, y/260+20)
		land := n.clouds((x+bend)/460+2.2, (y-bend)/460+0.4, 5)
		edge := smooth(0, 260, x) * smooth(0, 230, y) * smooth(0, 260, w-x) * smooth(0, 230, h-y)
		return (land+0.46)*edge*14.5 - 5.6
	})
	contour := hex(0x5b4632)
	c.shade(func(x, y float64) colour {
		z, right, below := ground.at(x, y), ground.at(x+4, y), ground.at(x, y+4)
		steep := math.Hypot(right-z, below-z) / 4 // per unit
		toLine := math.Abs(z-math.Round(z)) / max(steep, 1e-6)
		if z < -0.5 {
			depth := hex(depths[min(int(-z), len(depths)-1)])
			return depth.mix(hex(0x3f7f9f), 0.35*(1-smooth(0.4, 1.4, toLine)))
		}
		light := math.Round((z-right+z-below)*12) / 12 * 0.95
		tint := hex(heights[min(int(max(z, 0)), len(heights)-1)]).lit(1 + min(max(-light, -0.2), 0.07))
		if z < 0 {
			tint = hex(depths[0])
		}
		if math.Round(z) == 0 {
			return tint.mix(hex(0x2c4a66), 1-smooth(1.2, 2.4, toLine))
		}
		return tint.mix(contour, 0.6*(1-smooth(0.4, 1.4, toLine)))
	})
	return ground
}

// summits finds the highest places that are far enough apart.
func summits(ground *field) []point {
	var found []point
	for len(found) < 3 {
		best, top := point{}, math.Inf(-1)
		for x := 180.0; x < 1420; x += 10 {
			for y := 140.0; y < 900; y += 10 {
				apart := true
				for _, p := range found {
					apart = apart && math.Hypot(p.x-x, p.y-y) > 280
				}
				if z := ground.at(x, y); apart && z > top {
					best, top = point{x, y}, z
				}
			}
		}
		found = append(found, best)
	}
	return found
}

func compass(c *canvas, at point, size float64) {
	dark, light, paper := hex(0x33405a), hex(0xb8433a), hex(0xf6efdc)
	c.fill(circle(at.x, at.y, size*0.80), solid(dark))
	c.fill(circle(at.x, at.y, size*0.775), solid(paper))
	c.fill(circle(at.x, at.y, size*0.70), solid(dark))
	c.fill(circle(at.x, at.y, size*0.69), solid(paper))
	for i, long := range []float64{0.58, 0.58, 0.58, 0.58, 1, 1, 1, 1} {
		angle := math.Pi / 2 * float64(i)
		if i < 4 { // the half winds lie below the four others
			angle += math.Pi / 4
		}
		tip := polar(at, size*long, angle)
		c.fill(polygon(at, polar(at, size*0.17, angle-math.Pi/4), tip), solid(light))
		c.fill(polygon(at, polar(at, size*0.17, angle+math.Pi/4), tip), solid(dark))
	}
	c.write("N", bold, 40, point{at.x, at.y - size - 10}, dark)
}

func legend(c *canvas) {
	paper, ink := hex(0xf6efdc), hex(0x33405a)
	c.fill(rectangle(60, 902, 520, 236), solid(ink))
	c.fill(rectangle(64, 906, 512, 228), solid(paper))
	c.write("Islands of Calotype", bold, 42, point{320, 966}, ink)
	c.write("heights in metres, 100 m contours", italic, 24, point{320, 1006}, ink)
	for i, tint := range heights {
		x := 90 + 46*float64(i)
		c.fill(rectangle(x, 1034, 46, 40), solid(hex(tint)))
		if i%3 == 0 {
			c.write(fmt.Sprint(i*100), regular, 22, point{x + 4, 1104}, ink)
		}
	}
}
