package render

import (
	"bytes"

	"calotype"
)

// Sniff tells a picture's format from its first bytes, whatever its name says.
//
// The signatures: JPEG ISO 10918-1 B.1.1.3, PNG ISO 15948 5.2, GIF89a 17, WebP
// RFC 9649 2.4, BMP BITMAPFILEHEADER, TIFF 6.0 section 2, and the brands of
// ISO 23008-12 for HEIC and AVIF.
func Sniff(body []byte) (calotype.Format, bool) {
	switch {
	case bytes.HasPrefix(body, []byte{0xff, 0xd8, 0xff}):
		return calotype.JPEG, true
	case bytes.HasPrefix(body, []byte("\x89PNG\r\n\x1a\n")):
		return calotype.PNG, true
	case bytes.HasPrefix(body, []byte("GIF87a")), bytes.HasPrefix(body, []byte("GIF89a")):
		return calotype.GIF, true
	case len(body) >= 12 && string(body[:4]) == "RIFF" && string(body[8:12]) == "WEBP":
		return calotype.WebP, true
	case bytes.HasPrefix(body, []byte("II*\x00")), bytes.HasPrefix(body, []byte("MM\x00*")):
		return calotype.TIFF, true
	case len(body) >= 12 && string(body[4:8]) == "ftyp":
		return sniffBrand(body)
	case bytes.HasPrefix(body, []byte("BM")):
		return calotype.BMP, true
	}
	return "", false
}

// sniffBrand reads the file type box of an ISO base media file: the major brand,
// then the compatible ones.
func sniffBrand(body []byte) (calotype.Format, bool) {
	size := int(body[0])<<24 | int(body[1])<<16 | int(body[2])<<8 | int(body[3])
	box := body[:max(12, min(size, len(body)))]
	brands := string(box[8:])
	for i := 0; i+4 <= len(brands); i += 4 {
		switch brands[i : i+4] {
		case "avif", "avis":
			return calotype.AVIF, true
		case "heic", "heix", "heim", "heis", "hevc", "hevx":
			return calotype.HEIC, true
		}
	}
	return "", false
}
