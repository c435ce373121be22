//go:build cgo

package render

// maxFlat is the number of colours up to which a picture is flat: a drawing, an icon or a
// screenshot that was hardly scaled. Lossless WebP then takes 0.4 to 0.6 times the bytes of
// lossy WebP at quality 80 (a screenshot of 969 colours 39 kB and 98). Scaling adds colours
// at each edge: the same screenshot at 854 pixels has 3333, and takes 91 kB and 56. A photo
// exceeds them within a few rows, or maxFlatGrey if it is grey.
const maxFlat, maxFlatGrey = 1024, 64

// isFlat reports whether a picture has few colours.
func (d *decoded) isFlat() bool {
	limit := maxFlat
	if d.bands <= 2 {
		limit = maxFlatGrey
	}
	const slots = 4 * maxFlat // A power of two, sparse enough for short searches.
	var known [slots]uint64   // Colour by hash; zero is an empty slot.
	count := 0
	last := uint64(0)
	for i := 0; i < len(d.pixels); i += d.bands {
		colour := uint64(1)
		for _, sample := range d.pixels[i : i+d.bands] {
			colour = colour<<8 | uint64(sample)
		}
		if colour == last {
			continue
		}
		last = colour
		at := colour * 0x9e3779b97f4a7c15 >> 52
		for known[at] != colour && known[at] != 0 {
			at = (at + 1) % slots
		}
		if known[at] == colour {
			continue
		}
		known[at] = colour
		if count++; count > limit {
			return false
		}
	}
	return true
}
