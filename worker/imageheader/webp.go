package imageheader

import (
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"time"
)

// WebP holds the fields that only a WebP has.
type WebP struct {
	// Lossy and Lossless are the codings of its pictures; an animation may have both.
	Lossy, Lossless bool
	// Extended means that there is a VP8X chunk, and Flags is its first byte.
	Extended bool
	Flags    byte
	// CutShort means that the RIFF header declares more bytes than there are: browsers do
	// not show such a file.
	CutShort bool
	// Trailing counts the bytes after the end that the RIFF header declares.
	Trailing int
}

// The flags of VP8X. RFC 9649, 2.7.
const (
	WebPAnimation = 0x02
	WebPXMP       = 0x04
	WebPEXIF      = 0x08
	WebPAlpha     = 0x10
	WebPICC       = 0x20
)

// RIFFChunk is a chunk of a RIFF file.
type RIFFChunk struct {
	Name string
	// Start and End delimit the chunk in the file, from its name to the end of its padding.
	Start, End int
	Body       []byte
}

// RIFFChunks yields the chunks between two positions of a RIFF file, up to where one is
// cut: a four-letter name, a size, and a body that is padded to an even length. The chunks
// of a file begin at [RIFFHeaderSize]. RFC 9649, 2.3.
func RIFFChunks(file []byte, start, end int) iter.Seq[RIFFChunk] {
	const overhead = 8
	return func(yield func(RIFFChunk) bool) {
		for at := start; at+overhead <= end; {
			size := int64(binary.LittleEndian.Uint32(file[at+4:]))
			bodyEnd := int64(at) + overhead + size
			if bodyEnd > int64(end) {
				return
			}
			c := RIFFChunk{string(file[at : at+4]), at, int(min(bodyEnd+size%2, int64(end))), file[at+overhead : bodyEnd]}
			if !yield(c) {
				return
			}
			at = c.End
		}
	}
}

// RIFFHeaderSize is the size of "RIFF", the file's size and its kind.
const RIFFHeaderSize = 12

// NeededInWebP reports whether a chunk of a WebP is needed to show the picture.
func (c RIFFChunk) NeededInWebP() bool { return slices.Contains(webpNeeded, c.Name) }

var webpNeeded = []string{"VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF"}

func parseWebP(h *Header, file []byte) error {
	w := &WebP{}
	h.WebP = w
	h.Channels = 3
	promised := int64(binary.LittleEndian.Uint32(file[4:])) + 8
	w.CutShort = promised > int64(len(file))
	w.Trailing = int(max(0, int64(len(file))-promised))
	if w.CutShort {
		h.damaged("shorter than its RIFF header declares")
	}
	h.NoMetadata = promised == int64(len(file))
	r := webpReader{Header: h, WebP: w}
	limit, at := int(min(promised, int64(len(file)))), RIFFHeaderSize
	for c := range RIFFChunks(file, RIFFHeaderSize, max(RIFFHeaderSize, limit)) {
		at = c.End
		h.NoMetadata = h.NoMetadata && c.NeededInWebP()
		if c.Name == "ANMF" {
			r.readFrame(file, c)
			continue
		}
		if err := r.read(c); err != nil {
			return err
		}
	}
	if at < limit {
		h.damaged("cut in a chunk")
		h.NoMetadata = false
	}
	return r.finish()
}

// webpReader reads chunk by chunk.
type webpReader struct {
	*Header
	*WebP
	icc      []byte
	animated *Animation
	still    bool // A picture outside a frame.
	alpha    bool // An alpha plane before it.
}

