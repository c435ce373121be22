package samples

import "math"

// blob is the smooth closed curve through its points.
func blob(through ...point) path {
	var outline []point
	n := len(through)
	for i := range n {
		outline = append(outline, between(through[(i+n-1)%n], through[i], through[(i+1)%n], through[(i+2)%n])...)
	}
	return path{outline}
}

// curve is the smooth open curve through its points.
func curve(through ...point) []point {
	var line []point
	last := len(through) - 1
	for i := range last {
		line = append(line, between(through[max(i-1, 0)], through[i], through[i+1], through[min(i+2, last)])...)
	}
	return append(line, through[last])
}

// between walks a Catmull-Rom curve from b to c, without c itself.
func between(a, b, c, d point) []point {
	const steps = 16
	walk := make([]point, steps)
	for i := range walk {
		t := float64(i) / steps
		walk[i] = b.times(2).
			plus(c.minus(a).times(t)).
			plus(a.times(2).minus(b.times(5)).plus(c.times(4)).minus(d).times(t * t)).
			plus(b.times(3).minus(a).minus(c.times(3)).plus(d).times(t * t * t)).
			times(0.5)
	}
	return walk
}

// brush is a round-ended stroke along a line. Its width changes evenly from one end to the
// other.
func brush(from, to float64, line ...point) path {
	var left, right []point
	last := len(line) - 1
	for i, p := range line {
		ahead := line[min(i+1, last)].minus(line[max(i-1, 0)])
		length := max(math.Hypot(ahead.x, ahead.y), 1e-9)
		half := (from + (to-from)*float64(i)/float64(max(last, 1))) / 2
		side := point{ahead.y, -ahead.x}.times(half / length)
		left = append(left, p.plus(side))
		right = append(right, p.minus(side))
	}
	outline := append(left, cap180(line[last], left[last])...)
	for i := last; i >= 0; i-- {
		outline = append(outline, right[i])
	}
	return path{append(outline, cap180(line[0], right[0])...)}
}

// cap180 rounds the end of a stroke: half a turn about its centre, from edge.
func cap180(middle, edge point) []point {
	radius, angle := math.Hypot(edge.x-middle.x, edge.y-middle.y), math.Atan2(edge.y-middle.y, edge.x-middle.x)
	if radius < 1 {
		return nil
	}
	const steps = 10
	arc := make([]point, 0, steps)
	for i := 1; i < steps; i++ {
		arc = append(arc, polar(middle, radius, angle+math.Pi*float64(i)/steps))
	}
	return arc
}
