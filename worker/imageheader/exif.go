package imageheader

import (
	"bytes"
	"encoding/binary"
)

// exif holds the EXIF fields that change how a picture is shown.
type exif struct {
	orientation             int // 1 to 8; 0 if there is none that browsers honour.
	xResolution             float64
	yResolution             float64
	unit                    int
	pixelWidth, pixelHeight int
}

// The tags that are read, and the types of values. CIPA DC-008 (Exif 2.32), 4.6;
// TIFF 6.0, section 2.
const (
	tagOrientation = 0x0112
	tagXResolution = 0x011a
	tagYResolution = 0x011b
	tagUnit        = 0x0128
	tagExifIFD     = 0x8769
	tagPixelWidth  = 0xa002
	tagPixelHeight = 0xa003

	typeByte, typeASCII, typeShort, typeLong, typeRational = 1, 2, 3, 4, 5
)

// readEXIF reads the first directory of an EXIF block, which begins with the header of a
// TIFF file, and the EXIF directory that it refers to. As in browsers, the orientation
// counts only if it is one SHORT from 1 to 8.
func readEXIF(block []byte) (e exif) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(block, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(block, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return e
	}
	if len(block) < 8 {
		return e
	}
	seen := false
	number := func(entry []byte) int {
		switch order.Uint16(entry[2:]) {
		case typeShort:
			return int(order.Uint16(entry[8:]))
		case typeLong:
			return int(order.Uint32(entry[8:]))
		}
		return 0
	}
	ratio := func(entry []byte) float64 {
		at := int64(order.Uint32(entry[8:]))
		if order.Uint16(entry[2:]) != typeRational || at+8 > int64(len(block)) {
			return 0
		}
		n, d := order.Uint32(block[at:]), order.Uint32(block[at+4:])
		if d == 0 {
			return 0
		}
		return float64(n) / float64(d)
	}
	var detail int64
	for entry := range exifEntries(block, order, int64(order.Uint32(block[4:]))) {
		one := order.Uint32(entry[4:]) == 1
		switch order.Uint16(entry) {
		case tagOrientation:
			if v := order.Uint16(entry[8:]); !seen && one && order.Uint16(entry[2:]) == typeShort && v >= 1 && v <= 8 {
				e.orientation, seen = int(v), true
			}
		case tagXResolution:
			e.xResolution = ratio(entry)
		case tagYResolution:
			e.yResolution = ratio(entry)
		case tagUnit:
			e.unit = number(entry)
		case tagExifIFD:
			detail = int64(order.Uint32(entry[8:]))
		}
	}
	if detail == 0 {
		return e
	}
	for entry := range exifEntries(block, order, detail) {
		switch order.Uint16(entry) {
		case tagPixelWidth:
			e.pixelWidth = number(entry)
		case tagPixelHeight:
			e.pixelHeight = number(entry)
		}
	}
	return e
}

// exifEntries yields the 12 bytes of each entry of the directory at a place.
func exifEntries(block []byte, order binary.ByteOrder, at int64) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		if at < 8 || at+2 > int64(len(block)) {
			return
		}
		count := int64(order.Uint16(block[at:]))
		for i := range count {
			entry := at + 2 + 12*i
			if entry+12 > int64(len(block)) || !yield(block[entry:entry+12]) {
				return
			}
		}
	}
}

// natural returns the size in CSS pixels that an EXIF resolution gives a picture of
// width x height stored pixels, before the turn. It counts, as in browsers, only if
// PixelXDimension and PixelYDimension confirm it: they must be the stored size at 72 dots
// an inch. https://html.spec.whatwg.org/multipage/images.html#prepare-an-image-for-presentation
func (e exif) natural(width, height int) (Size, bool) {
	const inch, centimetre, dotsPerInch, inchInCm = 2, 3, 72.0, 2.54
	scale := map[int]float64{inch: dotsPerInch, centimetre: dotsPerInch / inchInCm}[e.unit]
	if scale == 0 || e.xResolution <= 0 || e.yResolution <= 0 || e.pixelWidth <= 0 || e.pixelHeight <= 0 {
		return Size{}, false
	}
	near := func(stored int, resolution float64, want int) bool {
		got := float64(stored) * scale / resolution
		return int(got+0.5) == want
	}
	if !near(width, e.xResolution, e.pixelWidth) || !near(height, e.yResolution, e.pixelHeight) {
		return Size{}, false
	}
	if e.pixelWidth == width && e.pixelHeight == height {
		return Size{}, false // The value is the same as without EXIF.
	}
	return Size{e.pixelWidth, e.pixelHeight}, true
}
