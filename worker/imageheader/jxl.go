package imageheader

import (
	"bytes"
	"errors"
)

// JXL holds the fields that only a JPEG XL has. ISO 18181-1 and -2.
type JXL struct {
	// Container means that the file consists of boxes.
	Container bool
	// FromJPEG means that the original JPEG can be reconstructed.
	FromJPEG bool
	// Extra counts the channels besides colour, alpha included.
	Extra int
	// Black means that one of them is the black ink of CMYK.
	Black bool
	// XYB means that the colours are stored in XYB, whatever the profile is.
	XYB bool
	// Profile means that there is an ICC profile, which is compressed and not read.
	Profile bool
	// Animated means that it is an animation, or has several pages. Frames are not read.
	Animated bool
}

var jxlContainer = []byte("\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a")

func isJXL(file []byte) bool {
	return bytes.HasPrefix(file, []byte{0xff, 0x0a}) || bytes.HasPrefix(file, jxlContainer)
}

func parseJXL(h *Header, file []byte) error {
	x := &JXL{Container: bytes.HasPrefix(file, jxlContainer)}
	h.JXL = x
	stream := file
	if x.Container {
		stream = x.find(file)
	}
	if !bytes.HasPrefix(stream, []byte{0xff, 0x0a}) {
		return errors.New("no codestream")
	}
	r := &jxlReader{b: stream[2:]}
	size := r.size()
	x.readMetadata(h, r)
	if r.short {
		return errors.New("cut in its header")
	}
	h.Width, h.Height = size.Width, size.Height
	return nil
}

// find returns the codestream, or its first part, of a file of boxes. ISO 18181-2, 9.
func (x *JXL) find(file []byte) (stream []byte) {
	const number = 4
	for b := range Boxes(file, 0, len(file)) {
		switch {
		case b.Type == "jbrd":
			x.FromJPEG = true
		case stream != nil:
		case b.Type == "jxlc":
			stream = b.Body
		case b.Type == "jxlp" && len(b.Body) > number:
			stream = b.Body[number:]
		}
	}
	return stream
}

// readMetadata reads the header of the picture. ISO 18181-1, annex D.
func (x *JXL) readMetadata(h *Header, r *jxlReader) {
	h.Channels, h.Depth, x.XYB = 3, 8, true
	h.Colour.SRGB, h.Colour.Source = true, ColourSRGB
	if r.flag() { // Everything has its default.
		return
	}
	if r.flag() { // Extra fields.
		h.Orientation = int(r.bits(3)) + 1
		if r.flag() { // The intrinsic size, which browsers ignore.
			r.size()
		}
		if r.flag() {
			r.skipPreview()
		}
		if x.Animated = r.flag(); x.Animated {
			h.Animation = &Animation{Plays: r.animation()}
		}
	}
	h.Depth, h.Float = r.depth()
	r.flag() // Whether 16 bits are enough.
	x.Extra = int(r.choose(jxlIs(0), jxlIs(1), jxlBits(4, 2), jxlBits(12, 1)))
	for i := 0; i < x.Extra && !r.short; i++ {
		kind, premultiplied := r.extraChannel()
		h.Alpha = h.Alpha || kind == jxlAlpha
		x.Black = x.Black || kind == jxlBlack
		h.Premultiplied = h.Premultiplied || premultiplied
	}
	x.XYB = r.flag()
	x.readColour(h, r)
	if h.Alpha {
		h.Channels++
	}
}

// readColour reads the colour encoding. ISO 18181-1, E.2; the values are H.273's.
func (x *JXL) readColour(h *Header, r *jxlReader) {
	const grey, xyb, custom = 1, 2, 2
	if r.flag() { // sRGB.
		return
	}
	h.Colour = Colour{}
	x.Profile = r.flag()
	space := r.enum()
	if space == grey {
		h.Channels = 1
	}
	if x.Profile || space == xyb {
		return
	}
	c := &CICP{Primaries: PrimariesBT709, Matrix: MatrixIdentity, FullRange: true}
	if r.enum() == custom {
		r.skipPoints(1)
	}
	if space != grey {
		if c.Primaries = uint16(r.enum()); c.Primaries == custom {
			r.skipPoints(3)
		}
		if c.Primaries == 11 { // Like H.273's number 12, with another white point.
			c.Primaries = PrimariesP3
		}
	}
	if r.flag() {
		const unit = 1e7
		h.Colour.Gamma = float64(r.bits(24)) / unit
		c.Transfer = Unspecified
	} else {
		c.Transfer = uint16(r.enum())
	}
	h.Colour.CICP, h.Colour.Source = c, ColourCICP
}

