package samples

import "math"

// beach is a shore on a summer's day, seen from above.
func beach(c *canvas) {
	w, h := c.size()
	n := newNoise(51)
	// shore returns how far a place is from the water's edge: above 0 it is in the sea.
	shore := c.field(w, h, 6, func(x, y float64) float64 {
		bay := 240*n.at(x/1500, y/1500) + 60*n.clouds(x/420+9, y/420, 2)
		return (1480 - y) - 0.34*(x-1500) + bay
	})
	water(c, n, shore)
	random := dice(6)
	for _, at := range []struct {
		x, y, size float64
		one, two   uint32
	}{
		{640, 1850, 116, 0xe4572e, 0xfff4e0}, {1120, 1745, 118, 0xf2b134, 0xfff4e0}, {1690, 1720, 132, 0x2a9d8f, 0xfff4e0},
		{2210, 1500, 122, 0xe76f8a, 0xfff4e0}, {2730, 1275, 124, 0x277da1, 0xfff4e0}, {2630, 1740, 126, 0xe4572e, 0xfcd581},
	} {
		towel(c, at.x+at.size*1.15, at.y+30, -0.3+0.5*random.Float64(), hex(at.one))
		parasol(c, at.x, at.y, at.size, random.Float64(), hex(at.one), hex(at.two))
	}
	boat(c, point{1010, 520}, -0.5)
	for _, at := range []point{{1780, 300}, {1900, 400}, {2050, 350}} {
		gull(c, at)
	}
	c.grain(3, 12)
}

func water(c *canvas, n *noise, shore *field) {
	w, h := c.size()
	sea := newRamp(stop{0, hex(0xbdeee0)}, stop{0.10, hex(0x7fe0d6)}, stop{0.28, hex(0x35c4cb)}, stop{0.55, hex(0x1496b4)}, stop{1, hex(0x0a5c8c)})
	dry, wet, foam := hex(0xf2d9ab), hex(0xc49e6f), hex(0xffffff)
	reefs := c.field(w, h, 8, func(x, y float64) float64 { return smooth(0.1, 0.6, n.clouds(x/260, y/200, 4)) })
	warpX := c.field(w, h, 8, func(x, y float64) float64 { return 70 * n.clouds(x/150, y/150, 2) })
	dunes := c.field(w, h, 5, func(x, y float64) float64 {
		ripple := math.Sin((y+0.3*x)/11 + 3*n.at(x/120, y/120))
		return 0.035*ripple*smooth(-0.2, 0.4, n.at(x/400, y/300)) + 0.06*n.clouds(x/90, y/60, 4)
	})
	lace := c.field(w, h, 4, func(x, y float64) float64 { return 1 - 2.6*math.Abs(n.clouds(x/52+3, y/40, 3)) })
	net := c.field(w, h, 4, func(x, y float64) float64 {
		a := 1 - 3*math.Abs(n.at((x+30*n.at(x/60, y/60))/58, y/46))
		b := 1 - 3*math.Abs(n.at(x/64+40, (y+30*n.at(y/60, x/60))/52))
		return max(a, 0) * max(b, 0)
	})
	c.shade(func(x, y float64) colour {
		d := shore.at(x, y)
		if d < -130 {
			return dry.lit(1 + dunes.at(x, y))
		}
		edge := d + warpX.at(x, y)*0.45
		if edge < 0 {
			damp := smooth(-105, -8, edge)
			return dry.mix(wet, damp).lit(1 + dunes.at(x, y)*(1-0.7*damp))
		}
		swell := 0.035 * math.Sin(d/23+warpX.at(x, y)/20)
		base := sea.at(edge/1500+swell*smooth(100, 500, d)).mix(hex(0x0d5f7d), 0.42*reefs.at(x, y)*smooth(120, 420, d))
		base = base.mix(wet, 0.5*(1-smooth(0, 60, edge))).mix(foam, 0.30*net.at(x, y)*(1-smooth(150, 1100, d)))
		white := 0.0
		for i, at := range []float64{14, 150, 310} {
			width := 46 + 18*float64(i)
			front := edge + float64(i)*warpX.at(x, y)*0.5 - at
			crest := smooth(-8, 2, front) * (1 - smooth(0, width, front))
			white = max(white, crest*smooth(-0.25+0.30*float64(i), 0.75, lace.at(x, y)+0.7*crest)*(1-0.22*float64(i)))
		}
		return base.mix(foam, white*0.95)
	})
}

