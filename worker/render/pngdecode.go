//go:build cgo

package render

/*
#cgo pkg-config: libdeflate
#include <libdeflate.h>
#include "pngrows.h"

// inflate_exactly decompresses a zlib stream of a known size, whose checksum must be right.
static int inflate_exactly(const uint8_t *in, size_t length, uint8_t *out, size_t size) {
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	if (!d)
		return 0;
	const enum libdeflate_result result = libdeflate_zlib_decompress(d, in, length, out, size, NULL);
	libdeflate_free_decompressor(d);
	return result == LIBDEFLATE_SUCCESS;
}

// scale_png scales the rows to out. Memory holds rows for resample_rows, or one of floats for
// resample_alpha.
static int scale_png(uint8_t *raw, size_t stride, int bits, const uint8_t *colours, int known, int opaque, uint8_t *expanded,
	int in_width, int in_height, int bands, void *memory, int rows, scaling s, float *sums, uint8_t *out) {
	png_rows p = {{png_next}, raw, stride, in_width, bits, bands, colours, known, 0, opaque, expanded};
	if (in_width == s.width && in_height == s.height) {
		const size_t n = (size_t) s.width * bands;
		for (int y = 0; y < s.height; y++)
			memcpy(out + y * n, png_next(&p.source), n);
	} else if (bands % 2)
		resample_rows(&p.source, in_width, in_height, bands, memory, rows, &s, sums, out);
	else
		resample_alpha(&p.source, bands, rows, &s, memory, sums, out);
	return !p.invalid;
}
*/
import "C"

import (
	"unsafe"

	"calotype/worker/imageheader"
)

// pngStream is a PNG that is decoded here: not interlaced, of up to 8 bits a sample, small
// enough to be in memory as it is stored, and intact. libdeflate decompresses it in less
// than half of zlib's time, and its rows are scaled without libvips between. A PNG that is
// not as it should be is left to libvips, which decides whether it is damaged.
type pngStream struct {
	*imageheader.PNG
	width, height int
	palette       []byte
	data          []byte // A zlib stream.
}

// openPNGStream collects the parts that are needed to decode. It reports false for a PNG
// that is left to libvips.
func (p *Picture) openPNGStream() (*pngStream, bool) {
	if p.pngRows() == 0 {
		return nil, false
	}
	s := &pngStream{PNG: p.header.PNG, width: p.header.Width, height: p.header.Height}
	var parts [][]byte
	before, clear, size := "", 0, 0
	for c := range imageheader.PNGChunks(p.body) {
		again := before == c.Name && c.Name != "IDAT" || c.Name == "IDAT" && parts != nil && before != "IDAT"
		if c.Critical() && (again || !c.Valid(p.body)) {
			return nil, false
		}
		switch c.Name {
		case "IHDR":
			if before != "" || c.Body[10] != 0 || c.Body[11] != 0 {
				return nil, false
			}
		case "PLTE":
			if s.palette != nil || parts != nil || clear > 0 || len(c.Body) == 0 || len(c.Body)%3 != 0 || len(c.Body) > 3<<s.Bits && s.ColourType == pngPalette {
				return nil, false
			}
			s.palette = c.Body
		case "tRNS":
			clear++
		case "IDAT":
			parts = append(parts, c.Body)
			size += len(c.Body)
		case "IEND":
		default:
			if c.Critical() {
				return nil, false
			}
		}
		before = c.Name
	}
	if before != "IEND" || parts == nil || clear > 1 || clear == 1 && s.Transparency == nil || s.ColourType == pngPalette && s.palette == nil {
		return nil, false
	}
	s.data = parts[0]
	if len(parts) > 1 {
		s.data = make([]byte, 0, size)
		for _, part := range parts {
			s.data = append(s.data, part...)
		}
	}
	return s, len(s.data) > 2
}

// resamplePNG decodes a PNG, as it is stored, and scales its rows. It reports false for one
// that is left to libvips.
func (p *Picture) resamplePNG(width, height int) (*decoded, bool) {
	s, ok := p.openPNGStream()
	if !ok {
		return nil, false
	}
	const slack = 8 // Rows are read a few bytes at a time.
	size := int(p.pngRows())
	stride := size/s.height - 1
	raw := bufferPool.get(size + slack)
	defer bufferPool.put(raw)
	if C.inflate_exactly(bytePointer(s.data), C.size_t(len(s.data)), bytePointer(raw), C.size_t(size)) == 0 {
		return nil, false
	}
	channels := pngChannels[s.ColourType]
	pixel := max(1, channels*int(s.Bits)/8)
	if C.png_unfilter(bytePointer(raw), C.size_t(stride), C.int(s.height), C.int(pixel), bytePointer(make([]byte, stride+slack))) == 0 {
		return nil, false
	}
	bands, opaque := channels, C.int(0)
	if bands%2 == 0 {
		if opaque = C.png_is_opaque(bytePointer(raw), C.size_t(stride), C.int(s.height), C.int(bands)); opaque == 1 {
			bands--
		}
	}
	colours, known := s.colours()
	var table *C.uint8_t
	if colours != nil {
		table = bytePointer(colours)
		if s.ColourType == pngPalette {
			bands = 3
			if s.Transparency != nil {
				bands = 4
			}
		}
	}
	d, err := newDecoded(width, height, bands)
	if err != nil {
		return nil, false
	}
	scale := newScaling(s.width, s.height, width, height)
	rows, memory, sums := scale.rows(), 0, scale.sums(bands)
	if bands%2 == 0 {
		rows, memory = scale.slots(), s.width*4*4
		sums = make([]float32, rows*s.width*4)
	} else {
		memory = rows * s.width * bands
	}
	window := bufferPool.get(memory)
	defer bufferPool.put(window)
	if C.scale_png(bytePointer(raw), C.size_t(stride), C.int(s.Bits), table, C.int(known), opaque, bytePointer(make([]byte, s.width*4)),
		C.int(s.width), C.int(s.height), C.int(bands), unsafe.Pointer(&window[0]), C.int(rows), scale.c(), (*C.float)(&sums[0]), bytePointer(d.pixels)) == 0 {
		d.free()
		return nil, false
	}
	return d, true
}

// colours returns four bytes for each value of a sample, and the number of values, or nil
// if samples are levels of 8 bits.
func (s *pngStream) colours() (table []byte, known int) {
	switch {
	case s.ColourType == pngPalette:
		table, known = make([]byte, 4<<8), len(s.palette)/3
		for i := range known {
			copy(table[4*i:], s.palette[3*i:3*i+3])
			table[4*i+3] = 255
			if i < len(s.Transparency) {
				table[4*i+3] = s.Transparency[i]
			}
		}
	case s.Bits < 8:
		table, known = make([]byte, 4<<8), 1<<s.Bits
		for i := range known {
			table[4*i] = byte(i * 255 / (known - 1))
		}
	}
	return table, known
}

func bytePointer(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(&b[0])) }
