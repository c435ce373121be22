package cases

import (
	"fmt"
	"slices"
)

// bmp is a Windows bitmap: BITMAPFILEHEADER and one of the headers, by size. The rows go
// from the bottom up unless height is negative.
type bmp struct {
	header      int // 12, 40, 52, 56, 108 or 124.
	bits        int
	compression int
	masks       [4]uint32
	palette     []byte
	topDown     bool
	used        int
	profile     []byte
	pixels      []byte
}

const (
	bmpRGB            = 0
	bmpRLE8           = 1
	bmpRLE4           = 2
	bmpBitfields      = 3
	bmpAlphaBitfields = 6
)

func (b bmp) body() []byte {
	head := b.info()
	offset := 14 + len(head) + len(b.palette)
	all := slices.Concat([]byte("BM"), l32(offset+len(b.pixels)+len(b.profile), 0, offset), head, b.palette, b.pixels)
	return append(all, b.profile...)
}

// info is the header of the bitmap, with the masks that go behind the old one.
func (b bmp) info() []byte {
	if b.header == 12 {
		return slices.Concat(l32(12), l16(Width, Height, 1, b.bits))
	}
	height := Height
	if b.topDown {
		height = -Height
	}
	head := slices.Concat(l32(b.header, Width, height), l16(1, b.bits), l32(b.compression, len(b.pixels), 2835, 2835, b.used, 0))
	masks := l32(int(b.masks[0]), int(b.masks[1]), int(b.masks[2]), int(b.masks[3]))
	switch {
	case b.header == 40 && b.compression == bmpBitfields:
		return append(head, masks[:12]...)
	case b.header == 40 && b.compression == bmpAlphaBitfields:
		return append(head, masks...)
	case b.header == 40:
		return head
	}
	head = append(head, masks[:min(16, b.header-40)]...)
	if b.header >= 108 {
		space := "BGRs"
		if b.profile != nil {
			space = "DEBM" // Embedded.
		}
		head = slices.Concat(head, []byte(space), make([]byte, 36+12))
	}
	if b.header == 124 {
		head = append(head, l32(4, b.header+len(b.palette)+len(b.pixels), len(b.profile), 0)...)
	}
	return head
}

// rows writes pixels of a number of bytes each, row by row, padded to 4 bytes.
func bmpRows(topDown bool, pixel func(q int) []byte) []byte {
	var all []byte
	for row := range Height {
		y := Height - 1 - row
		if topDown {
			y = row
		}
		start := len(all)
		for x := range Width {
			all = append(all, pixel(quadrant(x, y, Width, Height))...)
		}
		for (len(all)-start)%4 != 0 {
			all = append(all, 0)
		}
	}
	return all
}

func bmpPalette(size int) []byte {
	var p []byte
	for _, q := range Quadrants {
		p = append(p, q[2], q[1], q[0])
		if size == 4 {
			p = append(p, 0)
		}
	}
	return p
}

// indexed packs the quadrants' numbers.
func indexed(depth int) []byte {
	var all []byte
	for row := range Height {
		var numbers []int
		for x := range Width {
			numbers = append(numbers, quadrant(x, Height-1-row, Width, Height)&(1<<depth-1))
		}
		all = append(all, pack(depth, numbers)...) // Widths of 160 need no padding.
	}
	return all
}

// runLengths codes rows of two colours each.
func runLengths(depth int) []byte {
	var all []byte
	for row := range Height {
		for x := 0; x < Width; x += 80 {
			q := byte(quadrant(x, Height-1-row, Width, Height))
			if depth == 4 {
				q |= q << 4
			}
			all = append(all, 80, q)
		}
		all = append(all, 0, 0)
	}
	return append(all, 0, 1)
}

func bgr(q int) []byte { return []byte{Quadrants[q][2], Quadrants[q][1], Quadrants[q][0]} }

// bgra has an alpha for each quadrant.
func bgra(alphas [4]uint8) func(int) []byte {
	return func(q int) []byte { return append(bgr(q), alphas[q]) }
}

// packed is a pixel of 16 bits.
func packed(r, g, b int) func(int) []byte {
	return func(q int) []byte {
		c := Quadrants[q]
		return l16(deeper(c[0], r)<<(g+b) | deeper(c[1], g)<<b | deeper(c[2], b))
	}
}

