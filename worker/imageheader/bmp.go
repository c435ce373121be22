package imageheader

import (
	"encoding/binary"
	"errors"
)

// BMP holds the fields that only a BMP has.
// https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
type BMP struct {
	// HeaderSize is the size of the information header: 12 for OS/2, 40, 52, 56, 64 for
	// OS/2 2, 108 for version 4, 124 for version 5.
	HeaderSize int
	// Bits is the size of a pixel, and Compression how pixels are stored.
	Bits, Compression int
	// Masks are the positions of red, green, blue and alpha in a pixel of 16 or 32 bits;
	// zeros if the default positions apply.
	Masks [4]uint32
	// TopDown means that the first row comes first.
	TopDown bool
	// Palette counts the palette's colours that the file holds.
	Palette int
	// PixelOffset is where the pixels are in the file.
	PixelOffset int
	// Whole means that the file has all pixels.
	Whole bool
}

// The compressions. RLE pixels may have gaps, which browsers leave transparent.
const (
	BMPUncompressed, BMPRLE8, BMPRLE4, BMPBitfields, BMPJPEG, BMPPNG, BMPAlphaBitfields = 0, 1, 2, 3, 4, 5, 6
)

const (
	bmpFileHeader = 14
	bmpCore       = 12
	bmpInfo       = 40
	bmpWithAlpha  = 56 // The first header with a mask for alpha.
	bmpVersion4   = 108
	bmpVersion5   = 124

	bmpCalibrated, bmpSRGB, bmpWindows, bmpEmbedded = 0, 0x73524742, 0x57696e20, 0x4d424544
)

func parseBMP(h *Header, file []byte) error {
	if len(file) < bmpFileHeader {
		return errors.New("shorter than its header")
	}
	b := &BMP{PixelOffset: int(binary.LittleEndian.Uint32(file[10:]))}
	h.BMP = b
	if err := b.readInfo(h, file[bmpFileHeader:]); err != nil {
		return err
	}
	end := b.end(h, file)
	if b.Whole = end > 0; !b.Whole {
		h.damaged("%d bytes are too few for %dx%d pixels", len(file), h.Width, h.Height)
	}
	h.NoMetadata = b.Whole && h.Colour.ICC == nil && len(file)-end < 4
	return nil
}

// readInfo reads the information header, which is followed by masks or a palette.
func (b *BMP) readInfo(h *Header, info []byte) error {
	if len(info) < bmpCore {
		return errors.New("shorter than its header")
	}
	b.HeaderSize = int(binary.LittleEndian.Uint32(info))
	number := func(at int) uint32 { // From a header that is long enough.
		if at+4 > min(b.HeaderSize, len(info)) {
			return 0
		}
		return binary.LittleEndian.Uint32(info[at:])
	}
	h.Channels = 3
	if b.HeaderSize == bmpCore {
		h.Width, h.Height = int(binary.LittleEndian.Uint16(info[4:])), int(binary.LittleEndian.Uint16(info[6:]))
		b.Bits = int(binary.LittleEndian.Uint16(info[10:]))
	} else {
		if b.HeaderSize < 16 || len(info) < 16 {
			return errors.New("an unknown kind of header")
		}
		width, height := int32(number(4)), int32(number(8))
		if b.TopDown = height < 0; b.TopDown {
			height = -height
		}
		if width <= 0 || height <= 0 {
			return errors.New("no size")
		}
		h.Width, h.Height = int(width), int(height)
		b.Bits, b.Compression = int(number(12)>>16), int(number(16))
	}
	b.readMasks(h, info)
	b.readPalette(info, number(32))
	b.readColour(h, info, number)
	return nil
}

// readMasks reads the masks, which are part of a later header and follow an earlier one.
// Alpha counts if its mask applies.
func (b *BMP) readMasks(h *Header, info []byte) {
	count := 0
	switch {
	case b.Compression == BMPBitfields && b.HeaderSize >= bmpWithAlpha && b.HeaderSize != 64:
		count = 4
	case b.Compression == BMPBitfields && b.HeaderSize != 64:
		count = 3
	case b.Compression == BMPAlphaBitfields && b.HeaderSize == bmpInfo:
		count = 4
	}
	for i := range count {
		if at := bmpInfo + 4*i; at+4 <= len(info) {
			b.Masks[i] = binary.LittleEndian.Uint32(info[at:])
		}
	}
	if h.Alpha = b.Masks[3] != 0; h.Alpha {
		h.Channels = 4
	}
}

