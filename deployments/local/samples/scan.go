package samples

import (
	"image"
	"io"
	"math"

	"golang.org/x/image/bmp"
)

// scan shows what the first photographs on paper showed: a fern that lay on the paper in
// the sun. Old scanners produce BMP files like this one.
func scan(w io.Writer, size image.Point, scale float64) error {
	c := newCanvas(size, scale)
	paper(c)
	frond(c, point{320, 880}, point{1090, 190}, -0.10)
	frond(c, point{300, 860}, point{370, 240}, 0.08)
	c.write("Polypodium, on salted paper", italic, 30, point{1110, 860}, hex(0xf0dcc0).alpha(0.9))
	c.write("No. 17", italic, 24, point{1110, 900}, hex(0xf0dcc0).alpha(0.75))
	c.grain(4, 19)
	return bmp.Encode(w, c.RGBA)
}

var pale = hex(0xf3e2c3) // where no light came through

// paper has a border that the brush with the silver salts did not reach, stains and laid
// fibres.
func paper(c *canvas) {
	w, h := c.size()
	n := newNoise(81)
	blot := c.field(w, h, 6, func(x, y float64) float64 { return n.clouds(x/420, y/420, 5) })
	fibre := c.field(w, h, 2, func(x, y float64) float64 { return n.clouds(x/9, y/26, 2) })
	strokes := c.field(w, h, 3, func(x, y float64) float64 { return n.clouds(x/300+40, y/16, 3) })
	cream, brown := evenRamp(0xf3e7cd, 0xe6d3ae, 0xcfb389), evenRamp(0x3e211a, 0x5a3020, 0x7a4529, 0x9a6238)
	c.shade(func(x, y float64) colour {
		inset := min(min(x, w-x), min(y, h-y)) + 16*strokes.at(x, y) + 22*blot.at(x, y)
		sheet := cream.at(0.35 + 0.5*blot.at(x, y))
		vignette := 0.16 * math.Hypot(x-w/2, y-h/2) / (w / 2)
		exposed := brown.at(0.38 + 0.42*blot.at(x, y) + 0.09*strokes.at(x, y) + vignette)
		return sheet.mix(exposed, smooth(52, 74, inset)).lit(1 + 0.045*fibre.at(x, y))
	})
}

// frond is one leaf: pairs of leaflets along a bent stem, longest a third of the way up,
// each with lobes.
func frond(c *canvas, root, tip point, bend float64) {
	along := tip.minus(root)
	size := math.Hypot(along.x, along.y)
	stem := curve(root, root.toward(tip, 0.5).plus(point{along.y, -along.x}.times(bend)), tip)
	c.fill(brush(size/85, 2, stem...), solid(pale))
	for i := 5; i < len(stem)-1; i++ {
		t := float64(i) / float64(len(stem)-1)
		forward := stem[i+1].minus(stem[i-1])
		heading := math.Atan2(forward.y, forward.x)
		long := size * 0.27 * math.Pow(math.Sin(math.Pi*(0.2+0.8*t)), 0.85)
		side := float64(i%2*2 - 1) // alternately left and right
		leaflet(c, stem[i], heading+side*(1.15-0.35*t), -side, long, size/46)
	}
	c.fill(ellipse(tip.x, tip.y, size/50, size/130, math.Atan2(along.y, along.x)), solid(pale))
}

// leaflet bends towards the tip of the frond; its lobes are widest at its root.
func leaflet(c *canvas, root point, angle, bend, long, lobe float64) {
	vein := curve(root, polar(root, long*0.5, angle), polar(root, long, angle+bend*0.2))
	c.fill(brush(lobe/5, 1.5, vein...), solid(pale))
	lobes := max(int(long/lobe*1.7), 1)
	for i := range lobes {
		t := (float64(i) + 0.6) / float64(lobes)
		at := vein[int(t*float64(len(vein)-1))]
		reach := min(lobe*(1.0-0.72*t), long/2)
		for _, way := range []float64{-1, 1} {
			lies := angle + bend*0.3*t + way*1.05
			middle := polar(at, reach*0.45, lies)
			c.fill(ellipse(middle.x, middle.y, reach*0.55, lobe*(0.27-0.1*t), lies), solid(pale.mix(hex(0xb98a5c), 0.45*t*t).alpha(0.85)))
		}
	}
}
