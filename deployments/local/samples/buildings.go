package samples

import "math"

func cottage(c *canvas) {
	wall := polygon(point{2140, 2560}, point{2700, 2560}, point{2700, 2875}, point{2140, 2875})
	c.fill(wall, func(x, y float64) colour { return hex(0x93a0b4).mix(hex(0x4a5572), (x-2140)/560) })
	c.fill(polygon(point{2080, 2580}, point{2230, 2370}, point{2610, 2370}, point{2760, 2580}), downward(2370, 2580, evenRamp(0x7c3f44, 0x4c2633)))
	c.fill(rectangle(2540, 2290, 70, 130), solid(hex(0x5a4350)))
	for _, x := range []float64{2215, 2545} {
		c.fill(rectangle(x-8, 2642, 116, 136), solid(hex(0x2a2c40)))
		c.fill(rectangle(x, 2650, 100, 120), downward(2650, 2770, evenRamp(0xffe7a0, 0xffb650)))
		c.fill(rectangle(x+46, 2650, 8, 120), solid(hex(0x4a3530)))
		c.fill(rectangle(x, 2706, 100, 8), solid(hex(0x4a3530)))
		c.glow(x+50, 2710, 230, hex(0xffb040).alpha(0.55))
	}
	c.fill(rectangle(2385, 2680, 96, 190), downward(2680, 2870, evenRamp(0x3a4d6a, 0x27364e)))
}

func lighthouse(c *canvas, lamp point) {
	left := func(y float64) float64 { return 1560 - (y-1700)*0.075 }
	right := func(y float64) float64 { return 1940 + (y-1700)*0.075 }
	shaft := polygon(point{left(1700), 1700}, point{right(1700), 1700}, point{right(2865), 2865}, point{left(2865), 2865})
	white, red := evenRamp(0xb9c6da, 0xe4e8ee, 0xc2c9d8, 0x7d88a6, 0x3d4568), evenRamp(0x9c3440, 0xc4454a, 0xa5363f, 0x6a2438, 0x351a36)
	plaster := newNoise(3)
	c.fill(shaft, func(x, y float64) colour {
		round := (x - left(y)) / (right(y) - left(y))
		bend := y + 26*math.Sin(math.Pi*round)
		stripe := white.at(round)
		for _, top := range []float64{1890, 2290, 2690} {
			stripe = stripe.mix(red.at(round), smooth(top-1.5, top+1.5, bend)-smooth(top+198.5, top+201.5, bend))
		}
		return stripe.lit(1 + 0.09*plaster.clouds(x/40, y/70, 3))
	})
	for _, at := range []point{{1740, 2170}, {1760, 2570}} {
		c.fill(blob(at.plus(point{-34, 60}), at.plus(point{-34, -30}), at.plus(point{0, -62}), at.plus(point{34, -30}), at.plus(point{34, 60})), solid(hex(0x2b2440)))
		c.fill(blob(at.plus(point{-24, 50}), at.plus(point{-24, -26}), at.plus(point{0, -48}), at.plus(point{24, -26}), at.plus(point{24, 50})), downward(at.y-48, at.y+50, evenRamp(0xffeeb0, 0xffb44c)))
		c.glow(at.x, at.y, 150, hex(0xffb040).alpha(0.5))
	}
	lantern(c, lamp)
}

func lantern(c *canvas, lamp point) {
	iron := func(x, _ float64) colour { return hex(0x59658a).mix(hex(0x14162c), (x-1480)/540) }
	c.fill(polygon(point{1490, 1700}, point{2010, 1700}, point{1950, 1765}, point{1550, 1765}), iron)
	c.fill(rectangle(1470, 1676, 560, 30), iron)
	for x := 1480.0; x <= 2020; x += 60 {
		c.fill(rectangle(x-4, 1590, 8, 90), iron)
	}
	c.fill(rectangle(1476, 1584, 548, 12), iron)
	c.fill(rectangle(1620, 1380, 260, 300), downward(1380, 1680, evenRamp(0xffd27a, 0xfff8dc, 0xffe09a, 0xe09a48)))
	for _, x := range []float64{1620, 1705, 1787, 1870} {
		c.fill(rectangle(x-2, 1380, 12, 300), iron)
	}
	c.fill(rectangle(1590, 1356, 320, 30), iron)
	dome := blob(point{1600, 1362}, point{1640, 1270}, point{1750, 1205}, point{1860, 1270}, point{1900, 1362}, point{1750, 1366})
	c.fill(dome, func(x, y float64) colour { return hex(0xc4454a).mix(hex(0x3a1830), (x-1600)/300) })
	c.fill(rectangle(1745, 1110, 10, 110), iron)
	c.fill(circle(1750, 1196, 20), iron)
	c.glow(lamp.x, lamp.y, 900, hex(0xffc860).alpha(0.6))
	c.glow(lamp.x, lamp.y, 330, hex(0xfff6d0).alpha(1))
}
