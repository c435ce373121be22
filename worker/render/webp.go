package render

import (
	"encoding/binary"
	"errors"
)

// withoutWebPMetadata takes the EXIF and XMP chunks out of a WebP file. libvips
// 8.14.1's webpsave writes an EXIF block of its own even where it is told to
// strip: https://github.com/libvips/libvips/pull/3389
//
// The container is RFC 9649, section 2: RIFF, its size, WEBP, then chunks of a
// four-letter name, a size, and a body that is padded to an even length. Where
// there is metadata the first chunk is VP8X, whose first byte says what follows.
func withoutWebPMetadata(file []byte) ([]byte, error) {
	const (
		riffHeader  = 12
		chunkHeader = 8
		flagXMP     = 0x04
		flagEXIF    = 0x08
	)
	if len(file) < riffHeader || string(file[:4]) != "RIFF" || string(file[8:12]) != "WEBP" {
		return nil, errors.New("webp: no RIFF header")
	}
	out := append(make([]byte, 0, len(file)), file[:riffHeader]...)
	for rest := file[riffHeader:]; len(rest) > 0; {
		if len(rest) < chunkHeader {
			return nil, errors.New("webp: cut in a chunk header")
		}
		size := int64(binary.LittleEndian.Uint32(rest[4:]))
		end := chunkHeader + size + size%2
		if end > int64(len(rest)) {
			return nil, errors.New("webp: cut in a chunk")
		}
		chunk := rest[:end]
		rest = rest[end:]
		switch string(chunk[:4]) {
		case "EXIF", "XMP ":
			continue
		case "VP8X":
			if size < 1 {
				return nil, errors.New("webp: empty VP8X")
			}
			out = append(out, chunk...)
			out[len(out)-len(chunk)+chunkHeader] &^= flagXMP | flagEXIF
		default:
			out = append(out, chunk...)
		}
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, nil
}