// jxlReader reads bits, the lowest of a byte first. ISO 18181-1, annex B.
type jxlReader struct {
	b     []byte
	at    int
	short bool
}

func (r *jxlReader) bits(n int) (v uint32) {
	for i := range n {
		if r.at >= 8*len(r.b) {
			r.short = true
			return 0
		}
		v |= uint32(r.b[r.at/8]>>(r.at%8)&1) << i
		r.at++
	}
	return v
}

func (r *jxlReader) flag() bool { return r.bits(1) == 1 }

// jxlValue is one of the four ways to store a number: in a number of bits, plus an offset.
type jxlValue struct {
	bits int
	plus uint32
}

func jxlIs(v uint32) jxlValue                { return jxlValue{0, v} }
func jxlBits(bits int, plus uint32) jxlValue { return jxlValue{bits, plus} }

func (r *jxlReader) choose(values ...jxlValue) uint32 {
	v := values[r.bits(2)]
	return r.bits(v.bits) + v.plus
}

func (r *jxlReader) enum() uint32 { return r.choose(jxlIs(0), jxlIs(1), jxlBits(4, 2), jxlBits(6, 18)) }

// size reads a size: ISO 18181-1, D.2.
func (r *jxlReader) size() Size {
	long := []jxlValue{jxlBits(9, 1), jxlBits(13, 1), jxlBits(18, 1), jxlBits(30, 1)}
	small := r.flag()
	one := func() int {
		if small {
			return (int(r.bits(5)) + 1) * 8
		}
		return int(r.choose(long...))
	}
	height := one()
	ratio := r.bits(3)
	if ratio == 0 {
		return Size{one(), height}
	}
	ratios := [8][2]int{1: {1, 1}, 2: {12, 10}, 3: {4, 3}, 4: {3, 2}, 5: {16, 9}, 6: {5, 4}, 7: {2, 1}}
	return Size{int(int64(height) * int64(ratios[ratio][0]) / int64(ratios[ratio][1])), height}
}

func (r *jxlReader) skipPreview() {
	values := []jxlValue{jxlBits(6, 1), jxlBits(8, 65), jxlBits(10, 321), jxlBits(12, 1345)}
	if r.flag() {
		values = []jxlValue{jxlIs(16), jxlIs(32), jxlBits(5, 1), jxlBits(9, 33)}
	}
	r.choose(values...)
	if r.bits(3) == 0 {
		r.choose(values...)
	}
}

// animation reads how often an animation is played.
func (r *jxlReader) animation() (plays int) {
	r.choose(jxlIs(100), jxlIs(1000), jxlBits(10, 1), jxlBits(30, 1))
	r.choose(jxlIs(1), jxlIs(1001), jxlBits(8, 1), jxlBits(10, 1))
	plays = int(r.choose(jxlIs(0), jxlBits(3, 0), jxlBits(16, 0), jxlBits(32, 0)))
	r.flag()
	return plays
}

func (r *jxlReader) depth() (depth int, float bool) {
	if r.flag() {
		depth = int(r.choose(jxlIs(32), jxlIs(16), jxlIs(24), jxlBits(6, 1)))
		r.bits(4)
		return depth, true
	}
	return int(r.choose(jxlIs(8), jxlIs(10), jxlIs(12), jxlBits(6, 1))), false
}

// The kinds of extra channels. ISO 18181-1, D.3.6.
const jxlAlpha, jxlSpot, jxlBlack, jxlCFA = 0, 2, 4, 5

// extraChannel reads the kind of an extra channel.
func (r *jxlReader) extraChannel() (kind uint32, premultiplied bool) {
	if r.flag() {
		return jxlAlpha, false
	}
	kind = r.enum()
	r.depth()
	r.choose(jxlIs(0), jxlIs(3), jxlIs(4), jxlBits(3, 1))
	for range r.choose(jxlIs(0), jxlBits(4, 0), jxlBits(5, 16), jxlBits(10, 48)) {
		r.bits(8)
	}
	switch kind {
	case jxlAlpha:
		return kind, r.flag()
	case jxlSpot:
		r.bits(32)
		r.bits(32)
	case jxlCFA:
		r.choose(jxlIs(1), jxlBits(2, 0), jxlBits(4, 3), jxlBits(8, 19))
	}
	return kind, false
}

// skipPoints skips a number of chromaticities.
func (r *jxlReader) skipPoints(n int) {
	for range 2 * n {
		r.choose(jxlBits(19, 0), jxlBits(19, 1<<19), jxlBits(20, 1<<20), jxlBits(21, 1<<21))
	}
}
