package samples

import (
	"math"
	"math/rand/v2"
)

// noise is Perlin's gradient noise: smooth, without features larger or much
// smaller than one, between about -0.7 and 0.7.
type noise struct {
	order     [512]uint8
	gradients [256]point
}

func newNoise(seed uint64) *noise {
	var n noise
	random := dice(seed)
	for i, v := range random.Perm(256) {
		n.order[i], n.order[i+256] = uint8(v), uint8(v)
		n.gradients[i] = polar(point{}, 1, random.Float64()*2*math.Pi)
	}
	return &n
}

// dice returns random numbers that are the same in every run.
func dice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1841)) }

func (n *noise) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx)&255, int(fy)&255
	x, y = x-fx, y-fy
	corner := func(dx, dy int) float64 {
		g := &n.gradients[n.order[int(n.order[ix+dx])+iy+dy&255]]
		return g.x*(x-float64(dx)) + g.y*(y-float64(dy))
	}
	u, v := x*x*x*(x*(x*6-15)+10), y*y*y*(y*(y*6-15)+10)
	top, bottom := corner(0, 0), corner(0, 1)
	top += (corner(1, 0) - top) * u
	bottom += (corner(1, 1) - bottom) * u
	return top + (bottom-top)*v
}

// clouds adds octaves of noise, each twice as fine and half as strong as the one before.
func (n *noise) clouds(x, y float64, octaves int) float64 {
	sum, strength := 0.0, 1.0
	for range octaves {
		sum += n.at(x, y) * strength
		x, y, strength = x*2+17.3, y*2+5.9, strength/2
	}
	return sum
}

// grain gives a picture the fine noise of film, which also hides the steps in smooth skies.
// Strength is about one standard deviation, in levels.
func (c *canvas) grain(strength float64, seed uint64) {
	const side = 512
	film := filmTile(side, strength, seed)
	for y := range c.Rect.Dy() {
		line := film[y%side*side:][:side]
		row := c.Pix[y*c.Stride:][:4*c.Rect.Dx()]
		for x := 0; x < len(row); x += 4 {
			g := line[x/4%side]
			tone := 96 + int(row[x+1])/2 // film is smoother in its shadows
			speck := int(g.luma) * min(tone, 160) >> 7
			row[x] = clamp8(int(row[x]) + speck + int(g.warm))
			row[x+1] = clamp8(int(row[x+1]) + speck)
			row[x+2] = clamp8(int(row[x+2]) + speck - int(g.warm))
		}
	}
}

type speck struct{ luma, warm int8 }

func filmTile(side int, strength float64, seed uint64) []speck {
	random := dice(seed)
	raw := make([]float64, side*side)
	for i := range raw {
		raw[i] = random.NormFloat64()
	}
	tile := make([]speck, side*side)
	for i := range tile {
		next, below := raw[(i+1)%len(raw)], raw[(i+side)%len(raw)]
		tile[i].luma = int8(min(max(math.Round(strength*(raw[i]*0.8+next*0.42+below*0.42)), -120), 120))
		tile[i].warm = int8(math.Round(strength * 0.3 * random.NormFloat64()))
	}
	return tile
}