// readPalette counts the colours between the header and the pixels.
func (b *BMP) readPalette(info []byte, used uint32) {
	entry := 4
	if b.HeaderSize == bmpCore {
		entry = 3
	}
	if b.Bits < 1 || b.Bits > 8 {
		return
	}
	b.Palette = 1 << b.Bits
	if used > 0 && used < uint32(b.Palette) {
		b.Palette = int(used)
	}
	room := min(b.PixelOffset-bmpFileHeader, len(info)) - b.HeaderSize
	b.Palette = max(0, min(b.Palette, room/entry))
}

// readColour reads the colour space of a header of version 4 or 5.
func (b *BMP) readColour(h *Header, info []byte, number func(int) uint32) {
	if b.HeaderSize < bmpVersion4 {
		return
	}
	switch number(56) {
	case bmpSRGB, bmpWindows:
		h.Colour.SRGB, h.Colour.Source = true, ColourSRGB
	case bmpEmbedded:
		start, size := int64(number(112)), int64(number(116))
		if b.HeaderSize >= bmpVersion5 && size > 0 && start+size <= int64(len(info)) {
			h.Colour.ICC, h.Colour.Source = info[start:start+size], ColourICC
		}
	}
}

// end returns where the pixels end according to the header, or the profile after them; 0 if
// the file is cut.
func (b *BMP) end(h *Header, file []byte) int {
	if b.PixelOffset > len(file) {
		return 0
	}
	switch b.Compression {
	case BMPRLE8:
		return b.endOfRuns(file, h, func(n int) int { return n })
	case BMPRLE4:
		return b.endOfRuns(file, h, func(n int) int { return (n + 1) / 2 })
	}
	stride := BMPStride(h.Width, b.Bits)
	if stride <= 0 || (int64(len(file))-int64(b.PixelOffset))/stride < int64(h.Height) {
		return 0
	}
	return b.PixelOffset + int(stride)*h.Height
}

// endOfRuns returns where run-length encoded pixels end: at their end mark, or once all
// pixels are there. It is 0 if the file is cut. Size returns the bytes of a number of literal pixels.
// https://learn.microsoft.com/windows/win32/gdi/bitmap-compression
func (b *BMP) endOfRuns(file []byte, h *Header, size func(int) int) int {
	const endOfLine, endOfBitmap, delta = 0, 1, 2
	at := b.PixelOffset
	for x, y := 0, 0; y < h.Height && (y < h.Height-1 || x < h.Width); {
		if at+2 > len(file) {
			return 0
		}
		count, value := int(file[at]), int(file[at+1])
		at += 2
		switch {
		case count > 0:
			x += count
		case value == endOfLine:
			x, y = 0, y+1
		case value == endOfBitmap:
			return at
		case value == delta:
			if at+2 > len(file) {
				return 0
			}
			x, y, at = x+int(file[at]), y+int(file[at+1]), at+2
		default:
			if at += (size(value) + 1) / 2 * 2; at > len(file) {
				return 0
			}
			x += value
		}
		x = min(x, h.Width)
	}
	return at
}

// BMPStride returns the bytes of a row of a BMP, which is padded to 4 bytes.
func BMPStride(width, bits int) int64 { return (int64(width)*int64(bits) + 31) / 32 * 4 }

// Rows24 returns the position of the rows of an uncompressed picture of 24 bits per pixel,
// and whether the last one comes first; ok is false for other kinds.
func (h *Header) Rows24() (start int64, upward, ok bool) {
	b := h.BMP
	if b == nil || b.HeaderSize < bmpInfo || b.HeaderSize > bmpVersion5 || b.Bits != 24 || b.Compression != BMPUncompressed || !b.Whole ||
		b.PixelOffset < bmpFileHeader+b.HeaderSize {
		return 0, false, false
	}
	return int64(b.PixelOffset), !b.TopDown, true
}
