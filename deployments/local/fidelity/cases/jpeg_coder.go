package cases

import (
	"math/bits"
	"slices"
)

// jpeg writes pictures of flat 8x8 blocks: ISO 10918-1, with only the first coefficient.
type jpeg struct {
	width, height int
	components    []component
	progressive   bool
	restart       int  // MCUs between restart markers, 0 for none.
	separate      bool // One scan for each component.
	rough         bool // Blocks differ a little, so that lost ones are noticed.
	// header follows the first marker: JFIF, EXIF, profiles.
	header [][]byte
}

// component is one colour of a JPEG, with its value in each quadrant.
type component struct {
	id         byte
	horizontal int
	vertical   int
	values     [4]uint8
}

// part is a piece of a JPEG: a segment or a scan.
type part struct {
	name string
	body []byte
}

func segment(marker byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat([]byte{0xff, marker}, b16(len(body)+2), body)
}

func jfif() []byte { return segment(0xe0, []byte("JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")) }

func adobe(transform byte) []byte {
	return segment(0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00"), []byte{transform})
}

func app1(tiff []byte) []byte { return segment(0xe1, []byte("Exif\x00\x00"), tiff) }

// newJPEG is YCbCr at a sampling of luma, with a JFIF header.
func newJPEG(horizontal, vertical int) jpeg {
	var y, cb, cr [4]uint8
	for q, c := range Quadrants {
		y[q], cb[q], cr[q] = ycc(c)
	}
	return jpeg{width: Width, height: Height, header: [][]byte{jfif()}, components: []component{
		{1, horizontal, vertical, y}, {2, 1, 1, cb}, {3, 1, 1, cr}}}
}

func greyJPEG() jpeg {
	return jpeg{width: Width, height: Height, header: [][]byte{jfif()}, components: []component{{1, 1, 1, greys}}}
}

// ycc converts as JFIF specifies.
func ycc(c Colour) (y, cb, cr uint8) {
	r, g, b := float64(c[0]), float64(c[1]), float64(c[2])
	return uint8(0.299*r + 0.587*g + 0.114*b + 0.5), uint8(128 - 0.168736*r - 0.331264*g + 0.5*b + 0.5), uint8(128 + 0.5*r - 0.418688*g - 0.081312*b + 0.5)
}

// parts returns the file's pieces in order.
func (j jpeg) parts() []part {
	table := slices.Repeat([]byte{16}, 64)
	table[0] = 8 // So that a flat block's coefficient is its value.
	parts := []part{{"SOI", []byte{0xff, 0xd8}}, {"header", slices.Concat(j.header...)}, {"DQT", segment(0xdb, []byte{0}, table)}}
	frame := byte(0xc0)
	if j.progressive {
		frame = 0xc2
	}
	var components []byte
	for _, c := range j.components {
		components = append(components, c.id, byte(c.horizontal<<4|c.vertical), 0)
	}
	parts = append(parts, part{"SOF", segment(frame, []byte{8}, b16(j.height, j.width), []byte{byte(len(j.components))}, components)},
		part{"DHT", segment(0xc4, []byte{0x00}, dcLengths, dcSymbols, []byte{0x10, 0, 1}, make([]byte, 14), []byte{0})})
	if j.restart > 0 {
		parts = append(parts, part{"DRI", segment(0xdd, b16(j.restart))})
	}
	all := make([]int, len(j.components))
	for i := range all {
		all[i] = i
	}
	groups := [][]int{all}
	if j.separate {
		groups = nil
		for i := range all {
			groups = append(groups, []int{i})
		}
	}
	for _, g := range groups {
		if j.progressive {
			parts = append(parts, j.scan(g, 0, 0, 0x01)...)
			parts = append(parts, j.scan(g, 0, 0, 0x10)...)
		} else {
			parts = append(parts, j.scan(g, 0, 63, 0)...)
		}
	}
	if j.progressive {
		for i := range all {
			parts = append(parts, j.scan([]int{i}, 1, 63, 0)...)
		}
	}
	return append(parts, part{"EOI", []byte{0xff, 0xd9}})
}

func (j jpeg) body() []byte { return joined(j.parts()) }

func joined(parts []part) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p.body...)
	}
	return all
}

