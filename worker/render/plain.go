package render

import (
	"bytes"
	"encoding/binary"
	"slices"

	"calotype"
)

// holdsPixelsOnly reports whether a file has nothing but what it takes to show the
// picture: no EXIF, XMP, profile, comment, thumbnail, nor anything behind its end. It
// lists what is allowed, so that what is not known does not pass.
func holdsPixelsOnly(format calotype.Format, file []byte) bool {
	switch format {
	case calotype.JPEG:
		return plainJPEG(file)
	case calotype.PNG:
		return plainPNG(file)
	case calotype.WebP:
		return plainWebP(file)
	case calotype.GIF:
		plain, err := walkGIF(file)
		return plain && err == nil
	case calotype.BMP:
		return true
	}
	return false
}

// plainJPEG walks over the markers. ISO 10918-1, B.1.1.3.
func plainJPEG(file []byte) bool {
	const (
		jfif, jfifSize   = "JFIF\x00", 14 // Of a segment without a thumbnail.
		adobe, adobeSize = "Adobe", 12
	)
	if len(file) < 4 || file[0] != 0xff || file[1] != markerSOI {
		return false
	}
	for at := 2; ; {
		marker, body, next, ok := jpegSegment(file, at)
		if !ok {
			return false
		}
		switch {
		case marker >= markerSOF0 && marker <= markerSOF15 && marker != 0xc8, marker == markerDQT, marker == markerDRI:
		case marker == markerAPP0 && len(body) == jfifSize && bytes.HasPrefix(body, []byte(jfif)):
		case marker == markerAPP14 && len(body) == adobeSize && bytes.HasPrefix(body, []byte(adobe)):
		case marker == markerSOS:
		default:
			return false
		}
		at = next
		if marker != markerSOS {
			continue
		}
		// Entropy-coded data: 0xff is stuffed with 0, or a restart marker.
		for {
			ff := bytes.IndexByte(file[at:], 0xff)
			if ff < 0 {
				return false
			}
			at += ff
			if at+1 == len(file) || file[at+1] != 0 && file[at+1]&0xf8 != 0xd0 {
				break
			}
			at += 2 // Neither is the second byte 0xff.
		}
		if at+2 == len(file) && file[at] == 0xff && file[at+1] == markerEOI {
			return true
		}
	}
}

// plainPNG walks over the chunks. ISO 15948, 5.3 and 11.
func plainPNG(file []byte) bool {
	allowed := []string{"IHDR", "PLTE", "tRNS", "IDAT", "gAMA", "cHRM", "sRGB", "sBIT", "bKGD", "pHYs", "hIST", "acTL", "fcTL", "fdAT"}
	const signature, overhead = 8, 12 // A chunk's length, type and CRC.
	for at := signature; at+overhead <= len(file); {
		size := int64(binary.BigEndian.Uint32(file[at:]))
		name := string(file[at+4 : at+8])
		next := int64(at) + overhead + size
		if next > int64(len(file)) {
			return false
		}
		if name == "IEND" {
			return size == 0 && next == int64(len(file))
		}
		if !slices.Contains(allowed, name) {
			return false
		}
		at = int(next)
	}
	return false
}

// plainWebP walks over the chunks, as [withoutWebPMetadata] does.
func plainWebP(file []byte) bool {
	allowed := []string{"VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF"}
	if len(file) < 12 || int64(binary.LittleEndian.Uint32(file[4:]))+8 != int64(len(file)) {
		return false
	}
	for rest := file[12:]; len(rest) > 0; {
		if len(rest) < 8 || !slices.Contains(allowed, string(rest[:4])) {
			return false
		}
		size := int64(binary.LittleEndian.Uint32(rest[4:]))
		if size += 8 + size%2; size > int64(len(rest)) {
			return false
		}
		rest = rest[size:]
	}
	return true
}
