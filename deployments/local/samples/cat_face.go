package samples

import (
	"math"
	"math/rand/v2"
)

func face(c *canvas, random *rand.Rand) {
	blaze := blob(point{1480, 1130}, point{1455, 1280}, point{1420, 1390}, point{1300, 1450}, point{1270, 1540}, point{1350, 1625}, point{1480, 1650},
		point{1610, 1625}, point{1690, 1540}, point{1660, 1450}, point{1540, 1390}, point{1505, 1280})
	c.fill(blaze, downward(1130, 1650, evenRamp(0xcfc0c4, 0xe9dccf, 0xd0bfc0)))
	c.hair(random, blaze, 2600, 46, 6, func(p point) (colour, float64) {
		spread := math.Atan2(p.y-1360, (p.x-catMid)*1.6)
		return bib.lit(1.0 - 0.25*smooth(1560, 1660, p.y) + 0.07*random.NormFloat64()), spread + 0.25*random.NormFloat64()
	})
	for _, flip := range []bool{false, true} {
		eye(c, flip)
	}
	nose := blob(point{1412, 1418}, point{1480, 1404}, point{1548, 1418}, point{1530, 1462}, point{1480, 1496}, point{1430, 1462})
	c.fill(nose, downward(1404, 1496, evenRamp(0xf0a0a0, 0xd97a86, 0xa9546a)))
	c.fill(ellipse(1462, 1424, 26, 9, -0.1), solid(hex(0xffe0dc).alpha(0.55)))
	ink := solid(hex(0x4b2f48))
	c.fill(brush(11, 9, point{1480, 1490}, point{1480, 1535}), ink)
	smile := brush(11, 4, curve(point{1480, 1532}, point{1440, 1568}, point{1385, 1566}, point{1348, 1536})...)
	c.fill(smile, ink)
	c.fill(smile.mirrored(catMid), ink)
	whiskers(c, random)
}

func eye(c *canvas, flip bool) {
	socket := blob(point{1160, 1325}, point{1195, 1240}, point{1285, 1200}, point{1372, 1245}, point{1412, 1348}, point{1330, 1392}, point{1230, 1384})
	ball := blob(point{1182, 1322}, point{1212, 1250}, point{1286, 1218}, point{1358, 1255}, point{1392, 1338}, point{1325, 1372}, point{1236, 1366})
	middle, glint := 1290.0, 1262.0
	if flip {
		socket, ball = socket.mirrored(catMid), ball.mirrored(catMid)
		middle, glint = 2*catMid-middle, 2*catMid-glint-56
	}
	c.fill(socket, solid(hex(0x0c0816)))
	iris := newRamp(stop{0, hex(0xf6ee8e)}, stop{0.45, hex(0xc9d65a)}, stop{0.8, hex(0x6f9c3e)}, stop{1, hex(0x24481f)})
	fibres := newNoise(31)
	centre := point{middle, 1298}
	c.fill(ball, func(x, y float64) colour {
		angle := math.Atan2(y-centre.y, x-centre.x)
		ray := fibres.at(angle*14+40, math.Hypot(x-centre.x, y-centre.y)/60)
		lid := 0.5 + 0.5*smooth(1215, 1275, y)
		return iris.at(math.Hypot(x-centre.x, y-centre.y) / 115).lit((1 + 0.3*ray) * lid)
	})
	c.fill(ellipse(middle, 1298, 40, 72, 0), solid(hex(0x07040d)))
	c.fill(ellipse(glint, 1262, 22, 26, 0), solid(hex(0xfffaf0)))
	c.fill(circle(glint+64, 1332, 10), solid(hex(0xfffaf0).alpha(0.75)))
}

func whiskers(c *canvas, random *rand.Rand) {
	for i := range 5 {
		t := float64(i)/4 - 0.5
		root := point{1335 + 18*math.Abs(t), 1508 + 70*t}
		tip := point{800 + 60*math.Abs(t) + 40*random.Float64(), 1500 + 330*t}
		middle := root.toward(tip, 0.5).plus(point{0, -38})
		whisker := brush(8, 1, curve(root, middle, tip)...)
		c.fill(whisker, solid(hex(0xfff2dc).alpha(0.9)))
		c.fill(whisker.mirrored(catMid), solid(hex(0xfff2dc).alpha(0.9)))
		for _, x := range []float64{root.x + 30, root.x + 64} {
			c.fill(circle(x, root.y, 5), solid(hex(0x8a6c78)))
			c.fill(circle(2*catMid-x, root.y, 5), solid(hex(0x8a6c78)))
		}
	}
}
