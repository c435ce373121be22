package samples

import (
	"image"
	"math"
	"slices"

	"golang.org/x/image/math/f32"
	"golang.org/x/image/vector"
)

// point is a place on a canvas, in units, y downwards.
type point struct{ x, y float64 }

func (p point) plus(q point) point              { return point{p.x + q.x, p.y + q.y} }
func (p point) minus(q point) point             { return point{p.x - q.x, p.y - q.y} }
func (p point) times(k float64) point           { return point{p.x * k, p.y * k} }
func (p point) toward(q point, t float64) point { return p.plus(q.minus(p).times(t)) }

// polar is the point at an angle in radians, clockwise from three o'clock.
func polar(centre point, radius, angle float64) point {
	sin, cos := math.Sincos(angle)
	return point{centre.x + radius*cos, centre.y + radius*sin}
}

// path is an outline of closed polygons. Overlapping polygons of the same direction join;
// those of opposite directions cut holes.
type path [][]point

func polygon(corners ...point) path { return path{corners} }

func rectangle(x, y, w, h float64) path {
	return polygon(point{x, y}, point{x + w, y}, point{x + w, y + h}, point{x, y + h})
}

func circle(x, y, radius float64) path { return ellipse(x, y, radius, radius, 0) }

// ellipse returns an ellipse, turned by an angle in radians, clockwise.
func ellipse(x, y, rx, ry, turn float64) path {
	sin, cos := math.Sincos(turn)
	corners := make([]point, 24+int(math.Sqrt(max(rx, ry)))*4)
	for i := range corners {
		p := polar(point{}, 1, 2*math.Pi*float64(i)/float64(len(corners)))
		corners[i] = point{x + p.x*rx*cos - p.y*ry*sin, y + p.x*rx*sin + p.y*ry*cos}
	}
	return path{corners}
}

// mirrored flips a path left to right about x. Its direction stays the same.
func (p path) mirrored(x float64) path {
	flipped := p.reversed()
	for _, corners := range flipped {
		for i, q := range corners {
			corners[i].x = 2*x - q.x
		}
	}
	return flipped
}

// reversed returns the same outline in the opposite direction.
func (p path) reversed() path {
	back := make(path, len(p))
	for i, corners := range p {
		back[i] = slices.Clone(corners)
		slices.Reverse(back[i])
	}
	return back
}

// pixels returns the box of the pixels that the path may touch.
func (p path) pixels(scale float64) image.Rectangle {
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, corners := range p {
		for _, q := range corners {
			left, right = min(left, q.x), max(right, q.x)
			top, bottom = min(top, q.y), max(bottom, q.y)
		}
	}
	if left > right {
		return image.Rectangle{}
	}
	return image.Rect(int(math.Floor(left*scale)), int(math.Floor(top*scale)),
		int(math.Ceil(right*scale)), int(math.Ceil(bottom*scale)))
}

func (p path) trace(raster *vector.Rasterizer, scale float64, origin image.Point) {
	at := func(q point) f32.Vec2 {
		return f32.Vec2{float32(q.x*scale - float64(origin.X)), float32(q.y*scale - float64(origin.Y))}
	}
	for _, corners := range p {
		start := at(corners[0])
		raster.MoveTo(start[0], start[1])
		for _, q := range corners[1:] {
			to := at(q)
			raster.LineTo(to[0], to[1])
		}
		raster.ClosePath()
	}
}

// holds reports whether a place is inside, for paths without holes.
func (p path) holds(q point) bool {
	inside := false
	for _, corners := range p {
		for i, a := range corners {
			b := corners[(i+1)%len(corners)]
			if (a.y > q.y) != (b.y > q.y) && q.x < a.x+(b.x-a.x)*(q.y-a.y)/(b.y-a.y) {
				inside = !inside
			}
		}
	}
	return inside
}

// clockwise reports the direction of the first polygon as seen on screen.
func (p path) clockwise() bool {
	area := 0.0
	for i, a := range p[0] {
		b := p[0][(i+1)%len(p[0])]
		area += a.x*b.y - b.x*a.y
	}
	return area > 0
}