func (r *webpReader) read(c RIFFChunk) error {
	switch c.Name {
	case "VP8X":
		if r.Extended || r.still || len(c.Body) < 10 {
			return nil
		}
		r.Extended, r.Flags = true, c.Body[0]
		r.Width, r.Height = int(uint24(c.Body[4:]))+1, int(uint24(c.Body[7:]))+1
		r.Alpha = r.Flags&WebPAlpha != 0
	case "ANIM":
		if len(c.Body) >= 6 && r.Flags&WebPAnimation != 0 && r.animated == nil {
			b := c.Body
			r.animated = &Animation{Background: [4]byte{b[2], b[1], b[0], b[3]}, Plays: int(binary.LittleEndian.Uint16(b[4:]))}
		}
	case "ICCP":
		if r.icc == nil {
			r.icc = c.Body
		}
	case "ALPH":
		r.alpha = true
	case "VP8 ", "VP8L":
		if r.still {
			return nil
		}
		r.still = true
		picture, ok := readWebPPicture(c)
		if !ok {
			return errors.New("a broken picture header")
		}
		r.note(c.Name)
		if !r.Extended {
			r.Width, r.Height = picture.Width, picture.Height
			r.Alpha = picture.alpha
		}
	}
	return nil
}

func (r *webpReader) note(name string) {
	r.Lossless = r.Lossless || name == "VP8L"
	r.Lossy = r.Lossy || name == "VP8 "
}

// readFrame reads an ANMF chunk, and the coding of its picture. RFC 9649, 2.7.1.1.
func (r *webpReader) readFrame(file []byte, c RIFFChunk) {
	const header, noBlend, clear = 16, 2, 1
	if r.animated == nil || len(c.Body) < header {
		return
	}
	b := c.Body
	f := Frame{
		X: int32(uint24(b)) * 2, Y: int32(uint24(b[3:])) * 2,
		Width: int32(uint24(b[6:])) + 1, Height: int32(uint24(b[9:])) + 1,
		Delay:   time.Duration(uint24(b[12:])) * time.Millisecond,
		Replace: b[15]&noBlend != 0,
	}
	if b[15]&clear != 0 {
		f.Dispose = DisposeBackground
	}
	start := c.Start + 8 + header
	for sub := range RIFFChunks(file, start, start+len(b)-header) {
		r.NoMetadata = r.NoMetadata && sub.NeededInWebP()
		switch sub.Name {
		case "ALPH":
			f.Alpha = true
		case "VP8 ", "VP8L":
			picture, ok := readWebPPicture(sub)
			if !ok {
				r.damaged("a frame with a broken picture header")
			}
			f.Alpha = f.Alpha || picture.alpha
			r.note(sub.Name)
		}
	}
	r.animated.Frames = append(r.animated.Frames, f)
}

func (r *webpReader) finish() error {
	if r.Width == 0 {
		return errors.New("no picture")
	}
	if r.Flags&WebPAnimation != 0 {
		if r.animated == nil || len(r.animated.Frames) == 0 {
			return errors.New("an animation without frames")
		}
		r.Animation, r.Frames = r.animated, len(r.animated.Frames)
		first := r.animated.Frames[0]
		r.Alpha = r.Alpha || !first.covers(r.Width, r.Height) ||
			slices.ContainsFunc(r.animated.Frames, func(f Frame) bool { return f.Alpha || f.Dispose == DisposeBackground })
	} else if !r.still {
		return errors.New("no picture")
	}
	r.Alpha = r.Alpha || r.Extended && r.alpha
	if r.Alpha {
		r.Channels = 4
	}
	if r.Lossy {
		r.Chroma = Chroma420
	}
	if r.Flags&WebPICC != 0 && r.icc != nil { // Browsers ignore one that is not announced.
		r.Colour.ICC, r.Colour.Source = r.icc, ColourICC
	}
	return nil
}

type webpPicture struct {
	Size
	alpha bool
}

// readWebPPicture reads the header of a picture's bit stream. RFC 6386, 9.1; RFC 9649, 3.4.
func readWebPPicture(c RIFFChunk) (p webpPicture, ok bool) {
	const signature = 0x2f
	b := c.Body
	switch {
	case c.Name == "VP8 " && len(b) >= 10 && b[3] == 0x9d && b[4] == 0x01 && b[5] == 0x2a:
		p.Width, p.Height = int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff)
	case c.Name == "VP8L" && len(b) >= 5 && b[0] == signature:
		bits := binary.LittleEndian.Uint32(b[1:])
		p.Width, p.Height, p.alpha = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1, bits>>28&1 != 0
	}
	return p, p.Width > 0 && p.Height > 0
}

func uint24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }
