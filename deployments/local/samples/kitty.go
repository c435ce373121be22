package samples

import "math"

// kitty is a cat on a hill before sunset.
func kitty(c *canvas) {
	sun := point{2560, 1500}
	duskSky(c, sun)
	hills(c, sun)
	cat(c, sun)
	meadow(c)
	c.grain(3.2, 3)
}

func duskSky(c *canvas, sun point) {
	w, h := c.size()
	sky := evenRamp(0x1c1b4a, 0x33296b, 0x63377f, 0xa9497f, 0xe46a6a, 0xfb9a5c, 0xffc877, 0xffe2a0)
	drift := newNoise(11)
	veil := c.field(w, h, 10, func(x, y float64) float64 {
		bend := drift.at(x/900, y/500) * 1.2
		streak := drift.clouds(x/1100+bend*0.4, y/190+bend, 5)
		return smooth(0.02, 0.62, streak) * smooth(150, 700, y) * (1 - 0.55*smooth(1300, 1900, y))
	})
	lit, shaded := evenRamp(0x7b4a94, 0xd8628a, 0xff8d6b, 0xffc98a), evenRamp(0x2b2460, 0x5a3579, 0xa6517e, 0xe88468)
	c.land(func(float64) float64 { return 0 }, 1950, func(x, y float64) colour {
		t := y / 1950
		cloud := veil.at(x, y)
		below := veil.at(x, y+45) // thin undersides take the light
		edge := lit.at(t).mix(shaded.at(t), smooth(0.1, 0.7, below))
		return sky.at(t).mix(edge, cloud*0.85)
	})
	c.glow(sun.x, sun.y, 2300, hex(0xff9a50).alpha(0.38))
	c.glow(sun.x, sun.y, 1000, hex(0xffd080).alpha(0.55))
	disc := evenRamp(0xfff6d0, 0xffeeb0, 0xffd77a)
	c.fill(circle(sun.x, sun.y, 400), downward(sun.y-400, sun.y+400, disc))
	c.glow(sun.x, sun.y, 640, hex(0xfff0c0).alpha(0.5))
	for _, bird := range []point{{3250, 640}, {3370, 560}, {3480, 655}, {3120, 520}, {3600, 540}} {
		wing := brush(13, 2, curve(bird, point{bird.x - 30, bird.y - 26}, point{bird.x - 82, bird.y - 8})...)
		c.fill(wing, solid(hex(0x33204f)))
		c.fill(wing.mirrored(bird.x), solid(hex(0x33204f)))
	}
}

// hills draws hills one behind the other; haze makes the far ones paler.
func hills(c *canvas, sun point) {
	w, _ := c.size()
	rough, evening := newNoise(5), hex(0xffb070)
	woods := c.field(w, 3000, 8, func(x, y float64) float64 { return rough.clouds(x/90, y/46, 4) })
	for i, hill := range []struct {
		y, swell, width, foot float64
		far, near             uint32
	}{
		{1690, 150, 900, 2030, 0xd9767c, 0xf09a78},
		{1850, 170, 760, 2220, 0xa4527a, 0xc96f7a},
		{2040, 170, 640, 2390, 0x6c3870, 0x96507a},
		{2250, 130, 820, 2900, 0x43275c, 0x63386c},
	} {
		ridge := func(x float64) float64 {
			return hill.y - hill.swell*rough.clouds(x/hill.width+float64(i)*7.7, float64(i)*3.3, 6)
		}
		mist := evenRamp(hill.far, hill.near)
		warmth := c.field(w, 2, 16, func(x, _ float64) float64 { return 0.32 * math.Exp(-math.Abs(x-sun.x)/900) })
		c.land(ridge, hill.foot, func(x, y float64) colour {
			slope := woods.at(x, y) * (0.03 + 0.05*float64(i))
			return mist.at((y-hill.y+hill.swell)/420).mix(evening, warmth.at(x, 0)).lit(1 + slope)
		})
	}
}

// meadow is the dark hilltop in front, its grass lit from behind.
func meadow(c *canvas) {
	w, _ := c.size()
	random, rough, shadow := dice(8), newNoise(21), hex(0x1c1234)
	ridge := func(x float64) float64 {
		return 2690 + 0.00003*(x-1700)*(x-1700) + 26*rough.clouds(x/420, 0, 3)
	}
	soil := evenRamp(0x2a1b46, 0x120c26)
	c.land(ridge, 3000, downward(2650, 2980, soil))
	for range 5200 {
		x := random.Float64() * w
		deep := random.Float64()
		root := point{x, ridge(x) + 12 + 330*deep*deep}
		tall := (50 + 75*random.Float64()) * (1 + 0.7*deep)
		lean := (random.Float64() - 0.42) * tall * 0.7
		blade := curve(root, root.plus(point{lean * 0.3, -tall * 0.6}), root.plus(point{lean, -tall}))
		tip := hex(0xf2a068).mix(hex(0x3a2552), 0.25+deep*1.4+0.3*random.Float64())
		c.fill(brush(7+5*deep, 1, blade...), func(_, y float64) colour {
			return tip.mix(shadow, (y-root.y+tall)/tall*1.3)
		})
	}
	for range 30 {
		x, y, size := random.Float64()*w, 2330+560*random.Float64(), 5+6*random.Float64()
		c.glow(x, y, size*7, hex(0xffa83c).alpha(0.6))
		c.fill(circle(x, y, size*0.6), solid(hex(0xffeaa8)))
	}
}
