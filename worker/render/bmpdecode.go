package render

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// bitmap is the header of a BMP and the positions of its parts. BITMAPFILEHEADER,
// BITMAPCOREHEADER and BITMAPINFOHEADER to BITMAPV5HEADER in
// https://learn.microsoft.com/windows/win32/gdi/bitmap-storage, and OS/2 2.x, whose header
// has 16 to 64 bytes.
type bitmap struct {
	width, height int
	upward        bool // The last row comes first.
	bits          int  // Bits of a pixel.
	compression   uint32
	masks         [4]uint32 // Red, green, blue, alpha.
	palette       []byte
	entry         int // Bytes of a colour in the palette.
	pixels        []byte
}

const (
	bmpFileHeader, bmpCoreHeader, bmpInfoHeader     = 14, 12, 40
	bmpRGB, bmpRLE8, bmpRLE4, bmpBitFields          = 0, 1, 2, 3
	bmpRLE24, bmpAlphaBitFields                     = 4, 6
	bmpWithMasks, bmpWithAlphaMask, bmpMaxDimension = 52, 56, 1 << 20
)

var errCutBMP = errors.New("bmp: shorter than its header declares")

// readBMP reads the headers. It allocates no memory for what they declare.
func readBMP(file []byte) (b bitmap, err error) {
	if len(file) < bmpFileHeader+bmpCoreHeader {
		return b, errors.New("bmp: ends in its header")
	}
	info := file[bmpFileHeader:]
	size := int64(binary.LittleEndian.Uint32(info))
	if size > int64(len(info)) {
		return b, errors.New("bmp: ends in its header")
	}
	colours := 0
	switch {
	case size == bmpCoreHeader:
		b.width, b.height, b.upward = int(binary.LittleEndian.Uint16(info[4:])), int(binary.LittleEndian.Uint16(info[6:])), true
		b.bits, b.entry = int(binary.LittleEndian.Uint16(info[10:])), 3
	case size >= 16:
		height := int64(int32(binary.LittleEndian.Uint32(info[8:])))
		b.width, b.upward, b.entry = int(int32(binary.LittleEndian.Uint32(info[4:]))), height > 0, 4
		b.height = int(max(height, -height))
		b.bits = int(binary.LittleEndian.Uint16(info[14:]))
		if size >= 20 {
			b.compression = binary.LittleEndian.Uint32(info[16:])
		}
		if size >= 36 {
			colours = int(min(binary.LittleEndian.Uint32(info[32:]), 1<<16))
		}
	default:
		return b, fmt.Errorf("bmp: a header of %d bytes is not supported", size)
	}
	if b.width <= 0 || b.height <= 0 || b.width > bmpMaxDimension || b.height > bmpMaxDimension {
		return b, fmt.Errorf("bmp: a picture of %dx%d pixels", b.width, b.height)
	}
	after := bmpFileHeader + size
	if after, err = b.readMasks(file, info, size, after); err != nil {
		return b, err
	}
	start := int64(binary.LittleEndian.Uint32(file[10:]))
	if start < after {
		start = after + int64(b.tableSize(colours)) // Some writers leave it zero.
	}
	if b.bits <= 8 {
		end := min(after+int64(b.tableSize(colours)), start, int64(len(file)))
		b.palette = file[min(after, end):end]
	}
	b.pixels = file[min(start, int64(len(file))):]
	return b, b.check()
}

// tableSize returns the number of bytes of a palette with a number of colours: zero means
// all.
func (b *bitmap) tableSize(colours int) int {
	if b.bits > 8 {
		return colours * b.entry
	}
	if colours == 0 || colours > 1<<b.bits {
		colours = 1 << b.bits
	}
	return colours * b.entry
}

