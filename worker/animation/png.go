package animation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"iter"
	"slices"
)

// The layout of a PNG: its signature, then chunks of a length, a name, data and a CRC.
// PNG third edition, 5.2 and 5.3.
const (
	pngSignature  = "\x89PNG\r\n\x1a\n"
	pngOverhead   = 12
	pngHeaderSize = 13 // The data of IHDR.
)

var errCutPNG = errors.New("png: cut in a chunk")

// pngChunk is a chunk. Bytes holds all of it, body its data.
type pngChunk struct {
	name        string
	bytes, body []byte
}

// intact reports whether the CRC is right.
func (c pngChunk) intact() bool {
	return crc32.ChecksumIEEE(c.bytes[4:len(c.bytes)-4]) == binary.BigEndian.Uint32(c.bytes[len(c.bytes)-4:])
}

// pngChunks returns the chunks of a PNG. It ends after IEND, or at the end of the file.
func pngChunks(file []byte) iter.Seq2[pngChunk, error] {
	return func(yield func(pngChunk, error) bool) {
		for rest := file[min(len(pngSignature), len(file)):]; len(rest) > 0; {
			if len(rest) < pngOverhead {
				yield(pngChunk{}, errCutPNG)
				return
			}
			size := pngOverhead + int64(binary.BigEndian.Uint32(rest))
			if size > int64(len(rest)) {
				yield(pngChunk{}, errCutPNG)
				return
			}
			c := pngChunk{string(rest[4:8]), rest[:size], rest[8 : size-4]}
			rest = rest[size:]
			if !yield(c, nil) || c.name == "IEND" {
				return
			}
		}
	}
}

// pngShared are the chunks that define what samples mean. Each frame's still file has those
// that precede the pixels.
var pngShared = []string{"PLTE", "tRNS", "sBIT", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "mDCV", "mDCv", "cLLI", "cLLi"}

// pngFile is what all frames of an animated PNG share.
type pngFile struct {
	header   []byte // The data of IHDR.
	shared   []byte // Whole chunks.
	declared int    // The number of frames by acTL; zero for a still.
	hidden   bool   // The still picture is not a frame.
}

// openPNG reads an animated PNG. Chromium decides what is one: a file whose acTL precedes
// its pixels, whatever their checksums and the number of frames that follow.
func openPNG(body []byte) (*Reader, error) {
	p := &pngFile{}
	r := &Reader{}
	controls := 0
	for c, err := range pngChunks(body) {
		if err != nil || c.name == "IDAT" {
			break
		}
		switch c.name {
		case "IHDR":
			p.header = c.body
		case "acTL":
			if len(c.body) == 8 && c.intact() {
				p.declared = int(binary.BigEndian.Uint32(c.body))
				r.Plays = int(binary.BigEndian.Uint32(c.body[4:]))
			}
		case "fcTL":
			controls++
		default:
			if slices.Contains(pngShared, c.name) {
				p.shared = append(p.shared, c.bytes...)
			}
		}
	}
	p.hidden = controls == 0
	if p.declared == 0 || len(p.header) != pngHeaderSize || p.declared == 1 && !p.hidden {
		return nil, ErrNotAnimated
	}
	r.Width = int(binary.BigEndian.Uint32(p.header))
	r.Height = int(binary.BigEndian.Uint32(p.header[4:]))
	r.frames = func(yield func(Frame, error) bool) { p.frames(body, yield) }
	return r, nil
}

// pngReader collects the chunks of the frame that is being read.
type pngReader struct {
	file     *pngFile
	sequence uint32 // Of the next fcTL or fdAT.
	frame    Frame
	open     bool     // An fcTL was read.
	data     [][]byte // Compressed pixels.
	count    int      // Frames returned so far.
}