// parasol has eight panels, a shadow to its lower right and light at its upper left.
func parasol(c *canvas, x, y, size, turn float64, one, two colour) {
	c.fill(ellipse(x+size*0.42, y+size*0.46, size*1.02, size*0.98, 0), solid(hex(0x5a4030).alpha(0.42)))
	c.fill(circle(x, y, size), func(px, py float64) colour {
		dx, dy := (px-x)/size, (py-y)/size
		angle := math.Atan2(dy, dx)/(2*math.Pi)*8 + turn*8 + 16
		panel, within := math.Modf(angle)
		shape := one
		if int(panel)%2 == 0 {
			shape = two
		}
		fold := 0.12 * (smooth(0, 0.5, within) - smooth(0.5, 1, within))
		return shape.lit(0.86 + fold - 0.16*(dx+dy)*math.Hypot(dx, dy))
	})
	c.fill(circle(x, y, size*0.06), solid(hex(0x8a6a4a)))
	c.fill(circle(x-3, y-3, size*0.035), solid(hex(0xfff6e6)))
}

func towel(c *canvas, x, y, turn float64, dye colour) {
	place := func(u, v float64) point {
		sin, cos := math.Sincos(turn)
		return point{x + u*cos - v*sin, y + u*sin + v*cos}
	}
	sheet := func(u, v, w, h float64) path {
		return polygon(place(u, v), place(u+w, v), place(u+w, v+h), place(u, v+h))
	}
	c.fill(sheet(-48, -108, 112, 232), solid(hex(0x5a4030).alpha(0.30)))
	c.fill(sheet(-55, -115, 110, 230), solid(hex(0xfdf3e3)))
	for v := -100.0; v < 100; v += 46 {
		c.fill(sheet(-55, v, 110, 22), solid(dye.mix(hex(0xffffff), 0.15)))
	}
}

func boat(c *canvas, at point, turn float64) {
	sin, cos := math.Sincos(turn)
	place := func(x, y float64) point { return point{at.x + x*cos - y*sin, at.y + x*sin + y*cos} }
	stern, spray := place(-130, 0), newRamp(stop{0, hex(0xffffff).alpha(0.75)}, stop{0.5, hex(0xffffff).alpha(0.25)}, stop{1, hex(0xffffff).alpha(0)})
	for _, side := range []float64{-1, 0, 1} {
		wake := curve(place(-130, side*30), place(-400, side*80), place(-860, side*190))
		c.fill(brush(26, 60, wake...), outward(stern, 740, spray))
	}
	hull := func(grow float64) path {
		return blob(place(190*grow, 0), place(110*grow, 52*grow), place(-60*grow, 62*grow), place(-150*grow, 48*grow),
			place(-150*grow, -48*grow), place(-60*grow, -62*grow), place(110*grow, -52*grow))
	}
	shadow := hull(1.02)
	for i, p := range shadow[0] {
		shadow[0][i] = p.plus(point{34, 40})
	}
	c.fill(shadow, solid(hex(0x06344e).alpha(0.45)))
	c.fill(hull(1.0), solid(hex(0xfbfaf5)))
	c.fill(hull(0.84), solid(hex(0xb98149)))
	for v := -40.0; v <= 40; v += 16 {
		c.fill(brush(3, 3, place(-118, v), place(105, v*0.8)), solid(hex(0x8f5f33)))
	}
	c.fill(polygon(place(-70, -34), place(10, -34), place(10, 34), place(-70, 34)), solid(hex(0xf4f0e6)))
	c.fill(polygon(place(10, -34), place(40, -24), place(40, 24), place(10, 34)), solid(hex(0x3f6f8f)))
}

func gull(c *canvas, at point) {
	for _, layer := range []struct {
		shift point
		ink   colour
	}{{point{60, 95}, hex(0x05405c).alpha(0.35)}, {point{}, hex(0xffffff)}} {
		p := at.plus(layer.shift)
		wings := brush(14, 3, curve(p, p.plus(point{-34, -16}), p.plus(point{-84, 6}))...)
		c.fill(wings, solid(layer.ink))
		c.fill(wings.mirrored(p.x), solid(layer.ink))
		c.fill(ellipse(p.x, p.y+4, 9, 26, 0), solid(layer.ink))
	}
}