// readMasks finds the positions of a pixel's samples, and returns where the headers end.
// Alpha counts only if it has a mask, as in browsers.
func (b *bitmap) readMasks(file, info []byte, size, after int64) (int64, error) {
	switch b.bits {
	case 16:
		b.masks = [4]uint32{0x7c00, 0x03e0, 0x001f}
	case 32:
		b.masks = [4]uint32{0xff0000, 0x00ff00, 0x0000ff}
	}
	if b.bits != 16 && b.bits != 32 || b.compression != bmpBitFields && b.compression != bmpAlphaBitFields {
		return after, nil
	}
	count, at := 3, info[bmpInfoHeader:]
	switch {
	case size >= bmpWithAlphaMask:
		count = 4
	case size >= bmpWithMasks:
	default: // They follow the header.
		if b.compression == bmpAlphaBitFields {
			count = 4
		}
		after += int64(count) * 4
	}
	if len(at) < count*4 || after > int64(len(file)) {
		return after, errors.New("bmp: ends in its header")
	}
	b.masks = [4]uint32{}
	for i := range count {
		b.masks[i] = binary.LittleEndian.Uint32(at[4*i:])
	}
	return after, nil
}

// check refuses files of unsupported kinds.
func (b *bitmap) check() error {
	ok := false
	switch b.compression {
	case bmpRGB:
		ok = b.bits == 1 || b.bits == 2 || b.bits == 4 || b.bits == 8 || b.bits == 16 || b.bits == 24 || b.bits == 32
	case bmpRLE8:
		ok = b.bits == 8
	case bmpRLE4:
		ok = b.bits == 4
	case bmpRLE24:
		ok = b.bits == 24
	case bmpBitFields, bmpAlphaBitFields:
		ok = b.bits == 16 || b.bits == 32
	}
	if !ok {
		return fmt.Errorf("bmp: compression %d at %d bits a pixel is not supported", b.compression, b.bits)
	}
	return nil
}

// bands returns 4 if there can be transparent pixels: by a mask, or since the file is cut.
// Otherwise it returns 3.
func (b *bitmap) bands() int {
	if b.masks[3] != 0 || !b.whole() {
		return 4
	}
	return 3
}

func (b *bitmap) isRLE() bool {
	return b.compression == bmpRLE8 || b.compression == bmpRLE4 || b.compression == bmpRLE24
}

// whole reports whether the file has all the pixels that its header declares.
func (b *bitmap) whole() bool {
	if b.isRLE() {
		_, whole := b.walkRLE(func(int, int, [4]byte) {})
		return whole
	}
	return int64(len(b.pixels)) >= bmpStride(b.width, int64(b.bits))*int64(b.height)
}

// decode writes rows of RGB or RGBA. Pixels that a cut file does not have are transparent.
// Those that run-length encoding skips are black, as in Chromium.
func (b *bitmap) decode(bands int, to []byte) {
	clear(to)
	if b.isRLE() {
		b.walkRLE(func(x, y int, c [4]byte) { copy(to[(b.row(y)*b.width+x)*bands:][:bands], c[:]) })
		return
	}
	stride, pixel := int(bmpStride(b.width, int64(b.bits))), b.pixelReader()
	for y := range b.height {
		if len(b.pixels) < (y+1)*stride {
			return
		}
		from, row := b.pixels[y*stride:][:stride], to[b.row(y)*b.width*bands:]
		for x := range b.width {
			c := pixel(from, x)
			copy(row[x*bands:][:bands], c[:])
		}
	}
}

// row returns where the y-th row of the file is shown.
func (b *bitmap) row(y int) int {
	if b.upward {
		return b.height - 1 - y
	}
	return y
}

