package samples

import "math"

// tower is a lighthouse on a cliff, under the Milky Way.
func tower(c *canvas) {
	lamp := point{1750, 1508}
	nightSky(c)
	stars(c)
	beams(c, lamp)
	nightSea(c)
	ridge := cliff(c, lamp)
	cottage(c)
	lighthouse(c, lamp)
	grass(c, ridge)
	c.grain(2.6, 9)
}

const horizon = 3080.0

func nightSky(c *canvas) {
	w, h := c.size()
	sky := evenRamp(0x060818, 0x0a1030, 0x101d4a, 0x193468, 0x2c5583, 0x5b8297, 0xb79f92, 0xf0b184)
	dust := newNoise(41)
	band := func(x, y float64) float64 { // how far from the Milky Way's middle
		return (x-300-0.62*y)*0.85 + 260*dust.at(x/900, y/900)
	}
	haze := c.field(w, h, 14, func(x, y float64) float64 {
		across := band(x, y) / 620
		return math.Exp(-across*across) * (0.62 + 0.5*dust.clouds(x/330, y/330, 5))
	})
	lanes := c.field(w, h, 14, func(x, y float64) float64 {
		across := (band(x, y) + 60) / 210
		return math.Exp(-across*across) * smooth(-0.12, 0.5, dust.clouds(x/260+50, y/260, 5))
	})
	violet, milk, dark := hex(0x5a4a9c), hex(0xd9c8e0), hex(0x0b0d28)
	c.land(func(float64) float64 { return 0 }, horizon+10, func(x, y float64) colour {
		fade := 1 - smooth(1500, 2900, y)
		glow := haze.at(x, y) * fade
		base := sky.at(y/horizon).mix(violet, glow*0.55).mix(milk, glow*glow*0.55)
		return base.mix(dark, lanes.at(x, y)*fade*0.75)
	})
}

func stars(c *canvas) {
	random := dice(4)
	hues := []colour{hex(0xffffff), hex(0xcfe0ff), hex(0xffe9cc), hex(0xaec8ff), hex(0xffd0a8)}
	for range 5200 {
		x, y := random.Float64()*3000, random.Float64()*horizon
		if random.Float64() < 0.5 { // half of them are in the Milky Way
			x = 300 + 0.62*y + random.NormFloat64()*430
		}
		size := 1.5 + 1.1*math.Pow(random.Float64(), -0.33)
		light := hues[random.IntN(len(hues))].alpha((0.35 + 0.65*random.Float64()) * (1 - 0.9*smooth(1700, horizon, y)))
		size = min(size, 9)
		c.fill(circle(x, y, size), solid(light))
		if size > 6.4 {
			c.glow(x, y, size*6, light.alpha(float64(light.a)*0.45))
		}
	}
	trail := newRamp(stop{0, hex(0xffffff).alpha(0)}, stop{1, hex(0xffffff).alpha(0.95)})
	c.fill(brush(1, 8, point{300, 1360}, point{620, 1560}), func(x, _ float64) colour { return trail.at((x - 300) / 320) })
}

// beams sweep to both sides, wide and faint.
func beams(c *canvas, lamp point) {
	for _, beam := range []struct{ angle, spread, reach float64 }{{-0.10, 0.085, 2300}, {math.Pi - 0.16, 0.075, 2700}} {
		wedge := polygon(lamp, polar(lamp, beam.reach, beam.angle-beam.spread), polar(lamp, beam.reach, beam.angle+beam.spread))
		warm := hex(0xffedb0)
		c.fill(wedge, func(x, y float64) colour {
			dx, dy := x-lamp.x, y-lamp.y
			off := (math.Atan2(dy, dx) - beam.angle)
			if off < -math.Pi {
				off += 2 * math.Pi
			}
			edge := 1 - (off/beam.spread)*(off/beam.spread)
			far := 1 - (dx*dx+dy*dy)/(beam.reach*beam.reach)
			return warm.alpha(0.62 * max(edge, 0) * max(far, 0) * max(far, 0))
		})
	}
}

func nightSea(c *canvas) {
	swell := newNoise(15)
	deep, crest, warm := evenRamp(0x9a8f8c, 0x4d6d84, 0x24466c, 0x132a50, 0x0a1734), hex(0xc8d4da), hex(0xffd98a)
	c.land(func(float64) float64 { return horizon }, 4000, func(x, y float64) colour {
		near := (y - horizon) / 920
		height := 14 + 70*near
		wave := swell.at(x/(height*5), y/height) + 0.5*swell.at(x/(height*2)+30, y/(height*0.4))
		path := math.Exp(-math.Abs(x-900-200*near) / (160 + 500*near))
		base := deep.at(near*1.1).mix(crest, 0.34*smooth(0.15, 0.7, wave)*(1-0.6*near))
		return base.mix(warm, path*smooth(0.05, 0.5, wave)*0.75)
	})
}

// cliff is rock, lit a little by the lamp. It returns the height of its ridge.
func cliff(c *canvas, lamp point) func(x float64) float64 {
	rock := newNoise(23)
	w, h := c.size()
	line := c.field(w, 2, 3, func(x, _ float64) float64 {
		rise := smooth(900, 1320, x)*690 + smooth(700, 940, x)*190
		return 3700 - rise + 60*rock.clouds(x/170, 3, 5)*(1-0.85*smooth(1250, 1350, x)) + 0.00004*(x-1900)*(x-1900)
	})
	ridge := func(x float64) float64 { return line.at(x, 0) }
	height := c.field(w, h, 7, func(x, y float64) float64 {
		return rock.clouds(x/170+0.5*rock.at(y/200, x/300), y/330, 5)
	})
	tone, grass, light := evenRamp(0x0b0f22, 0x202842, 0x465270, 0x8087a0), hex(0x2b3d45), hex(0xffd890)
	c.land(ridge, h, func(x, y float64) colour {
		slope := height.at(x, y) - height.at(x+16, y+12)
		body := tone.at(0.34 + 1.5*slope - 0.22*smooth(3100, 4000, y))
		under := y - ridge(x)
		body = body.mix(grass, 0.8*(1-smooth(10, 90, under))*smooth(1200, 1400, x))
		return body.mix(light, 0.22*math.Exp(-math.Abs(x-lamp.x-40)/420)*(1-smooth(0, 260, under)))
	})
	foam := dice(33)
	for range 900 {
		x := 560 + 700*foam.Float64()
		y := ridge(x) + 10 + 60*foam.Float64() + max(0, (900-x)*0.1)
		if x < 950 {
			c.fill(ellipse(x, y, 6+14*foam.Float64(), 3+4*foam.Float64(), 0), solid(hex(0xdfe8ee).alpha(0.22)))
		}
	}
	return ridge
}

// grass grows along the ridge, in front of the walls.
func grass(c *canvas, ridge func(x float64) float64) {
	random := dice(34)
	for range 4200 {
		x := 1230 + 1770*random.Float64()
		root := point{x, ridge(x) + 8 + 60*random.Float64()}
		tip := root.plus(point{-18 + 30*random.Float64(), -20 - 38*random.Float64()})
		c.fill(strand(root, tip, 8), solid(hex(0x24363f).mix(hex(0x74836f), random.Float64()*0.75)))
	}
}
