package animation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"iter"
)

// The layout of a WebP file. RFC 9649, 2.3 to 2.7.
const (
	riffHeader      = 12
	riffChunkHeader = 8
	webpAlpha       = 0x10 // Flags of VP8X.
	webpProfile     = 0x20
	webpAnimated    = 0x02
	webpFrameHeader = 16
)

var errCutWebP = errors.New("webp: cut in a chunk")

// riffChunk is a chunk. Bytes holds all of it, with padding; body its data.
type riffChunk struct {
	name        string
	bytes, body []byte
}

// riffChunks returns the chunks that data holds.
func riffChunks(data []byte) iter.Seq2[riffChunk, error] {
	return func(yield func(riffChunk, error) bool) {
		for len(data) > 0 {
			if len(data) < riffChunkHeader {
				yield(riffChunk{}, errCutWebP)
				return
			}
			size := riffChunkHeader + int64(binary.LittleEndian.Uint32(data[4:]))
			padded := size + size%2
			if size > int64(len(data)) {
				yield(riffChunk{}, errCutWebP)
				return
			}
			padded = min(padded, int64(len(data))) // Some encoders do not pad the last one.
			if !yield(riffChunk{string(data[:4]), data[:padded], data[riffChunkHeader:size]}, nil) {
				return
			}
			data = data[padded:]
		}
	}
}

// openWebP reads an animated WebP.
func openWebP(body []byte) (*Reader, error) {
	if len(body) < riffHeader {
		return nil, errCutWebP
	}
	r := &Reader{}
	var profile []byte
	animated := false
	for c, err := range riffChunks(body[riffHeader:]) {
		if err != nil {
			break // For a still, the decoder decides.
		}
		switch {
		case c.name == "VP8X" && len(c.body) >= 10:
			animated = c.body[0]&webpAnimated != 0
			r.Width, r.Height = 1+uint24(c.body[4:]), 1+uint24(c.body[7:])
		case c.name == "ICCP":
			profile = c.bytes
		case c.name == "ANIM" && len(c.body) >= 6:
			r.Plays = int(binary.LittleEndian.Uint16(c.body[4:]))
		}
		if c.name == "ANMF" || c.name == "VP8 " || c.name == "VP8L" {
			break
		}
	}
	if !animated {
		return nil, ErrNotAnimated
	}
	r.frames = func(yield func(Frame, error) bool) {
		for c, err := range riffChunks(body[riffHeader:]) {
			if err == nil && c.name != "ANMF" {
				continue
			}
			var f Frame
			if err == nil {
				f, err = webpFrame(c.body, image.Rect(0, 0, r.Width, r.Height), profile)
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
	return r, nil
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// webpFrame reads the data of an ANMF chunk. RFC 9649, 2.7.1.2.
func webpFrame(data []byte, canvas image.Rectangle, profile []byte) (Frame, error) {
	const (
		clearAfter = 1
		replace    = 2
	)
	if len(data) < webpFrameHeader {
		return Frame{}, errors.New("webp: a frame without header")
	}
	at := image.Pt(2*uint24(data), 2*uint24(data[3:]))
	f := Frame{
		Bounds: image.Rectangle{at, at.Add(image.Pt(1+uint24(data[6:]), 1+uint24(data[9:])))},
		Delay:  uint24(data[12:]),
		Over:   data[15]&replace == 0,
	}
	if data[15]&clearAfter != 0 {
		f.Dispose = Clear
	}
	if !f.Bounds.In(canvas) {
		return f, fmt.Errorf("webp: a frame at %v does not fit", f.Bounds)
	}
	size := f.Bounds.Size()
	f.file = func() ([]byte, error) { return stillWebP(data[webpFrameHeader:], size, profile) }
	return f, nil
}

// stillWebP writes a WebP of a frame's pixels.
func stillWebP(data []byte, size image.Point, profile []byte) ([]byte, error) {
	const headers = riffHeader + riffChunkHeader + 10
	var flags byte
	pixels := 0
	file := append(make([]byte, 0, headers+len(profile)+len(data)), make([]byte, headers)...)
	if len(profile) > 0 {
		flags |= webpProfile
		file = append(file, profile...)
	}
	for c, err := range riffChunks(data) {
		if err != nil {
			return nil, err
		}
		switch c.name {
		case "ALPH":
			flags |= webpAlpha
		case "VP8L": // Its header says whether there is alpha.
			if len(c.body) >= 5 && c.body[4]&0x10 != 0 {
				flags |= webpAlpha
			}
			pixels++
		case "VP8 ":
			pixels++
		default:
			continue
		}
		file = append(file, c.bytes...)
		if len(file)%2 != 0 {
			file = append(file, 0)
		}
	}
	if pixels != 1 {
		return nil, fmt.Errorf("webp: a frame of %d pictures", pixels)
	}
	copy(file, "RIFF")
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	copy(file[8:], "WEBPVP8X")
	binary.LittleEndian.PutUint32(file[16:], 10)
	file[20] = flags
	putUint24(file[24:], size.X-1)
	putUint24(file[27:], size.Y-1)
	return file, nil
}

func putUint24(b []byte, v int) { b[0], b[1], b[2] = byte(v), byte(v>>8), byte(v>>16) }
