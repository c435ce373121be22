//go:build cgo

package render

import (
	"cmp"
	"math"
	"slices"
)

// Fewer colours: the colours of a picture, with how often they occur, are split where they
// vary most until there are as many groups as wanted, whose means are then moved to where
// they err least (Lloyd's algorithm).

// cluster is a colour, or the mean of several. Colours are multiplied by alpha, so that those
// of transparent pixels count as little as they are seen.
type cluster struct {
	at     [4]float32
	weight float32
	index  int32 // Of its group, or of the colour in the palette.
}

// channelWeights is how much differences of red, green, blue and alpha are seen.
var channelWeights = [4]float32{2, 4, 1.8, 3}

// maxCounted is the number of colours that are distinguished before they are quantised.
const maxCounted = 1 << 14

// quantised returns the picture with at most maxColours colours.
func (d *decoded) quantised(maxColours int) *indexed {
	c := d.count()
	defer c.free()
	few := c.reduce(maxColours)
	return c.write(few, c.fit(few))
}

// counted is a picture's colours. If there are too many, they are those of a coarser copy.
type counted struct {
	*colourCount
	picture, coarse *decoded
	clusters        []cluster
}

func (d *decoded) count() *counted {
	c := &counted{picture: d, coarse: d}
	for shift := uint(0); c.colourCount == nil; shift++ {
		if shift > 0 {
			c.free()
			c.coarse = d.coarser(shift)
		}
		c.colourCount = c.coarse.countColours(maxCounted)
	}
	c.clusters = make([]cluster, len(c.colours))
	for i, colour := range c.colours {
		c.clusters[i] = cluster{at: seen(rgba(colour)), weight: float32(c.counts[i])}
		if colour == 0 { // What is transparent has no error.
			c.clusters[i].weight = 1
		}
	}
	return c
}

func (c *counted) free() {
	if c.coarse != c.picture {
		c.coarse.free()
	}
}

// fewColours is a palette, and where its colours are.
type fewColours struct {
	palette [][4]byte
	means   []cluster // Sorted by green; index is that in the palette.
	starts  greenStarts
}

// greenStarts has the number of means that are less green, for each green rounded down.
type greenStarts [257]int16

func startsOf(means []cluster) (starts greenStarts) {
	i := 0
	for green := range starts {
		for i < len(means) && means[i].at[1] < float32(green) {
			i++
		}
		starts[green] = int16(i)
	}
	return starts
}

func newFewColours(palette [][4]byte) *fewColours {
	f := &fewColours{palette: palette}
	for i, c := range palette {
		f.means = append(f.means, cluster{at: seen(c), index: int32(i)})
	}
	sortByGreen(f.means)
	f.starts = startsOf(f.means)
	return f
}

func sortByGreen(means []cluster) {
	slices.SortFunc(means, func(a, b cluster) int { return cmp.Compare(a.at[1], b.at[1]) })
}

// reduce finds a palette of at most maxColours colours. Transparent is one of them if the
// picture has it.
func (c *counted) reduce(maxColours int) *fewColours {
	visible := slices.DeleteFunc(slices.Clone(c.clusters), func(c cluster) bool { return c.at[3] == 0 })
	var palette [][4]byte
	if len(visible) < len(c.clusters) {
		palette = append(palette, [4]byte{})
	}
	means := split(visible, maxColours-len(palette))
	sortByGreen(means)
	for range 2 {
		refine(visible, means)
	}
	for _, m := range means {
		palette = append(palette, m.colour())
	}
	slices.SortStableFunc(palette, func(a, b [4]byte) int { return cmp.Compare(a[3], b[3]) })
	return newFewColours(palette)
}

// fit finds the nearest of few colours for each colour, and returns the mean squared error.
func (c *counted) fit(few *fewColours) float32 {
	return assign(c.clusters, few.means)
}

// write writes the picture with the colours that were fitted last.
func (c *counted) write(few *fewColours, mse float32) *indexed {
	d := c.picture
	x := &indexed{width: d.width, height: d.height, palette: few.palette, indices: make([]byte, d.width*d.height)}
	if mse > maxFlatError {
		few.dither(d, x.indices)
		return x
	}
	byColour := make([]byte, len(c.clusters))
	for i, cluster := range c.clusters {
		byColour[i] = byte(few.means[cluster.index].index)
	}
	c.writeIndices(c.coarse, byColour, x.indices)
	return x
}

// maxFlatError is the mean squared error, weighted, above which dithering looks better than
// areas of one colour.
const maxFlatError = 40

// coarser returns a picture whose samples have fewer bits.
func (d *decoded) coarser(shift uint) *decoded {
	to, _ := newDecoded(d.width, d.height, d.bands)
	half := byte(1) << shift >> 1
	for i, v := range d.pixels {
		to.pixels[i] = v>>shift<<shift | half
		if v == 255 || v == 0 {
			to.pixels[i] = v
		}
	}
	return to
}

func seen(c [4]byte) [4]float32 {
	share := float32(c[3]) / 255
	return [4]float32{float32(c[0]) * share, float32(c[1]) * share, float32(c[2]) * share, float32(c[3])}
}

// colour returns the cluster's colour, not multiplied.
func (c cluster) colour() (rgba [4]byte) {
	alpha := c.at[3]
	if alpha < 0.5 {
		return rgba
	}
	for i := range 3 {
		rgba[i] = byte(min(255, c.at[i]*255/alpha+0.5))
	}
	rgba[3] = byte(min(255, alpha+0.5))
	return rgba
}

// group is some clusters that follow one another.
type group struct {
	clusters []cluster
	mean     [4]float32
	weight   float32
	axis     int
	spread   float32 // The weighted variance along the axis, times the weight.
}

