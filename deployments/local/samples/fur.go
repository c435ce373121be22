package samples

import (
	"math"
	"math/rand/v2"
)

// furry fills a shape with fur that is lit where its edge faces the sun.
func furry(c *canvas, random *rand.Rand, shape path, sun point, base colour) {
	fur(c, random, shape, base)
	rim(c, random, shape, sun, base, 1)
}

func fur(c *canvas, random *rand.Rand, shape path, base colour) {
	c.fill(shape, solid(base))
	area := shape.pixels(1)
	c.hair(random, shape, area.Dx()*area.Dy()/220, 62, 6, func(p point) (colour, float64) {
		sheen := 0.10 * smooth(2700, 900, p.y)
		return base.mix(hex(0x6a5480), 0.10+sheen+0.16*random.Float64()), math.Pi/2 + (catMid-p.x)*0.0011 + 0.22*random.NormFloat64()
	})
}

// rim strokes hair along an outline, brightest where the edge looks towards
// the light, and the outermost hairs last.
func rim(c *canvas, random *rand.Rand, shape path, light point, base colour, strength float64) {
	outline, turn := shape[0], -1.0
	if shape.clockwise() {
		turn = 1
	}
	for _, depth := range []float64{30, 18, 10, 4, 0} {
		for i, p := range outline {
			q := outline[(i+1)%len(outline)]
			edge := q.minus(p)
			length := math.Hypot(edge.x, edge.y)
			if length < 0.5 {
				continue
			}
			out, to := point{edge.y, -edge.x}.times(turn/length), light.minus(p)
			facing := (out.x*to.x+out.y*to.y)/math.Hypot(to.x, to.y)*0.75 + 0.4
			bright := strength * min(max(facing, 0.04), 1) * math.Exp(-depth/13)
			fall := point{edge.x / length * 18 * math.Copysign(1, edge.y), 26}
			for range int(length/7) + 1 {
				root := p.toward(q, random.Float64()).plus(out.times(5 - depth - 5*random.Float64()))
				tip := root.plus(out.times(13 * random.Float64())).plus(fall.times(0.5 + random.Float64()))
				ink := base.mix(sunlit.mix(hex(0xfff0c8), 0.6*random.Float64()), bright*(0.75+0.5*random.Float64()))
				c.fill(strand(root, tip, 6), solid(ink))
			}
		}
	}
}

// hair strokes a number of hairs that start inside a shape; how returns the colour and the
// angle of each.
func (c *canvas) hair(random *rand.Rand, shape path, count int, length, width float64, how func(root point) (colour, float64)) {
	box := shape.pixels(1)
	for range count {
		root := point{float64(box.Min.X) + random.Float64()*float64(box.Dx()), float64(box.Min.Y) + random.Float64()*float64(box.Dy())}
		if !shape.holds(root) {
			continue
		}
		ink, angle := how(root)
		c.fill(strand(root, polar(root, length*(0.5+random.Float64()*0.7), angle), width), solid(ink))
	}
}

// strand is one hair, pointed at its tip.
func strand(root, tip point, width float64) path {
	along := tip.minus(root)
	side := point{-along.y, along.x}.times(width / 2 / max(math.Hypot(along.x, along.y), 1))
	return polygon(root.plus(side), root.minus(side), tip)
}