func addBMP(s *set) {
	add := func(class, name string, b bmp) { s.add(class, "bmp-"+name+".bmp", b.body()) }
	two := bmpPalette(4)[:8]
	add("bmp-kinds", "1", bmp{header: 40, bits: 1, palette: two, used: 2, pixels: indexed(1)})
	for _, depth := range []int{4, 8} {
		b := bmp{header: 40, bits: depth, palette: bmpPalette(4), used: 4, pixels: indexed(depth)}
		add("bmp-kinds", fmt.Sprint(depth), b)
		b.compression, b.pixels = map[int]int{4: bmpRLE4, 8: bmpRLE8}[depth], runLengths(depth)
		add("bmp-kinds", fmt.Sprint(depth, "-rle"), b)
	}
	add("bmp-kinds", "8-core", bmp{header: 12, bits: 8, palette: append(bmpPalette(3), make([]byte, 252*3)...), pixels: indexed(8)})
	short := bmp{header: 40, bits: 8, palette: bmpPalette(4)[:12], used: 3, pixels: indexed(8)}
	add("bmp-kinds", "8-beyond-palette", short)
	add("bmp-kinds", "16-555", bmp{header: 40, bits: 16, pixels: bmpRows(false, packed(5, 5, 5))})
	add("bmp-kinds", "16-565", bmp{header: 40, bits: 16, compression: bmpBitfields, masks: [4]uint32{0xf800, 0x07e0, 0x001f}, pixels: bmpRows(false, packed(5, 6, 5))})
	add("bmp-kinds", "24", bmp{header: 40, bits: 24, pixels: bmpRows(false, bgr)})
	add("bmp-kinds", "24-core", bmp{header: 12, bits: 24, pixels: bmpRows(false, bgr)})
	add("bmp-kinds", "24-top-down", bmp{header: 40, bits: 24, topDown: true, pixels: bmpRows(true, bgr)})
	swapped := func(q int) []byte { return []byte{Quadrants[q][0], Quadrants[q][1], Quadrants[q][2], 0} }
	add("bmp-kinds", "32-rgb-masks", bmp{header: 40, bits: 32, compression: bmpBitfields, masks: [4]uint32{0xff, 0xff00, 0xff0000}, pixels: bmpRows(false, swapped)})
	add("bmp-kinds", "124-24", bmp{header: 124, bits: 24, pixels: bmpRows(false, bgr)})

	masks := [4]uint32{0xff0000, 0xff00, 0xff, 0xff000000}
	kinds := map[string][4]uint8{"soft": softs, "zero": {}, "one": {0, 0, 0, 255}}
	for _, name := range []string{"soft", "zero", "one"} {
		pixels := bmpRows(false, bgra(kinds[name]))
		add("bmp-alpha", "40-rgb-"+name, bmp{header: 40, bits: 32, pixels: pixels})
		add("bmp-alpha", "40-masks-"+name, bmp{header: 40, bits: 32, compression: bmpBitfields, masks: masks, pixels: pixels})
		for _, header := range []int{56, 108, 124} {
			add("bmp-alpha", fmt.Sprintf("%d-masks-%s", header, name), bmp{header: header, bits: 32, compression: bmpBitfields, masks: masks, pixels: pixels})
		}
		add("bmp-alpha", "124-rgb-"+name, bmp{header: 124, bits: 32, masks: masks, pixels: pixels})
		opaque := masks
		opaque[3] = 0
		add("bmp-alpha", "124-no-alpha-mask-"+name, bmp{header: 124, bits: 32, compression: bmpBitfields, masks: opaque, pixels: pixels})
	}
	add("bmp-alpha", "40-alpha-masks-soft", bmp{header: 40, bits: 32, compression: bmpAlphaBitfields, masks: masks, pixels: bmpRows(false, bgra(softs))})
	add("bmp-colour", "124-profile-p3", bmp{header: 124, bits: 24, profile: profileRGB(primariesP3, 0), pixels: bmpRows(false, bgr)})

	whole := bmp{header: 40, bits: 24, pixels: bmpRows(false, bgr)}.body()
	s.add("bmp-damage", "bmp-cut-half.bmp", whole[:len(whole)/2])
	s.add("bmp-damage", "bmp-cut-2.bmp", whole[:len(whole)-2])
	s.add("bmp-damage", "bmp-trailing.bmp", append(whole[:len(whole):len(whole)], "and more"...))
	s.add("bmp-damage", "bmp-cut-header.bmp", whole[:30])
	broken := bmp{header: 40, bits: 8, compression: bmpRLE8, palette: bmpPalette(4), used: 4, pixels: runLengths(8)[:200]}
	add("bmp-damage", "rle-cut", broken)
	for name, skipping := range ordered(
		"delta", slices.Concat([]byte{0, 2, 40, 24}, runLengths(8)), // Right, and up.
		"early-end", append(runLengths(8)[:6*40], 0, 1),
	) {
		add("bmp-kinds", "8-rle-"+name, bmp{header: 40, bits: 8, compression: bmpRLE8, palette: bmpPalette(4), used: 4, pixels: skipping})
	}
}
