package cases

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
)

// Colour types of PNG: ISO 15948, 11.2.2.
const (
	pngGrey      = 0
	pngRGB       = 2
	pngPalette   = 3
	pngGreyAlpha = 4
	pngRGBA      = 6
)

const pngSignature = "\x89PNG\r\n\x1a\n"

func pngFile(chunks ...[]byte) []byte {
	return append([]byte(pngSignature), slices.Concat(chunks...)...)
}

func chunk(name string, parts ...[]byte) []byte {
	body := append([]byte(name), slices.Concat(parts...)...)
	return slices.Concat(b32(len(body)-4), body, b32(int(crc32.ChecksumIEEE(body))))
}

func iend() []byte { return chunk("IEND") }

// canvas is the header and the rows of a PNG.
type canvas struct {
	width, height int
	colour, depth int
	interlaced    bool
	alphas        [4]uint8
	quadrants     [4]Colour
}

func newCanvas(colour, depth int) canvas {
	return canvas{Width, Height, colour, depth, false, [4]uint8{255, 255, 255, 255}, Quadrants}
}

func (c canvas) header() []byte {
	interlace := byte(0)
	if c.interlaced {
		interlace = 1
	}
	return chunk("IHDR", b32(c.width, c.height), []byte{byte(c.depth), byte(c.colour), 0, 0, interlace})
}

// samples are the numbers of a pixel.
func (c canvas) samples(x, y int) []int {
	q := quadrant(x, y, c.width, c.height)
	rgb, alpha := c.quadrants[q], deeper(c.alphas[q], c.depth)
	switch c.colour {
	case pngGrey:
		return []int{deeper(greys[q], c.depth)}
	case pngGreyAlpha:
		return []int{deeper(greys[q], c.depth), alpha}
	case pngPalette:
		return []int{min(q, 1<<c.depth-1)}
	case pngRGB:
		return []int{deeper(rgb[0], c.depth), deeper(rgb[1], c.depth), deeper(rgb[2], c.depth)}
	}
	return []int{deeper(rgb[0], c.depth), deeper(rgb[1], c.depth), deeper(rgb[2], c.depth), alpha}
}

// adam7 are the passes of an interlaced picture: the first column and row, and the steps.
var adam7 = [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}

// rows are the scanlines, each of filter 0.
func (c canvas) rows() []byte {
	passes := [][4]int{{0, 0, 1, 1}}
	if c.interlaced {
		passes = adam7
	}
	var all []byte
	for _, p := range passes {
		for y := p[1]; y < c.height; y += p[3] {
			var row []int
			for x := p[0]; x < c.width; x += p[2] {
				row = append(row, c.samples(x, y)...)
			}
			if len(row) > 0 {
				all = append(append(all, 0), pack(c.depth, row)...)
			}
		}
	}
	return all
}

func (c canvas) data() []byte { return chunk("IDAT", deflate(c.rows())) }

// file is the picture with chunks between the header and the pixels.
func (c canvas) file(before ...[]byte) []byte {
	if c.colour == pngPalette {
		// The chunks that the specification puts before the palette, and those after it.
		var early, late [][]byte
		for _, b := range before {
			if name := string(b[4:8]); name == "tRNS" || name == "eXIf" {
				late = append(late, b)
			} else {
				early = append(early, b)
			}
		}
		before = slices.Concat(early, [][]byte{palette(min(4, 1<<c.depth))}, late)
	}
	return pngFile(c.header(), slices.Concat(before...), c.data(), iend())
}

func palette(size int) []byte {
	var colours []byte
	for _, q := range Quadrants[:size] {
		colours = append(colours, q[:3]...)
	}
	return chunk("PLTE", colours)
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // Writes to memory cannot fail.
	}
	return out.Bytes()
}

func iccp(profile []byte) []byte { return chunk("iCCP", []byte("a case\x00\x00"), deflate(profile)) }

