package imageheader

import (
	"bytes"
	"encoding/binary"

	"calotype"
)

// Sniff returns a picture's format by its first bytes, whatever its file name is.
//
// The signatures: JPEG ISO 10918-1 B.1.1.3, PNG ISO 15948 5.2, GIF89a 17, WebP RFC 9649
// 2.4, BMP BITMAPFILEHEADER, TIFF 6.0 section 2, BigTIFF, JPEG XL ISO 18181-1 D.1 and -2,
// ICO, and the brands of ISO 23008-12 for HEIC and AVIF.
func Sniff(file []byte) (calotype.Format, bool) {
	switch {
	case bytes.HasPrefix(file, []byte{0xff, 0xd8, 0xff}):
		return calotype.JPEG, true
	case bytes.HasPrefix(file, []byte(pngSignature)):
		return calotype.PNG, true
	case bytes.HasPrefix(file, []byte("GIF87a")), bytes.HasPrefix(file, []byte("GIF89a")):
		return calotype.GIF, true
	case isWebP(file):
		return calotype.WebP, true
	case bytes.HasPrefix(file, []byte("II*\x00")), bytes.HasPrefix(file, []byte("MM\x00*")),
		bytes.HasPrefix(file, []byte("II+\x00\x08\x00\x00\x00")), bytes.HasPrefix(file, []byte("MM\x00+\x00\x08\x00\x00")):
		return calotype.TIFF, true
	case isJXL(file):
		return calotype.JXL, true
	case isICO(file):
		return calotype.ICO, true
	case len(file) >= 12 && string(file[4:8]) == "ftyp":
		return sniffBrand(file)
	case bytes.HasPrefix(file, []byte("BM")):
		return calotype.BMP, true
	}
	return "", false
}

func isWebP(file []byte) bool {
	return len(file) >= 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP"
}

// sniffBrand reads the file type box of an ISO base media file: the major brand,
// then the compatible ones. ISO 14496-12, 4.3.
func sniffBrand(file []byte) (calotype.Format, bool) {
	size := int64(binary.BigEndian.Uint32(file))
	brands := string(file[8:max(12, min(size, int64(len(file))))])
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
