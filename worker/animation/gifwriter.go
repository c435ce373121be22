package animation

import (
	"compress/lzw"
	"encoding/binary"
	"fmt"
	"image"
	"slices"
)

// GIFWriter writes a GIF of palette indices, frame by frame. The palette of the first frame
// is shared by those that have the same.
type GIFWriter struct {
	file   []byte
	size   image.Point
	plays  int
	global [][4]byte
	pixels *lzw.Writer
}

// NewGIFWriter returns a writer of a canvas. Plays is how often browsers play the animation;
// 0 means forever.
func NewGIFWriter(size image.Point, plays int) *GIFWriter {
	return &GIFWriter{size: size, plays: plays}
}

// GIFPart is a part of the canvas that a frame draws.
type GIFPart struct {
	Bounds image.Rectangle
	// Indices are the positions of the pixels' colours in the palette.
	Indices []byte
	// Palette has at most 256 colours. Transparent is the index of a colour that is not drawn,
	// or -1.
	Palette     [][4]byte
	Transparent int
	// Delay is in milliseconds.
	Delay   int
	Dispose Dispose
}

// Add adds a frame. GIF89a, sections 20 and 23.
func (w *GIFWriter) Add(p GIFPart) error {
	if len(p.Palette) == 0 || len(p.Palette) > 256 || len(p.Indices) != p.Bounds.Dx()*p.Bounds.Dy() || p.Bounds.Empty() {
		return fmt.Errorf("gif: a part of %v, %d pixels and %d colours", p.Bounds, len(p.Indices), len(p.Palette))
	}
	if w.file == nil {
		w.start(p.Palette)
	}
	control := byte(map[Dispose]int{Keep: 1, Clear: 2, Restore: 3}[p.Dispose] << 2)
	transparent := byte(0)
	if p.Transparent >= 0 {
		control, transparent = control|1, byte(p.Transparent)
	}
	delay := (p.Delay + 5) / 10
	w.file = append(w.file, gifExtension, gifControl, 4, control, byte(delay), byte(delay>>8), transparent, 0)
	w.file = append(w.file, gifImageBlock)
	for _, v := range []int{p.Bounds.Min.X, p.Bounds.Min.Y, p.Bounds.Dx(), p.Bounds.Dy()} {
		w.file = binary.LittleEndian.AppendUint16(w.file, uint16(v))
	}
	bits := colourBits(len(w.global))
	if slices.Equal(p.Palette, w.global) {
		w.file = append(w.file, 0)
	} else {
		bits = colourBits(len(p.Palette))
		w.file = append(w.file, gifColours|byte(bits-1))
		w.file = appendTable(w.file, p.Palette, bits)
	}
	literal := max(2, bits)
	w.file = append(w.file, byte(literal))
	blocks := &gifBlocks{file: w.file, start: -1}
	if w.pixels == nil {
		w.pixels = lzw.NewWriter(blocks, lzw.LSB, literal).(*lzw.Writer)
	} else {
		w.pixels.Reset(blocks, lzw.LSB, literal)
	}
	if _, err := w.pixels.Write(p.Indices); err != nil {
		return err
	}
	if err := w.pixels.Close(); err != nil {
		return err
	}
	w.file = append(blocks.file, 0)
	return nil
}

// start writes what precedes the first frame.
func (w *GIFWriter) start(palette [][4]byte) {
	w.global = slices.Clone(palette)
	bits := colourBits(len(palette))
	w.file = append(w.file, "GIF89a"...)
	w.file = binary.LittleEndian.AppendUint16(w.file, uint16(w.size.X))
	w.file = binary.LittleEndian.AppendUint16(w.file, uint16(w.size.Y))
	w.file = append(w.file, gifColours|0x70|byte(bits-1), 0, 0)
	w.file = appendTable(w.file, palette, bits)
	if w.plays != 1 {
		w.file = append(w.file, gifExtension, gifApplication, 11)
		w.file = append(w.file, "NETSCAPE2.0\x03\x01"...)
		w.file = binary.LittleEndian.AppendUint16(w.file, uint16(max(0, w.plays-1)))
		w.file = append(w.file, 0)
	}
}

// Bytes ends the file and returns it.
func (w *GIFWriter) Bytes() []byte { return append(w.file, gifTrailer) }

// colourBits returns the size of a colour table as a power of two.
func colourBits(colours int) int {
	bits := 1
	for 1<<bits < colours {
		bits++
	}
	return bits
}

func appendTable(file []byte, palette [][4]byte, bits int) []byte {
	for _, c := range palette {
		file = append(file, c[0], c[1], c[2])
	}
	return append(file, make([]byte, 3*(1<<bits-len(palette)))...)
}

// gifBlocks appends bytes to a file in sub-blocks of up to 255, each after its size. GIF89a,
// section 15.
type gifBlocks struct {
	file  []byte
	start int // Of the last block's size, or -1.
}

func (b *gifBlocks) Write(p []byte) (int, error) {
	for _, v := range p {
		_ = b.WriteByte(v)
	}
	return len(p), nil
}

// WriteByte appends one byte. With it the compressor needs no buffer of its own.
func (b *gifBlocks) WriteByte(v byte) error {
	if b.start < 0 || b.file[b.start] == 255 {
		b.start = len(b.file)
		b.file = append(b.file, 0)
	}
	b.file[b.start]++
	b.file = append(b.file, v)
	return nil
}

// Flush does nothing.
func (b *gifBlocks) Flush() error { return nil }
