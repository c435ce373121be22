package samples

import (
	"image/color"
	"math"
)

// colour has levels of 0 to 255 in sRGB and an opacity of 0 to 1, not premultiplied.
type colour struct{ r, g, b, a float32 }

// hex returns an opaque colour written as 0xrrggbb.
func hex(rgb uint32) colour {
	return colour{float32(rgb >> 16 & 255), float32(rgb >> 8 & 255), float32(rgb & 255), 1}
}

func (c colour) alpha(a float64) colour { c.a = float32(a); return c }

// mix interpolates from c to d as t goes from 0 to 1.
func (c colour) mix(d colour, t float64) colour {
	u := float32(unit(t))
	return colour{c.r + (d.r-c.r)*u, c.g + (d.g-c.g)*u, c.b + (d.b-c.b)*u, c.a + (d.a-c.a)*u}
}

// lit makes a colour brighter by a factor above 1, or darker by one below 1.
func (c colour) lit(by float64) colour {
	k := float32(by)
	return colour{c.r * k, c.g * k, c.b * k, c.a}
}

func (c colour) rgba() color.NRGBA {
	return color.NRGBA{level(c.r), level(c.g), level(c.b), level(c.a * 255)}
}

// paint returns the colour at a place, in units.
type paint func(x, y float64) colour

func solid(c colour) paint { return func(_, _ float64) colour { return c } }

// downward paints a ramp between two heights.
func downward(top, bottom float64, r *ramp) paint {
	return func(_, y float64) colour { return r.at((y - top) / (bottom - top)) }
}

// outward paints a ramp from the middle of a disc to its rim.
func outward(centre point, radius float64, r *ramp) paint {
	return func(x, y float64) colour { return r.at(math.Hypot(x-centre.x, y-centre.y) / radius) }
}

// stop is a ramp's colour at a place between 0 and 1.
type stop struct {
	at float64
	colour
}

// ramp is a smooth colour gradient. It is computed ahead, because it is read for every
// pixel.
type ramp [1025]colour

func newRamp(stops ...stop) *ramp {
	var r ramp
	for i := range r {
		t, next := float64(i)/float64(len(r)-1), 1
		for next < len(stops)-1 && stops[next].at < t {
			next++
		}
		from, to := stops[next-1], stops[next]
		r[i] = from.mix(to.colour, smooth(from.at, to.at, t))
	}
	return &r
}

func evenRamp(rgb ...uint32) *ramp {
	stops := make([]stop, len(rgb))
	for i, c := range rgb {
		stops[i] = stop{float64(i) / float64(len(rgb)-1), hex(c)}
	}
	return newRamp(stops...)
}

func (r *ramp) at(t float64) colour {
	return r[int(unit(t)*float64(len(r)-1))]
}

// smooth goes from 0 to 1 as x goes from one edge to the other, with a gentle slope at
// both.
func smooth(from, to, x float64) float64 {
	t := unit((x - from) / (to - from))
	return t * t * (3 - 2*t)
}

// unit clamps t to 0 to 1.
func unit(t float64) float64 {
	if t < 0 {
		return 0
	}
	if t > 1 {
		return 1
	}
	return t
}
