package samples

import (
	"image"
	"image/gif"
	"io"
	"math"
)

// clock is a day in 48 frames that repeats forever: the hand goes once round a dial of 24
// hours, in which the sun and the moon rise and set.
func clock(w io.Writer, size image.Point, scale float64) error {
	const frames = 48
	day := gif.GIF{LoopCount: 0} // forever
	for i := range frames {
		c := newCanvas(size, scale)
		hour(c, float64(i)/frames)
		day.Image = append(day.Image, paletted(c.RGBA))
		day.Delay = append(day.Delay, 8) // in hundredths of a second
		day.Disposal = append(day.Disposal, gif.DisposalBackground)
	}
	return gif.EncodeAll(w, &day)
}

// hour draws the clock at a fraction of the day; 0 and 1 are midnight.
func hour(c *canvas, time float64) {
	centre := point{240, 240}
	turn := 2*math.Pi*time + math.Pi/2 // noon is at the top
	c.fill(circle(240, 240, 236), func(x, y float64) colour {
		return hex(0xd9b26a).mix(hex(0x7a5426), (x+y)/480-0.2)
	})
	c.fill(circle(240, 240, 222), solid(hex(0xfbf4e4)))
	view := circle(240, 240, 178)
	c.fill(circle(240, 240, 182), solid(hex(0x8a6430)))
	height := -math.Cos(2 * math.Pi * time) // of the sun: -1 at midnight, 1 at noon
	landscape(c, view, centre, turn, height)
	for i := range 24 {
		angle := 2*math.Pi*float64(i)/24 + math.Pi/2
		long := 10.0
		if i%6 == 0 {
			long = 0
			at := polar(centre, 202, angle)
			c.write([]string{"24", "6", "12", "18"}[i/6], bold, 26, at.plus(point{0, 9}), hex(0x4a3420))
		}
		c.fill(brush(3, 3, polar(centre, 202-long/2, angle), polar(centre, 202+long/2, angle)), solid(hex(0x4a3420)))
	}
	c.fill(brush(13, 9, polar(centre, -36, turn), polar(centre, 186, turn)), solid(hex(0xfbf4e4)))
	c.fill(brush(9, 4, polar(centre, -34, turn), polar(centre, 184, turn)), solid(hex(0x2a2030)))
	c.fill(circle(240, 240, 15), solid(hex(0xfbf4e4)))
	c.fill(circle(240, 240, 13), solid(hex(0x2a2030)))
	c.fill(circle(240, 240, 6), solid(hex(0xd9b26a)))
}

// landscape shows through the dial; the sun is where the hand points.
func landscape(c *canvas, view path, centre point, turn, height float64) {
	light := smooth(-0.35, 0.45, height)
	dusk := math.Exp(-height * height * 9)
	top := hex(0x0b1238).mix(hex(0x3f9be0), light)
	low := hex(0x2a2f68).mix(hex(0xcdeaf5), light).mix(hex(0xff9050), dusk*0.9)
	c.fill(view, func(_, y float64) colour { return top.mix(low, (y-80)/210) })
	random := dice(3)
	for range 70 {
		at := polar(centre, 172*math.Sqrt(random.Float64()), 2*math.Pi*random.Float64())
		c.fill(circle(at.x, at.y, 0.7+1.1*random.Float64()), solid(hex(0xffffff).alpha(1-smooth(0, 0.6, light))))
	}
	sun, moon := polar(point{240, 270}, 108, turn), polar(point{240, 270}, 108, turn+math.Pi)
	c.fill(circle(sun.x, sun.y, 30), solid(hex(0xffe27a).mix(hex(0xff8a4a), dusk)))
	c.fill(circle(moon.x, moon.y, 22), solid(hex(0xf2eede)))
	c.fill(circle(moon.x+6, moon.y-5, 4), solid(hex(0xd6d0be)))
	c.fill(circle(moon.x-7, moon.y+6, 5), solid(hex(0xd6d0be)))
	night := 0.24 + 0.76*light
	for i, hill := range []struct {
		rise, swing float64
		tint        uint32
	}{{300, 26, 0x8fbf7a}, {335, 20, 0x5f9e5a}} {
		var ground []point
		for x := 60.0; x <= 420; x += 3 {
			y := hill.rise + hill.swing*math.Sin(x/46+2.4*float64(i)) - 0.04*(x-240)*float64(1-2*i)
			if p := (point{x, y}); view.holds(p) {
				ground = append(ground, p)
			}
		}
		first, last := ground[0].minus(centre), ground[len(ground)-1].minus(centre)
		from, to := math.Atan2(last.y, last.x), math.Atan2(first.y, first.x)
		for i := range 61 { // back along the rim
			ground = append(ground, polar(centre, 180, from+(to-from)*float64(i)/60))
		}
		c.fill(path{ground}, solid(hex(hill.tint).lit(night).mix(hex(0xff8050), 0.18*dusk)))
	}
	wall := hex(0xf3e3c8).lit(night)
	c.fill(rectangle(276, 296, 54, 40), solid(wall))
	c.fill(polygon(point{268, 298}, point{303, 268}, point{338, 298}), solid(hex(0xb8433a).lit(night)))
	c.fill(rectangle(295, 308, 16, 16), solid(hex(0xffd65a).mix(hex(0x6a8aa0), light)))
}
