//go:build cgo

package render

// maxPalette is the maximum number of colours of a palette: an index has up to 8 bits.
const maxPalette = 256

// indexed is an image of palette indices.
type indexed struct {
	width, height int
	palette       [][4]byte // RGBA. Those that are not opaque come first.
	indices       []byte
}

// colourCount counts the colours of a picture in a hash table.
type colourCount struct {
	colours []uint32 // RGBA, the first sample in the highest bits. In the order of appearance.
	counts  []uint32
	slots   []int32 // Positions in colours, plus 1.
}

// countColours returns the colours of a picture, or nil if there are more than maxColours.
func (d *decoded) countColours(maxColours int) *colourCount {
	size := 16
	for size < 4*maxColours { // A power of two, sparse enough for short searches.
		size *= 2
	}
	c := &colourCount{slots: make([]int32, size)}
	last, at := uint32(0), -1
	for i := 0; i < len(d.pixels); i += d.bands {
		if colour := colourOf(d.pixels[i : i+d.bands : i+d.bands]); colour != last || at < 0 {
			last, at = colour, c.find(colour)
			if at == len(c.colours) {
				if at == maxColours {
					return nil
				}
				c.add(colour)
			}
		}
		c.counts[at]++
	}
	return c
}

// colourOf returns a pixel's colour. What is transparent has none.
func colourOf(pixel []byte) uint32 {
	switch len(pixel) {
	case 1:
		return uint32(pixel[0])*0x01010100 | 255
	case 2:
		if pixel[1] == 0 {
			return 0
		}
		return uint32(pixel[0])*0x01010100 | uint32(pixel[1])
	case 3:
		return uint32(pixel[0])<<24 | uint32(pixel[1])<<16 | uint32(pixel[2])<<8 | 255
	}
	if pixel[3] == 0 {
		return 0
	}
	return uint32(pixel[0])<<24 | uint32(pixel[1])<<16 | uint32(pixel[2])<<8 | uint32(pixel[3])
}

// find returns a colour's position, or the number of colours.
func (c *colourCount) find(colour uint32) int {
	mask := uint32(len(c.slots) - 1)
	for slot := colour * 0x9e3779b1 >> 7 & mask; ; slot = (slot + 1) & mask {
		switch at := int(c.slots[slot]) - 1; {
		case at < 0:
			return len(c.colours)
		case c.colours[at] == colour:
			return at
		}
	}
}

func (c *colourCount) add(colour uint32) {
	mask := uint32(len(c.slots) - 1)
	slot := colour * 0x9e3779b1 >> 7 & mask
	for c.slots[slot] != 0 {
		slot = (slot + 1) & mask
	}
	c.colours, c.counts = append(c.colours, colour), append(c.counts, 0)
	c.slots[slot] = int32(len(c.colours))
}

// index makes a palette of the colours, at most 256, and writes the picture with it.
func (c *colourCount) index(d *decoded) *indexed {
	x := &indexed{width: d.width, height: d.height, indices: make([]byte, d.width*d.height)}
	indices := make([]byte, len(c.colours)) // Of each colour.
	for _, opaque := range []bool{false, true} {
		for i, colour := range c.colours {
			if (colour&255 == 255) == opaque {
				indices[i] = byte(len(x.palette))
				x.palette = append(x.palette, rgba(colour))
			}
		}
	}
	c.writeIndices(d, indices, x.indices)
	return x
}

func rgba(colour uint32) [4]byte {
	return [4]byte{byte(colour >> 24), byte(colour >> 16), byte(colour >> 8), byte(colour)}
}

// writeIndices writes the index of each pixel's colour. byColour has that of each colour.
func (c *colourCount) writeIndices(d *decoded, byColour, to []byte) {
	last, index := uint32(0), -1
	for i := range to {
		if colour := colourOf(d.pixels[i*d.bands:][:d.bands:d.bands]); colour != last || index < 0 {
			last, index = colour, int(byColour[c.find(colour)])
		}
		to[i] = byte(index)
	}
}