// pixelReader returns a function that reads the x-th pixel of a row.
func (b *bitmap) pixelReader() func(row []byte, x int) [4]byte {
	switch b.bits {
	case 24:
		return func(row []byte, x int) [4]byte { return [4]byte{row[3*x+2], row[3*x+1], row[3*x], 255} }
	case 16, 32:
		var fields [4]func(uint32) byte
		for i, mask := range b.masks {
			fields[i] = bmpField(mask)
		}
		if b.masks[3] == 0 {
			fields[3] = func(uint32) byte { return 255 }
		}
		return func(row []byte, x int) [4]byte {
			v := uint32(0)
			if b.bits == 16 {
				v = uint32(binary.LittleEndian.Uint16(row[2*x:]))
			} else {
				v = binary.LittleEndian.Uint32(row[4*x:])
			}
			return [4]byte{fields[0](v), fields[1](v), fields[2](v), fields[3](v)}
		}
	}
	table := b.colourTable()
	perByte := 8 / b.bits
	return func(row []byte, x int) [4]byte {
		shift := 8 - b.bits*(x%perByte+1)
		return table[int(row[x/perByte])>>shift&(1<<b.bits-1)]
	}
}

// bmpField returns a function that reads the sample under a mask and scales it to 8 bits.
func bmpField(mask uint32) func(uint32) byte {
	if mask == 0 {
		return func(uint32) byte { return 0 }
	}
	shift := bits.TrailingZeros32(mask)
	highest := uint64(mask >> shift)
	return func(v uint32) byte { return byte((uint64(v&mask>>shift)*255 + highest/2) / highest) }
}

// colourTable returns the colours of all values; those beyond the palette are black.
func (b *bitmap) colourTable() (table [256][4]byte) {
	for i := range table {
		table[i] = [4]byte{0, 0, 0, 255}
		if at := i * b.entry; at+3 <= len(b.palette) {
			table[i] = [4]byte{b.palette[at+2], b.palette[at+1], b.palette[at], 255}
		}
	}
	return table
}

// walkRLE calls put with each pixel of a run-length encoded picture, and the row in file
// order. It reports whether the data has an end, or all pixels are there.
// https://learn.microsoft.com/windows/win32/gdi/bitmap-compression
func (b *bitmap) walkRLE(put func(x, y int, c [4]byte)) (pixels int, whole bool) {
	const endOfLine, endOfBitmap, delta = 0, 1, 2
	table, data := b.colourTable(), b.pixels
	size := func(n int) int { return (n*b.bits + 7) / 8 } // The bytes of n pixels.
	colour := func(from []byte, i int) [4]byte {
		switch b.bits {
		case 4:
			return table[from[i/2]>>(4*(1-i%2))&15]
		case 24:
			return [4]byte{from[3*i+2], from[3*i+1], from[3*i], 255}
		}
		return table[from[i]]
	}
	for x, y := 0, 0; y < b.height && (y < b.height-1 || x < b.width); {
		if len(data) < 2 {
			return pixels, false
		}
		count, code := int(data[0]), int(data[1])
		switch {
		case count > 0:
			run := size(1)
			if len(data) < 1+run {
				return pixels, false
			}
			value := data[1 : 1+run]
			data = data[1+run:]
			for i := range count {
				if x < b.width {
					put(x, y, colour(value, i%(8/min(b.bits, 8)))) // Two values alternate in 4 bits.
					x, pixels = x+1, pixels+1
				}
			}
			continue
		case code == endOfLine:
			x, y = 0, y+1
		case code == endOfBitmap:
			return pixels, true
		case code == delta:
			if len(data) < 4 {
				return pixels, false
			}
			x, y, data = min(x+int(data[2]), b.width), y+int(data[3]), data[2:]
		default:
			n := (size(code) + 1) / 2 * 2
			if len(data) < 2+n {
				return pixels, false
			}
			for i := range code {
				if x < b.width {
					put(x, y, colour(data[2:], i))
					x, pixels = x+1, pixels+1
				}
			}
			data = data[n:]
		}
		data = data[2:]
	}
	return pixels, true
}

// bmpStride is the bytes of a row, which is padded to 4 bytes.
func bmpStride(width int, bits int64) int64 { return (int64(width)*bits + 31) / 32 * 4 }
