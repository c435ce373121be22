package animation

import "errors"

var (
	errLZW      = errors.New("gif: invalid LZW code")
	errShortLZW = errors.New("gif: too few pixels")
)

// lzwDecoder decompresses the pixels of one GIF frame. It is faster than compress/lzw,
// which also supports TIFF and PDF, and it returns the data before damage. GIF89a, appendix
// F.
type lzwDecoder struct {
	data  []byte // Without sub-block sizes.
	bits  uint32
	nbits uint

	literal uint // Bits of a literal.
	width   uint // Bits of the next code.
	next    int  // The next entry of the table.
	last    int  // The code before, or -1 after a clear code.
	ended   bool

	prefix  [maxCodes]uint16
	suffix  [maxCodes]byte
	first   [maxCodes]byte // Of the string of an entry.
	length  [maxCodes]uint16
	pending []byte // Decoded and not yet returned.
	buffer  [maxCodes + 1]byte
}

const maxCodes = 1 << 12

// reset starts with the data of a frame. Literal is the minimum code size, 1 to 11.
func (d *lzwDecoder) reset(data []byte, literal uint) {
	d.data, d.bits, d.nbits, d.literal, d.ended, d.pending = data, 0, 0, literal, false, nil
	for i := range 1 << literal {
		d.suffix[i], d.first[i], d.length[i] = byte(i), byte(i), 1
	}
	d.clear()
}

func (d *lzwDecoder) clear() {
	d.width, d.next, d.last = d.literal+1, 1<<d.literal+2, -1
}

// read fills p. It returns how much it has filled, and an error if that is less than all.
func (d *lzwDecoder) read(p []byte) (int, error) {
	n := copy(p, d.pending)
	d.pending = d.pending[n:]
	for n < len(p) {
		code, ok := d.code()
		if !ok {
			return n, errShortLZW
		}
		end := 1 << d.literal
		switch {
		case code == end:
			d.clear()
			continue
		case code == end+1:
			d.ended = true
			return n, errShortLZW
		case code > d.next || code == d.next && (d.last < 0 || d.next == maxCodes), d.last < 0 && code > end:
			d.ended = true
			return n, errLZW
		}
		if d.last >= 0 && d.next < maxCodes {
			d.add(code)
		}
		if d.next >= 1<<d.width && d.width < 12 {
			d.width++
		}
		d.last = code
		length := int(d.length[code])
		if length <= len(p)-n {
			d.expand(code, p[n:n+length])
			n += length
			continue
		}
		d.expand(code, d.buffer[:length])
		m := copy(p[n:], d.buffer[:length])
		n += m
		d.pending = d.buffer[m:length]
	}
	return n, nil
}

// add makes an entry of the last code's string and the first byte of this code's. Code
// may be that entry itself.
func (d *lzwDecoder) add(code int) {
	from := code
	if code == d.next {
		from = d.last
	}
	d.prefix[d.next] = uint16(d.last)
	d.suffix[d.next] = d.first[from]
	d.first[d.next] = d.first[d.last]
	d.length[d.next] = d.length[d.last] + 1
	d.next++
}

// expand writes a code's string, which has the length of p.
func (d *lzwDecoder) expand(code int, p []byte) {
	for i := len(p) - 1; i > 0; i-- {
		p[i] = d.suffix[code]
		code = int(d.prefix[code])
	}
	p[0] = d.suffix[code]
}

func (d *lzwDecoder) code() (int, bool) {
	if d.ended {
		return 0, false
	}
	for d.nbits < d.width {
		if len(d.data) == 0 {
			d.ended = true
			return 0, false
		}
		d.bits |= uint32(d.data[0]) << d.nbits
		d.data = d.data[1:]
		d.nbits += 8
	}
	code := int(d.bits & (1<<d.width - 1))
	d.bits >>= d.width
	d.nbits -= d.width
	return code, true
}
