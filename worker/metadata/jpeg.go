package metadata

import (
	"bytes"

	"calotype/worker/imageheader"
)

// The markers of JPEG. ISO 10918-1, table B.1.
const (
	jpegSOI, jpegEOI                        = 0xd8, 0xd9
	jpegAPP0, jpegAPP14, jpegAPP15, jpegCOM = 0xe0, 0xee, 0xef, 0xfe
	jpegJFIF, jpegAdobe                     = "JFIF\x00", "Adobe"
	jpegJFIFSize, jpegAdobeSize             = 14, 12
)

// fromJPEG keeps the segments that decoding needs. The APP0 segment of JFIF (ISO 10918-5,
// 10.1) and the APP14 segment of Adobe decide what the components mean, so both are kept,
// without what they may have in addition.
func fromJPEG(file []byte) ([]byte, bool) {
	out := make([]byte, 0, len(file))
	ended := false
	for s := range imageheader.JPEGSegments(file) {
		switch {
		case s.Marker == jpegAPP0 && bytes.HasPrefix(s.Body, []byte(jpegJFIF)):
			if len(s.Body) < jpegJFIFSize {
				return nil, false // Decoders read it as another segment.
			}
			out = append(out, 0xff, jpegAPP0, 0, 2+jpegJFIFSize)
			out = append(out, s.Body[:jpegJFIFSize-2]...)
			out = append(out, 0, 0) // No thumbnail.
		case s.Marker == jpegAPP14 && bytes.HasPrefix(s.Body, []byte(jpegAdobe)) && len(s.Body) >= jpegAdobeSize:
			out = append(out, 0xff, jpegAPP14, 0, 2+jpegAdobeSize)
			out = append(out, s.Body[:jpegAdobeSize]...)
		case s.Marker >= jpegAPP0 && s.Marker <= jpegAPP15, s.Marker == jpegCOM:
		case s.Needed() && (s.Marker != jpegSOI || len(out) == 0):
			out = append(out, file[s.Start:s.End]...)
			ended = s.Marker == jpegEOI
		default:
			return nil, false
		}
	}
	return out, ended
}
