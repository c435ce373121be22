package cases

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// tiff is a picture of one strip: TIFF 6.0.
type tiff struct {
	order       binary.AppendByteOrder
	big         bool // BigTIFF: offsets of 8 bytes.
	bits        []int
	photometric int
	compression int
	extra       []int // ExtraSamples.
	format      int   // SampleFormat; 0 writes none.
	more        []tiffField
	pixels      []byte
}

// tiffField is a field of numbers, or of bytes.
type tiffField struct {
	tag, kind int
	numbers   []int
	bytes     []byte
}

// Photometric interpretations.
const (
	tiffBlackIsZero = 1
	tiffRGB         = 2
	tiffPalette     = 3
	tiffCMYK        = 5
	tiffYCbCr       = 6
)

func (t tiff) body() []byte {
	order := t.order
	if order == nil {
		order = binary.LittleEndian
	}
	fields := []tiffField{
		{0x100, typeShort, []int{Width}, nil}, {0x101, typeShort, []int{Height}, nil}, {0x102, typeShort, t.bits, nil},
		{0x103, typeShort, []int{max(1, t.compression)}, nil}, {0x106, typeShort, []int{t.photometric}, nil},
		{0x111, typeLong, []int{0}, nil}, {0x115, typeShort, []int{len(t.bits)}, nil}, {0x116, typeShort, []int{Height}, nil},
		{0x117, typeLong, []int{len(t.pixels)}, nil},
	}
	if t.extra != nil {
		fields = append(fields, tiffField{0x152, typeShort, t.extra, nil})
	}
	if t.format != 0 {
		fields = append(fields, tiffField{0x153, typeShort, slices.Repeat([]int{t.format}, len(t.bits)), nil})
	}
	fields = append(fields, t.more...)
	slices.SortFunc(fields, func(a, b tiffField) int { return a.tag - b.tag })

	word, entry, head := 4, 12, 8
	if t.big {
		word, entry, head = 8, 20, 16
	}
	number := func(n int) []byte {
		if t.big {
			return order.AppendUint64(nil, uint64(n))
		}
		return write(order, 4, []int{n})
	}
	count := 2
	if t.big {
		count = 8
	}
	at := head + count + entry*len(fields) + word
	var values []byte
	var table []byte
	for _, f := range fields {
		value := f.bytes
		n := len(value)
		if value == nil {
			size := map[int]int{typeShort: 2, typeLong: 4}[f.kind]
			value, n = write(order, size, f.numbers), len(f.numbers)
		}
		if f.tag == 0x111 || f.tag == 0x201 { // The strip, or a whole JPEG in its place.
			value = write(order, 4, []int{-1}) // Known below.
		}
		table = slices.Concat(table, write(order, 2, []int{f.tag, f.kind}), number(n))
		if len(value) > word {
			table = append(table, number(at+len(values))...)
			values = append(values, value...)
			if len(values)%2 == 1 {
				values = append(values, 0)
			}
			continue
		}
		table = append(table, append(value, make([]byte, word-len(value))...)...)
	}
	strip := write(order, 4, []int{at + len(values)})
	for i := 0; i < len(table); i += entry {
		if tag := binaryOrder(order).Uint16(table[i:]); tag == 0x111 || tag == 0x201 {
			copy(table[i+entry-word:], strip)
		}
	}
	mark := "II"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		mark = "MM"
	}
	header := slices.Concat([]byte(mark), write(order, 2, []int{42}), write(order, 4, []int{8}), write(order, 2, []int{len(fields)}))
	if t.big {
		header = slices.Concat([]byte(mark), write(order, 2, []int{43, 8, 0}), number(16), number(len(fields)))
	}
	return slices.Concat(header, table, number(0), values, t.pixels)
}

