package imageheader

import (
	"encoding/binary"
	"iter"
)

// Box is a box of an ISO base media file, such as a HEIC or an AVIF.
type Box struct {
	// Type is its four letters.
	Type string
	// Start and End delimit the box in the file, including its header.
	Start, End int
	Body       []byte
}

// Boxes yields the boxes between two places of a file, up to where one is cut: a size, a
// type, and a body. A size of 1 is followed by a long one, and 0 means the rest.
// ISO 14496-12, 4.2.
func Boxes(file []byte, start, end int) iter.Seq[Box] {
	const short, long = 8, 16
	return func(yield func(Box) bool) {
		for at := start; at+short <= end; {
			size, header := uint64(binary.BigEndian.Uint32(file[at:])), short
			switch {
			case size == 0:
				size = uint64(end - at)
			case size == 1 && at+long <= end:
				size, header = binary.BigEndian.Uint64(file[at+short:]), long
			}
			if size < uint64(header) || size > uint64(end-at) {
				return
			}
			b := Box{string(file[at+4 : at+8]), at, at + int(size), file[at+header : at+int(size)]}
			if !yield(b) {
				return
			}
			at = b.End
		}
	}
}

// children yields the boxes inside a box, after a number of bytes of its own.
func (b Box) children(skip int) iter.Seq[Box] {
	return func(yield func(Box) bool) {
		for c := range Boxes(b.Body, min(skip, len(b.Body)), len(b.Body)) {
			// Positions are relative to the file.
			at := b.End - len(b.Body)
			c.Start, c.End = c.Start+at, c.End+at
			if !yield(c) {
				return
			}
		}
	}
}

// full reads the version and the flags of a full box; rest is the content. ISO 14496-12,
// 4.2.
func (b Box) full() (version byte, flags uint32, rest *bytesReader) {
	if len(b.Body) < 4 {
		return 0, 0, &bytesReader{short: true}
	}
	return b.Body[0], binary.BigEndian.Uint32(b.Body) & 0xffffff, &bytesReader{b: b.Body[4:]}
}

// bytesReader reads big-endian numbers. After the end it reads zeros, and short is set.
type bytesReader struct {
	b     []byte
	short bool
}

func (r *bytesReader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.b, r.short = nil, true
		return make([]byte, min(max(n, 0), 8))
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *bytesReader) u8() byte    { return r.take(1)[0] }
func (r *bytesReader) u16() uint16 { return binary.BigEndian.Uint16(r.take(2)) }
func (r *bytesReader) u32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }

// number reads a number of 0, 2, 4 or 8 bytes.
func (r *bytesReader) number(size int) uint64 {
	switch size {
	case 2:
		return uint64(r.u16())
	case 4:
		return uint64(r.u32())
	case 8:
		return binary.BigEndian.Uint64(r.take(8))
	}
	r.short = r.short || size != 0
	return 0
}
