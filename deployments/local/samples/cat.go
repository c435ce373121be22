package samples

import (
	"math"
	"math/rand/v2"
)

var (
	coat   = hex(0x1f1730)
	bib    = hex(0xe9dccf)
	sunlit = hex(0xffb45e)
)

const catMid = 1480.0 // the x coordinate of the cat's centre

// cat is a tuxedo cat that faces the viewer, with its back to the sun.
func cat(c *canvas, sun point) {
	random := dice(77)
	tail := curve(point{1830, 2600}, point{2060, 2700}, point{2330, 2660}, point{2450, 2480}, point{2400, 2320}, point{2290, 2310})
	furry(c, random, brush(190, 120, tail...), sun, coat)
	furry(c, random, body(), sun, coat)
	chest(c, random)
	legs(c, random, sun)
	head := blob(
		point{1480, 985}, point{1330, 1000}, point{1150, 1110}, point{1060, 1300}, point{1095, 1470}, point{1230, 1600}, point{1480, 1668},
		point{1730, 1600}, point{1865, 1470}, point{1900, 1300}, point{1810, 1110}, point{1630, 1000},
	)
	for _, flip := range []bool{false, true} {
		ear(c, random, sun, flip)
	}
	furry(c, random, head, sun, coat)
	face(c, random)
}

func body() path {
	return blob(
		point{1480, 1500}, point{1250, 1560}, point{1130, 1750}, point{1050, 2050}, point{975, 2350}, point{960, 2600}, point{1040, 2740},
		point{1480, 2770}, point{1920, 2740}, point{2000, 2600}, point{1985, 2350}, point{1910, 2050}, point{1830, 1750}, point{1710, 1560},
	)
}

func ear(c *canvas, random *rand.Rand, sun point, flip bool) {
	outer := blob(point{1095, 1260}, point{1075, 1050}, point{1078, 850}, point{1104, 792}, point{1160, 812}, point{1330, 920}, point{1440, 1060}, point{1300, 1240})
	inner := blob(point{1150, 1150}, point{1128, 1000}, point{1126, 900}, point{1158, 888}, point{1275, 985}, point{1345, 1060}, point{1260, 1130})
	if flip {
		outer, inner = outer.mirrored(catMid), inner.mirrored(catMid)
	}
	furry(c, random, outer, sun, coat)
	c.fill(inner, downward(840, 1150, evenRamp(0xd98378, 0xa2566a, 0x4a2a48)))
	c.hair(random, inner, 260, 95, 7, func(p point) (colour, float64) {
		return coat.mix(hex(0xc99aa0), 0.5*random.Float64()), -math.Pi/2 + (p.x-catMid)*-0.0009 + 0.3*random.NormFloat64()
	})
}

func chest(c *canvas, random *rand.Rand) {
	front := blob(point{1300, 1560}, point{1270, 1750}, point{1330, 1980}, point{1480, 2170}, point{1630, 1980}, point{1690, 1750}, point{1660, 1560})
	c.fill(front, downward(1560, 2170, evenRamp(0x8d7f96, 0xcfc0c4, 0xe2d3cb)))
	c.hair(random, front, 2600, 90, 9, func(p point) (colour, float64) {
		shade := 0.62 + 0.42*smooth(1560, 1850, p.y) + 0.10*random.NormFloat64()
		return bib.lit(min(shade, 1.06)), math.Pi/2 + (catMid-p.x)*0.0016 + 0.16*random.NormFloat64()
	})
}

func legs(c *canvas, random *rand.Rand, sun point) {
	for _, flip := range []bool{false, true} {
		haunch := blob(point{1100, 2280}, point{1010, 2420}, point{985, 2600}, point{1060, 2735}, point{1210, 2745}, point{1290, 2600}, point{1240, 2380})
		leg := blob(point{1330, 1980}, point{1300, 2250}, point{1310, 2560}, point{1290, 2700}, point{1380, 2750}, point{1468, 2700}, point{1472, 2400}, point{1475, 2100})
		paw := blob(point{1312, 2560}, point{1272, 2660}, point{1282, 2735}, point{1375, 2765}, point{1465, 2738}, point{1474, 2660}, point{1460, 2560}, point{1385, 2590})
		if flip {
			haunch, leg, paw = haunch.mirrored(catMid), leg.mirrored(catMid), paw.mirrored(catMid)
		}
		fur(c, random, haunch, coat.lit(1.15))
		rim(c, random, haunch, sun, coat.lit(1.15), 0.4)
		fur(c, random, leg, coat.lit(1.3))
		rim(c, random, leg, sun, coat.lit(1.3), 0.25)
		c.fill(paw, downward(2560, 2765, evenRamp(0xd5c6c6, 0xe9dccf, 0xa8939f)))
		c.hair(random, paw, 500, 50, 7, func(p point) (colour, float64) {
			return bib.lit(0.98 - 0.35*smooth(2650, 2770, p.y) + 0.06*random.NormFloat64()), math.Pi/2 + 0.2*random.NormFloat64()
		})
		for _, toe := range []float64{1340, 1405} {
			if flip {
				toe = 2*catMid - toe
			}
			c.fill(brush(9, 5, point{toe, 2690}, point{toe, 2750}), solid(hex(0x7a6478).alpha(0.8)))
		}
	}
}
