package render

import (
	"encoding/binary"
	"errors"

	"calotype"
	"calotype/worker/imageheader"
)

// withoutWebPMetadata removes the EXIF and XMP chunks from a WebP file. libvips 8.14.1's
// webpsave writes its own EXIF block even if metadata is to be stripped:
// https://github.com/libvips/libvips/pull/3389
//
// If there is metadata the first chunk is VP8X, whose first byte has a flag for each
// following chunk. RFC 9649, section 2.
func withoutWebPMetadata(file []byte) ([]byte, error) {
	const chunkHeader = 8
	if format, _ := imageheader.Sniff(file); format != calotype.WebP {
		return nil, errors.New("webp: no RIFF header")
	}
	at := imageheader.RIFFHeaderSize
	out := append(make([]byte, 0, len(file)), file[:at]...)
	for c := range imageheader.RIFFChunks(file, at, len(file)) {
		if len(c.Body)%2 == 1 && c.End == c.Start+chunkHeader+len(c.Body) {
			return nil, errors.New("webp: cut in a chunk")
		}
		at = c.End
		switch c.Name {
		case "EXIF", "XMP ":
			continue
		case "VP8X":
			if len(c.Body) < 1 {
				return nil, errors.New("webp: empty VP8X")
			}
			out = append(out, file[c.Start:c.End]...)
			out[len(out)-(c.End-c.Start)+chunkHeader] &^= imageheader.WebPXMP | imageheader.WebPEXIF
		default:
			out = append(out, file[c.Start:c.End]...)
		}
	}
	if at < len(file) {
		return nil, errors.New("webp: cut in a chunk")
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, nil
}