func (p *pngFile) frames(body []byte, yield func(Frame, error) bool) {
	r := &pngReader{file: p}
	for c, err := range pngChunks(body) {
		if err != nil {
			if len(r.data) == 0 || r.finish(yield) {
				yield(Frame{}, err)
			}
			return
		}
		switch {
		case c.name == "IDAT" && r.open && r.count == 0 && !p.hidden:
			r.data = append(r.data, c.body)
		case c.name == "fcTL":
			if !r.finish(yield) {
				return
			}
			if r.count == p.declared {
				return // Browsers ignore frames that were not declared.
			}
			if err := r.control(c); err != nil {
				yield(Frame{}, err)
				return
			}
		case c.name == "fdAT":
			if !r.open || len(c.body) < 4 || binary.BigEndian.Uint32(c.body) != r.sequence {
				if r.finish(yield) {
					yield(Frame{}, errors.New("png: a frame's data out of sequence"))
				}
				return
			}
			r.sequence++
			r.data = append(r.data, c.body[4:])
		}
	}
	r.finish(yield)
}

// finish returns the frame that was read, if there is one.
func (r *pngReader) finish(yield func(Frame, error) bool) bool {
	if !r.open {
		return true
	}
	r.open = false
	if len(r.data) == 0 {
		yield(Frame{}, errors.New("png: a frame without data"))
		return false
	}
	f, header, data := r.frame, r.file.header, r.data
	f.file = func() ([]byte, error) { return stillPNG(header, f.Bounds.Size(), r.file.shared, data), nil }
	r.count++
	return yield(f, nil)
}

// control reads fcTL. PNG third edition, 11.3.6.2.
func (r *pngReader) control(c pngChunk) error {
	const size = 26
	if len(c.body) != size || !c.intact() || binary.BigEndian.Uint32(c.body) != r.sequence {
		return errors.New("png: a frame's control chunk is damaged or out of sequence")
	}
	number := func(i int) int64 { return int64(binary.BigEndian.Uint32(c.body[i:])) }
	canvas := image.Pt(int(binary.BigEndian.Uint32(r.file.header)), int(binary.BigEndian.Uint32(r.file.header[4:])))
	width, height, x, y := number(4), number(8), number(12), number(16)
	whole := x == 0 && y == 0 && width == int64(canvas.X) && height == int64(canvas.Y)
	switch {
	case width < 1 || height < 1 || x+width > int64(canvas.X) || y+height > int64(canvas.Y), r.count == 0 && !r.file.hidden && !whole:
		return fmt.Errorf("png: a frame of %dx%d pixels at %d,%d does not fit", width, height, x, y)
	case c.body[24] > 2 || c.body[25] > 1:
		return fmt.Errorf("png: unknown dispose or blend operation %d, %d", c.body[24], c.body[25])
	}
	n, d := int(binary.BigEndian.Uint16(c.body[20:])), int(binary.BigEndian.Uint16(c.body[22:]))
	if d == 0 {
		d = 100
	}
	r.frame = Frame{
		Bounds:  image.Rect(int(x), int(y), int(x+width), int(y+height)),
		Delay:   n * 1000 / d,
		Dispose: []Dispose{Keep, Clear, Restore}[c.body[24]],
		Over:    c.body[25] == 1,
	}
	r.sequence++
	r.open, r.data = true, nil
	return nil
}

// stillPNG writes a PNG of a frame's compressed pixels.
func stillPNG(header []byte, size image.Point, shared []byte, data [][]byte) []byte {
	header = slices.Clone(header)
	binary.BigEndian.PutUint32(header, uint32(size.X))
	binary.BigEndian.PutUint32(header[4:], uint32(size.Y))
	total := len(pngSignature) + len(shared) + 3*pngOverhead + pngHeaderSize
	for _, d := range data {
		total += pngOverhead + len(d)
	}
	file := append(make([]byte, 0, total), pngSignature...)
	file = AppendPNGChunk(file, "IHDR", header)
	file = append(file, shared...)
	for _, d := range data {
		file = AppendPNGChunk(file, "IDAT", d)
	}
	return AppendPNGChunk(file, "IEND")
}

// AppendPNGChunk appends a chunk, whose data are in parts, to a PNG.
func AppendPNGChunk(file []byte, name string, parts ...[]byte) []byte {
	start, size := len(file), 0
	for _, part := range parts {
		size += len(part)
	}
	file = binary.BigEndian.AppendUint32(file, uint32(size))
	file = append(file, name...)
	for _, part := range parts {
		file = append(file, part...)
	}
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(file[start+4:]))
}
