package metadata

import (
	"encoding/binary"

	"calotype/worker/imageheader"
)

// fromWebP keeps the chunks of pictures and frames. The first byte of VP8X has a flag for
// each chunk that follows. RFC 9649, section 2.
func fromWebP(file []byte) ([]byte, bool) {
	const gone = imageheader.WebPXMP | imageheader.WebPEXIF | imageheader.WebPICC
	out := append(make([]byte, 0, len(file)), file[:imageheader.RIFFHeaderSize]...)
	end := int(min(int64(len(file)), int64(binary.LittleEndian.Uint32(file[4:]))+8))
	for c := range imageheader.RIFFChunks(file, imageheader.RIFFHeaderSize, end) {
		switch {
		case !c.NeededInWebP():
		case c.Name == "VP8X":
			if len(c.Body) < 1 {
				return nil, false
			}
			at := len(out)
			out = appendChunk(out, c.Name, c.Body)
			out[at+riffChunkHeader] &^= gone
		case c.Name == "ANMF":
			frame, ok := frameOfWebP(c.Body)
			if !ok {
				return nil, false
			}
			out = appendChunk(out, c.Name, frame)
		default:
			out = appendChunk(out, c.Name, c.Body)
		}
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, true
}

// frameOfWebP returns the content of an ANMF chunk without unknown chunks.
func frameOfWebP(body []byte) ([]byte, bool) {
	const header = 16
	if len(body) < header {
		return nil, false
	}
	frame := append(make([]byte, 0, len(body)+1), body[:header]...)
	at := header
	for c := range imageheader.RIFFChunks(body, header, len(body)) {
		if at = c.End; c.NeededInWebP() {
			frame = appendChunk(frame, c.Name, c.Body)
		}
	}
	return frame, at == len(body)
}

const riffChunkHeader = 8

func appendChunk(out []byte, name string, body []byte) []byte {
	out = append(out, name...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(body)))
	out = append(out, body...)
	return append(out, make([]byte, len(body)%2)...)
}