func newGroup(clusters []cluster) group {
	g := group{clusters: clusters}
	var sum, squares [4]float64
	weight := 0.0
	for _, c := range clusters {
		w := float64(c.weight)
		weight += w
		for i, v := range c.at {
			sum[i] += w * float64(v)
			squares[i] += w * float64(v) * float64(v)
		}
	}
	g.weight = float32(weight)
	for i := range sum {
		mean := sum[i] / weight
		g.mean[i] = float32(mean)
		if spread := float32((squares[i] - sum[i]*mean) * float64(channelWeights[i])); spread > g.spread {
			g.axis, g.spread = i, spread
		}
	}
	return g
}

// split returns the means of at most maxGroups groups of clusters, whose order it changes.
func split(clusters []cluster, maxGroups int) (means []cluster) {
	if len(clusters) == 0 {
		return nil
	}
	groups := []group{newGroup(clusters)}
	for len(groups) < maxGroups {
		widest := 0
		for i, g := range groups {
			if g.spread > groups[widest].spread {
				widest = i
			}
		}
		g := groups[widest]
		if g.spread < 0.5 {
			break
		}
		low, high := 0, len(g.clusters)
		for low < high {
			if g.clusters[low].at[g.axis] < g.mean[g.axis] {
				low++
			} else {
				high--
				g.clusters[low], g.clusters[high] = g.clusters[high], g.clusters[low]
			}
		}
		if low == 0 || low == len(g.clusters) {
			groups[widest].spread = 0 // All are equal but for rounding.
			continue
		}
		groups[widest] = newGroup(g.clusters[:low])
		groups = append(groups, newGroup(g.clusters[low:]))
	}
	for _, g := range groups {
		means = append(means, cluster{at: g.mean, weight: g.weight})
	}
	return means
}

// refine moves each mean to the middle of the clusters that are nearest to it.
func refine(clusters, means []cluster) {
	assign(clusters, means)
	sums, weights := make([][4]float64, len(means)), make([]float64, len(means))
	for _, c := range clusters {
		w := float64(c.weight)
		weights[c.index] += w
		for i, v := range c.at {
			sums[c.index][i] += w * float64(v)
		}
	}
	for i := range means {
		for j := range sums[i] {
			if weights[i] > 0 {
				means[i].at[j] = float32(sums[i][j] / weights[i])
			}
		}
	}
	sortByGreen(means)
}

// assign sets each cluster's index to that of the nearest mean, and returns the mean squared error. The
// means are sorted by green.
func assign(clusters, means []cluster) float32 {
	sum, weight := float32(0), float32(0)
	starts := startsOf(means)
	for i := range clusters {
		c := &clusters[i]
		index, distance := nearest(means, &starts, c.at)
		c.index = int32(index)
		sum += distance * c.weight
		weight += c.weight
	}
	return sum / weight
}

// nearest searches outwards from where green is equal.
func nearest(means []cluster, starts *greenStarts, at [4]float32) (index int, distance float32) {
	start := int(starts[min(uint(at[1]), 255)])
	for start < len(means) && means[start].at[1] < at[1] {
		start++
	}
	distance = math.MaxFloat32
	consider := func(i int) (more bool) {
		m := &means[i].at
		if m[3] == 0 && at[3] > 247 { // No opaque colour becomes transparent.
			return true
		}
		green := m[1] - at[1]
		if green = green * green * channelWeights[1]; green >= distance {
			return false
		}
		red, blue, alpha := m[0]-at[0], m[2]-at[2], m[3]-at[3]
		if d := green + red*red*channelWeights[0] + blue*blue*channelWeights[2] + alpha*alpha*channelWeights[3]; d < distance {
			index, distance = i, d
		}
		return true
	}
	up, down := start, start-1
	for up < len(means) || down >= 0 {
		if up < len(means) {
			if up++; !consider(up - 1) {
				up = len(means)
			}
		}
		if down >= 0 {
			if down--; !consider(down + 1) {
				down = -1
			}
		}
	}
	return index, distance
}

// dither spreads each pixel's error to its neighbours (Floyd and Steinberg's weights, in
// alternating directions). Pixels that are not opaque do not take part.
func (f *fewColours) dither(d *decoded, indices []byte) {
	var known [1 << 15]int16 // The index of a colour of 5 bits a sample, plus 1.
	here, below := make([][3]int32, d.width+2), make([][3]int32, d.width+2)
	for y := range d.height {
		step, x0 := 1, 0
		if y%2 == 1 {
			step, x0 = -1, d.width-1
		}
		clear(below)
		for i, column := 0, x0; i < d.width; i, column = i+1, column+step {
			at := y*d.width + column
			c := rgba(colourOf(d.pixels[at*d.bands:][:d.bands:d.bands]))
			if c[3] != 255 {
				index, _ := nearest(f.means, &f.starts, seen(c))
				indices[at] = byte(f.means[index].index)
				continue
			}
			e := &here[column+1]
			var want [3]int32
			for j := range want {
				want[j] = min(max(int32(c[j])+e[j]/16, 0), 255)
			}
			slot := &known[want[0]>>3<<10|want[1]>>3<<5|want[2]>>3]
			if *slot == 0 {
				index, _ := nearest(f.means, &f.starts, [4]float32{float32(want[0]&^7 | 4), float32(want[1]&^7 | 4), float32(want[2]&^7 | 4), 255})
				*slot = int16(f.means[index].index) + 1
			}
			index := *slot - 1
			indices[at] = byte(index)
			got := &f.palette[index]
			for j := range want {
				miss := want[j] - int32(got[j])
				here[column+1+step][j] += 7 * miss
				below[column+1-step][j] += 3 * miss
				below[column+1][j] += 5 * miss
				below[column+1+step][j] += miss
			}
		}
		here, below = below, here
	}
}