// addPNG adds PNGs of every kind, and turned by eXIf.
func addPNG(s *set) {
	names := map[int]string{pngGrey: "grey", pngRGB: "rgb", pngPalette: "palette", pngGreyAlpha: "greyalpha", pngRGBA: "rgba"}
	depths := map[int][]int{pngGrey: {1, 2, 4, 8, 16}, pngRGB: {8, 16}, pngPalette: {1, 2, 4, 8}, pngGreyAlpha: {8, 16}, pngRGBA: {8, 16}}
	for _, colour := range []int{pngGrey, pngRGB, pngPalette, pngGreyAlpha, pngRGBA} {
		for _, depth := range depths[colour] {
			c := newCanvas(colour, depth)
			s.add("png-kinds", fmt.Sprintf("png-%s-%d.png", names[colour], depth), c.file())
			if depth == depths[colour][0] {
				c.interlaced = true
				s.add("png-kinds", fmt.Sprintf("png-%s-%d-interlaced.png", names[colour], depth), c.file())
			}
		}
	}
	for o := 1; o <= 8; o++ {
		s.add("png-turn", fmt.Sprintf("png-exif-%d.png", o), newCanvas(pngRGB, 8).file(chunk("eXIf", turned(o))))
	}
	little := exif(binary.LittleEndian, []field{orientation(binary.LittleEndian, 6)}, nil)
	c := newCanvas(pngRGB, 8)
	s.add("png-turn", "png-exif-6-little.png", c.file(chunk("eXIf", little)))
	s.add("png-turn", "png-exif-6-prefix.png", c.file(chunk("eXIf", []byte("Exif\x00\x00"), turned(6))))
	s.add("png-turn", "png-exif-6-after.png", pngFile(c.header(), c.data(), chunk("eXIf", turned(6)), iend()))
	s.add("png-turn", "png-exif-6-greyalpha.png", newCanvas(pngGreyAlpha, 8).file(chunk("eXIf", turned(6))))
	s.add("png-turn", "png-exif-5-rgba16.png", newCanvas(pngRGBA, 16).file(chunk("eXIf", turned(5))))
	s.add("png-turn", "png-exif-8-palette.png", newCanvas(pngPalette, 2).file(chunk("eXIf", turned(8))))
	for _, name := range []string{"long", "count2"} {
		f := untidy(binary.BigEndian)[name]
		s.add("png-turn", "png-exif-6-"+name+".png", c.file(chunk("eXIf", exif(binary.BigEndian, []field{f}, nil))))
	}
	addPNGAlpha(s)
}

// addPNGAlpha adds PNGs that are transparent in every way.
func addPNGAlpha(s *set) {
	for _, colour := range []int{pngGreyAlpha, pngRGBA} {
		for _, depth := range []int{8, 16} {
			c := newCanvas(colour, depth)
			c.alphas = softs
			s.add("png-alpha", fmt.Sprintf("png-soft-%d-%d.png", colour, depth), c.file())
		}
	}
	gone := newCanvas(pngRGBA, 8)
	gone.alphas = [4]uint8{}
	s.add("png-alpha", "png-all-transparent.png", gone.file())
	for _, depth := range []int{1, 4, 8, 16} {
		c := newCanvas(pngGrey, depth)
		s.add("png-alpha", fmt.Sprintf("png-trns-grey-%d.png", depth), c.file(chunk("tRNS", b16(c.samples(0, 0)...))))
	}
	for _, depth := range []int{8, 16} {
		c := newCanvas(pngRGB, depth)
		s.add("png-alpha", fmt.Sprintf("png-trns-rgb-%d.png", depth), c.file(chunk("tRNS", b16(c.samples(0, 0)...))))
	}
	for _, depth := range []int{2, 8} {
		c := newCanvas(pngPalette, depth)
		s.add("png-alpha", fmt.Sprintf("png-trns-palette-%d.png", depth), c.file(chunk("tRNS", softs[:])))
		s.add("png-alpha", fmt.Sprintf("png-trns-palette-short-%d.png", depth), c.file(chunk("tRNS", []byte{0, 100})))
	}
}