func binaryOrder(order binary.AppendByteOrder) binary.ByteOrder {
	if order == binary.AppendByteOrder(binary.BigEndian) {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// interleaved are the samples of all pixels.
func interleaved(pixel func(q int) []byte) []byte {
	var all []byte
	for y := range Height {
		for x := range Width {
			all = append(all, pixel(quadrant(x, y, Width, Height))...)
		}
	}
	return all
}

func rgbPixel(q int) []byte { return Quadrants[q][:3:3] }

func addTIFF(s *set) {
	eight := []int{8, 8, 8}
	rgb := tiff{bits: eight, photometric: tiffRGB, pixels: interleaved(rgbPixel)}
	add := func(name string, t tiff) *Case {
		c := s.add("tiff-kinds", "tiff-"+name+".tif", t.body())
		c.shows(Width, Height, Quadrants)
		return c
	}
	inGrey := func() (all [4]Colour) {
		for q, v := range greys {
			all[q] = Colour{v, v, v, 255}
		}
		return all
	}()
	add("rgb", rgb)
	big := rgb
	big.big = true
	add("bigtiff", big)
	motorola := rgb
	motorola.order = binary.BigEndian
	add("rgb-big-endian", motorola)
	add("rgb-deflate", tiff{bits: eight, photometric: tiffRGB, compression: 8, pixels: deflate(rgb.pixels)})
	add("grey", tiff{bits: []int{8}, photometric: tiffBlackIsZero, pixels: interleaved(func(q int) []byte { return []byte{greys[q]} })}).shows(Width, Height, inGrey)
	add("grey-16", tiff{bits: []int{16}, photometric: tiffBlackIsZero, pixels: interleaved(func(q int) []byte { return l16(int(greys[q]) * 257) })}).shows(Width, Height, inGrey)
	add("rgb-16", tiff{bits: []int{16, 16, 16}, photometric: tiffRGB, pixels: interleaved(func(q int) []byte {
		return l16(int(Quadrants[q][0])*257, int(Quadrants[q][1])*257, int(Quadrants[q][2])*257)
	})})
	float := func(v uint8) int { return int(math.Float32bits(float32(v) / 255)) }
	add("rgb-float", tiff{bits: []int{32, 32, 32}, format: 3, photometric: tiffRGB, pixels: interleaved(func(q int) []byte {
		return l32(float(Quadrants[q][0]), float(Quadrants[q][1]), float(Quadrants[q][2]))
	})})
	add("grey-float", tiff{bits: []int{32}, format: 3, photometric: tiffBlackIsZero, pixels: interleaved(func(q int) []byte { return l32(float(greys[q])) })}).shows(Width, Height, inGrey)
	add("grey-measured", tiff{bits: []int{32}, format: 3, photometric: tiffBlackIsZero, pixels: interleaved(func(q int) []byte {
		return l32(int(math.Float32bits(float32(greys[q]) * 10)))
	})}).shows(Width, Height, measured())
	add("rgb-32", tiff{bits: []int{32, 32, 32}, photometric: tiffRGB, pixels: interleaved(func(q int) []byte {
		return l32(int(Quadrants[q][0])<<24, int(Quadrants[q][1])<<24, int(Quadrants[q][2])<<24)
	})})
	add("palette", tiff{bits: []int{8}, photometric: tiffPalette, more: []tiffField{{0x140, typeShort, tiffColours(), nil}}, pixels: interleaved(func(q int) []byte { return []byte{byte(q)} })})
	add("cmyk", tiff{bits: []int{8, 8, 8, 8}, photometric: tiffCMYK, pixels: interleaved(func(q int) []byte {
		black := max(Quadrants[q][0], Quadrants[q][1], Quadrants[q][2])
		ink := func(v uint8) byte { return byte(255 - int(v)*255/int(black)) }
		return []byte{ink(Quadrants[q][0]), ink(Quadrants[q][1]), ink(Quadrants[q][2]), 255 - black}
	})})
	for o := 1; o <= 8; o++ {
		t := rgb
		t.more = []tiffField{{0x112, typeShort, []int{o}, nil}}
		s.add("tiff-turn", fmt.Sprintf("tiff-orientation-%d.tif", o), t.body()).shows(oriented(o))
	}
	p3 := profileRGB(primariesP3, 0)
	add("icc-p3", tiff{bits: eight, photometric: tiffRGB, more: []tiffField{{0x8773, 7, nil, p3}}, pixels: rgb.pixels}).shows(Width, Height, fromP3())
	add("profile-grey", tiff{bits: eight, photometric: tiffRGB, more: []tiffField{{0x8773, 7, nil, profileGrey(2.2)}}, pixels: rgb.pixels})
	addTIFFExtra(s, add)
	addTIFFYCbCr(add)
	whole := rgb.body()
	s.add("tiff-damage", "tiff-cut-half.tif", whole[:len(whole)/2])
	s.add("tiff-damage", "tiff-cut-header.tif", whole[:20])
}

// addTIFFExtra adds pictures with more samples than colours.
func addTIFFExtra(s *set, add func(string, tiff) *Case) {
	soft := Quadrants
	for q := range soft {
		soft[q][3] = softs[q]
	}
	straight := interleaved(func(q int) []byte { return append(rgbPixel(q), softs[q]) })
	multiplied := interleaved(func(q int) []byte {
		m := func(v uint8) byte { return byte((int(v)*int(softs[q]) + 127) / 255) }
		return []byte{m(Quadrants[q][0]), m(Quadrants[q][1]), m(Quadrants[q][2]), softs[q]}
	})
	four := []int{8, 8, 8, 8}
	add("alpha-straight", tiff{bits: four, photometric: tiffRGB, extra: []int{2}, pixels: straight}).shows(Width, Height, soft)
	add("alpha-premultiplied", tiff{bits: four, photometric: tiffRGB, extra: []int{1}, pixels: multiplied}).shows(Width, Height, soft)
	add("alpha-unsaid", tiff{bits: four, photometric: tiffRGB, pixels: straight}).shows(Width, Height, soft)
	add("alpha-second", tiff{bits: []int{8, 8, 8, 8, 8}, photometric: tiffRGB, extra: []int{0, 2}, pixels: interleaved(func(q int) []byte {
		return append(rgbPixel(q), 70, softs[q])
	})}).shows(Width, Height, soft)
	add("alpha-premultiplied-16", tiff{bits: []int{16, 16, 16, 16}, photometric: tiffRGB, extra: []int{1}, pixels: interleaved(func(q int) []byte {
		m := func(v uint8) int { return int(v) * int(softs[q]) * 257 / 255 }
		return l16(m(Quadrants[q][0]), m(Quadrants[q][1]), m(Quadrants[q][2]), int(softs[q])*257)
	})}).shows(Width, Height, soft)
	add("extra-unspecified", tiff{bits: four, photometric: tiffRGB, extra: []int{0}, pixels: straight})
	five := interleaved(func(q int) []byte { return append(rgbPixel(q), 70, 90) })
	add("extra-two", tiff{bits: []int{8, 8, 8, 8, 8}, photometric: tiffRGB, extra: []int{0, 0}, pixels: five})
	add("extra-three", tiff{bits: []int{8, 8, 8, 8, 8, 8}, photometric: tiffRGB, extra: []int{0, 0, 0},
		pixels: interleaved(func(q int) []byte { return append(rgbPixel(q), 70, 90, 110) })})
}

// addTIFFYCbCr adds pictures in luma and chroma: bare, subsampled, and as JPEG.
func addTIFFYCbCr(add func(string, tiff) *Case) {
	sampling := func(h, v int) []tiffField { return []tiffField{{0x212, typeShort, []int{h, v}, nil}} }
	eight := []int{8, 8, 8}
	pixel := func(q int) []byte {
		y, cb, cr := ycc(Quadrants[q])
		return []byte{y, cb, cr}
	}
	add("ycbcr-444", tiff{bits: eight, photometric: tiffYCbCr, more: sampling(1, 1), pixels: interleaved(pixel)})
	var units []byte
	for y := 0; y < Height; y += 2 {
		for x := 0; x < Width; x += 2 {
			p := pixel(quadrant(x, y, Width, Height))
			units = append(units, p[0], p[0], p[0], p[0], p[1], p[2])
		}
	}
	add("ycbcr-420", tiff{bits: eight, photometric: tiffYCbCr, more: sampling(2, 2), pixels: units})
	j := newJPEG(2, 2)
	j.header = nil
	old := newJPEG(2, 2).body()
	add("jpeg-old", tiff{bits: eight, photometric: tiffYCbCr, compression: 6, pixels: old,
		more: append(sampling(2, 2), tiffField{0x201, typeLong, []int{0}, nil}, tiffField{0x202, typeLong, []int{len(old)}, nil})})
	add("jpeg", tiff{bits: eight, photometric: tiffYCbCr, compression: 7, more: sampling(2, 2), pixels: j.body()})
}

// measured is what greys show if they are measurements, from black to white.
func measured() (all [4]Colour) {
	low, high := slices.Min(greys[:]), slices.Max(greys[:])
	for q, v := range greys {
		level := uint8(255 * int(v-low) / int(high-low))
		all[q] = Colour{level, level, level, 255}
	}
	return all
}

// tiffColours is a colour map: all reds, all greens, all blues, in 16 bits.
func tiffColours() []int {
	all := make([]int, 3*256)
	for q, c := range Quadrants {
		for i := range 3 {
			all[256*i+q] = int(c[i]) * 257
		}
	}
	return all
}

// oriented returns how an orientation shows the quadrants: Exif 2.32, 4.6.4.A.
func oriented(o int) (int, int, [4]Colour) {
	q := Quadrants
	order := [][4]int{{0, 1, 2, 3}, {1, 0, 3, 2}, {3, 2, 1, 0}, {2, 3, 0, 1}, {0, 2, 1, 3}, {2, 0, 3, 1}, {3, 1, 2, 0}, {1, 3, 0, 2}}[o-1]
	width, height := Width, Height
	if o >= 5 {
		width, height = height, width
	}
	return width, height, [4]Colour{q[order[0]], q[order[1]], q[order[2]], q[order[3]]}
}
