package samples

import (
	"image"
	"image/png"
	"io"
	"math"
)

// logo is a mark with sharp edges on a transparent background. Its soft shadow is half
// transparent.
func logo(w io.Writer, size image.Point, scale float64) error {
	c := newCanvas(size, scale)
	centre, radius := point{800, 440}, 350.0
	dim := hex(0x101830)
	shadow := newRamp(stop{0, dim.alpha(0)}, stop{0.80, dim.alpha(0)}, stop{0.86, dim.alpha(0.5)}, stop{1, dim.alpha(0)})
	under := centre.plus(point{0, 24})
	c.fill(circle(under.x, under.y, radius*1.24), outward(under, radius*1.24, shadow))
	iris(c, centre, radius)
	c.write("calotype", bold, 230, point{800, 1090}, hex(0x4a6fa5))
	return png.Encode(w, c.RGBA)
}

// iris is the diaphragm of a lens. Each blade lies between the lines along two neighbouring
// sides of the opening, extended to the rim.
func iris(c *canvas, centre point, radius float64) {
	tints := []uint32{0xf94144, 0xf3722c, 0xf9a33b, 0x90be6d, 0x2fa78d, 0x277da1, 0x5a5fb0, 0xb5478f}
	sides, opening := len(tints), radius*0.36
	corner := func(i int) point { return polar(centre, opening, 2*math.Pi*float64(i)/float64(sides)-0.3) }
	reach := func(i int) point { // where the line from corner i through i+1 meets the rim
		from, along := corner(i).minus(centre), corner(i+1).minus(corner(i))
		a, b := along.x*along.x+along.y*along.y, from.x*along.x+from.y*along.y
		t := (-b + math.Sqrt(b*b-a*(from.x*from.x+from.y*from.y-radius*radius))) / a
		return corner(i).plus(along.times(t))
	}
	for i, tint := range tints {
		start, end := reach(i-1).minus(centre), reach(i).minus(centre)
		from := math.Atan2(start.y, start.x)
		sweep := math.Mod(math.Atan2(end.y, end.x)-from+4*math.Pi, 2*math.Pi)
		blade := []point{corner(i)}
		for step := range 33 {
			blade = append(blade, polar(centre, radius, from+sweep*float64(step)/32))
		}
		blade = append(blade, corner(i+1))
		dye, edge := hex(tint), corner(i)
		across := reach(i - 1).minus(edge)
		length := math.Hypot(across.x, across.y)
		c.fill(path{blade}, func(x, y float64) colour {
			off := math.Abs((x-edge.x)*across.y-(y-edge.y)*across.x) / length // from the blade that lies above
			return dye.lit(0.66 + 0.40*smooth(0, 130, off))
		})
	}
	frame := solid(hex(0x24304f))
	for i := range sides {
		c.fill(brush(8, 8, corner(i), reach(i)), frame)
	}
	rim := circle(centre.x, centre.y, radius+40)
	c.fill(append(rim, circle(centre.x, centre.y, radius-4).reversed()...), frame)
}