// scan codes components from one coefficient to another. approximation is 0x01 for all
// but the lowest bit and 0x10 for that.
func (j jpeg) scan(indices []int, from, to, approximation byte) []part {
	var selected []byte
	for _, i := range indices {
		selected = append(selected, j.components[i].id, 0)
	}
	head := segment(0xda, []byte{byte(len(indices))}, selected, []byte{from, to, approximation})
	w := &bitWriter{}
	previous := make([]int, len(j.components))
	mcus, count := j.mcus(indices), 0
	for _, blocks := range mcus {
		if j.restart > 0 && count > 0 && count%j.restart == 0 {
			w.flush()
			w.out = append(w.out, 0xff, byte(0xd0+(count/j.restart-1)%8))
			clear(previous)
		}
		count++
		for _, b := range blocks {
			switch {
			case from > 0:
				w.write(0, 2) // End of block.
			case approximation == 0x10:
				w.write(b.value&1, 1)
			default:
				value := b.value >> (approximation & 1)
				w.dc(value - previous[b.component])
				previous[b.component] = value
				if to > 0 {
					w.write(0, 2)
				}
			}
		}
	}
	w.flush()
	return []part{{"SOS", head}, {"scan", w.out}}
}

// block is a block's first coefficient.
type block struct{ component, value int }

// mcus lists a scan's blocks: ISO 10918-1, A.2.
func (j jpeg) mcus(indices []int) [][]block {
	maxH, maxV := 1, 1
	for _, c := range j.components {
		maxH, maxV = max(maxH, c.horizontal), max(maxV, c.vertical)
	}
	var all [][]block
	if len(indices) == 1 {
		c := j.components[indices[0]]
		w, h := ceil(ceil(j.width*c.horizontal, maxH), 8), ceil(ceil(j.height*c.vertical, maxV), 8)
		for y := range h {
			for x := range w {
				all = append(all, []block{j.block(indices[0], x, y, maxH, maxV)})
			}
		}
		return all
	}
	for my := range ceil(j.height, 8*maxV) {
		for mx := range ceil(j.width, 8*maxH) {
			var blocks []block
			for _, i := range indices {
				c := j.components[i]
				for v := range c.vertical {
					for h := range c.horizontal {
						blocks = append(blocks, j.block(i, mx*c.horizontal+h, my*c.vertical+v, maxH, maxV))
					}
				}
			}
			all = append(all, blocks)
		}
	}
	return all
}

// block finds the colour in the middle of a block.
func (j jpeg) block(i, x, y, maxH, maxV int) block {
	c := j.components[i]
	px, py := (8*x+4)*maxH/c.horizontal, (8*y+4)*maxV/c.vertical
	value := int(c.values[quadrant(min(px, j.width-1), min(py, j.height-1), j.width, j.height)])
	if j.rough && i == 0 {
		value += (x*7 + y*5) % 9
	}
	return block{i, value - 128}
}

func ceil(a, b int) int { return (a + b - 1) / b }

// The codes for the sizes of differences: Table K.3.
var (
	dcLengths = []byte{0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0}
	dcSymbols = []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	dcCodes   = [][2]int{{0, 2}, {2, 3}, {3, 3}, {4, 3}, {5, 3}, {6, 3}, {14, 4}, {30, 5}, {62, 6}, {126, 7}, {254, 8}, {510, 9}}
)

// bitWriter writes entropy-coded data, with a zero after each byte 0xff.
type bitWriter struct {
	out  []byte
	held uint32
	n    int
}

func (w *bitWriter) write(code, length int) {
	w.held = w.held<<length | uint32(code)&(1<<length-1)
	for w.n += length; w.n >= 8; w.n -= 8 {
		b := byte(w.held >> (w.n - 8))
		w.out = append(w.out, b)
		if b == 0xff {
			w.out = append(w.out, 0)
		}
	}
}

// dc writes a difference: F.1.2.1.
func (w *bitWriter) dc(difference int) {
	size := bits.Len(uint(max(difference, -difference)))
	w.write(dcCodes[size][0], dcCodes[size][1])
	if difference < 0 {
		difference--
	}
	if size > 0 {
		w.write(difference, size)
	}
}

// flush fills the last byte with ones.
func (w *bitWriter) flush() {
	if w.n > 0 {
		w.write(1<<(8-w.n)-1, 8-w.n)
	}
}
