package animation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
)

// PNGWriter writes an animated PNG of frames that a still encoder has written as PNG.
// PNG third edition, 11.3.6.
type PNGWriter struct {
	file     []byte
	frames   uint32
	sequence uint32
	header   []byte // The first frame's, without its size.
	canvas   image.Point
}

// Add adds a frame, which replaces the canvas within its bounds, for delay milliseconds.
// The first frame is the canvas. The frames must have the same colour type and depth.
// Chunks that are not critical are left out, except tRNS.
func (w *PNGWriter) Add(still []byte, at image.Point, delay, plays int) error {
	var header []byte
	var data [][]byte
	var palette []byte
	for c, err := range pngChunks(still) {
		if err != nil {
			return err
		}
		switch c.name {
		case "IHDR":
			header = c.body
		case "PLTE", "tRNS":
			palette = append(palette, c.bytes...)
		case "IDAT":
			data = append(data, c.body)
		}
	}
	if len(header) != pngHeaderSize || len(data) == 0 {
		return errors.New("png: an encoder's picture without header or pixels")
	}
	size := header[:8]
	switch {
	case w.frames == 0:
		w.header, w.canvas = header[8:], image.Pt(int(binary.BigEndian.Uint32(size)), int(binary.BigEndian.Uint32(size[4:])))
		w.file = AppendPNGChunk([]byte(pngSignature), "IHDR", header)
		w.file = AppendPNGChunk(w.file, "acTL", binary.BigEndian.AppendUint32(nil, 0), binary.BigEndian.AppendUint32(nil, uint32(plays)))
		w.file = append(w.file, palette...)
	case !slices.Equal(header[8:], w.header):
		return fmt.Errorf("png: frame %d has another colour type", w.frames)
	}
	control := w.number()
	control = append(control, size...)
	control = binary.BigEndian.AppendUint32(control, uint32(at.X))
	control = binary.BigEndian.AppendUint32(control, uint32(at.Y))
	n, d := fraction(delay)
	control = binary.BigEndian.AppendUint16(control, n)
	control = binary.BigEndian.AppendUint16(control, d)
	control = append(control, 0, 0) // Keep, and replace.
	w.file = AppendPNGChunk(w.file, "fcTL", control)
	for _, d := range data {
		if w.frames == 0 {
			w.file = AppendPNGChunk(w.file, "IDAT", d)
		} else {
			w.file = AppendPNGChunk(w.file, "fdAT", w.number(), d)
		}
	}
	w.frames++
	return nil
}

// number returns the next sequence number.
func (w *PNGWriter) number() []byte {
	w.sequence++
	return binary.BigEndian.AppendUint32(nil, w.sequence-1)
}

// fraction returns milliseconds as a fraction of a second of 16-bit numbers.
func fraction(delay int) (numerator, denominator uint16) {
	if delay <= math.MaxUint16 {
		return uint16(delay), 1000
	}
	return uint16(min(delay/1000, math.MaxUint16)), 1
}

// Bytes ends the file and returns it.
func (w *PNGWriter) Bytes() []byte {
	const firstChunk = len(pngSignature) + pngOverhead + pngHeaderSize
	actl := AppendPNGChunk(nil, "acTL", binary.BigEndian.AppendUint32(nil, w.frames), w.file[firstChunk+12:firstChunk+16])
	copy(w.file[firstChunk:], actl)
	return AppendPNGChunk(w.file, "IEND")
}
