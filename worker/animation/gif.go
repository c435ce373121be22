package animation

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
)

var errCutGIF = errors.New("gif: cut in the middle of a block")

// The blocks of a GIF. GIF89a, sections 17 to 27.
const (
	gifHeader      = 6 + 7 // Signature, logical screen descriptor.
	gifImageBlock  = 0x2c
	gifExtension   = 0x21
	gifTrailer     = 0x3b
	gifColours     = 0x80 // A colour table follows.
	gifInterlaced  = 0x40
	gifControl     = 0xf9
	gifApplication = 0xff
)

// openGIF reads a GIF of one or more frames. Like browsers, it lets the first frame make
// the canvas larger, and takes the last loop count of the file, wherever it is.
func openGIF(body []byte) (*Reader, error) {
	start, err := newGIFReader(body)
	if err != nil {
		return nil, err
	}
	r := &Reader{
		Width:  int(binary.LittleEndian.Uint16(body[6:])),
		Height: int(binary.LittleEndian.Uint16(body[8:])),
		frames: func(yield func(Frame, error) bool) {
			for g := *start; ; {
				f, err := g.next()
				if err == errGIFEnd || !yield(f, err) || err != nil {
					return
				}
			}
		},
	}
	g := *start
	first, err := g.next()
	if err != nil {
		return nil, err
	}
	r.Width, r.Height = max(r.Width, first.Bounds.Max.X), max(r.Height, first.Bounds.Max.Y)
	for err == nil {
		_, err = g.next()
	}
	r.Plays = g.plays
	return r, nil
}

// gifReader reads a GIF's blocks.
type gifReader struct {
	body   []byte
	at     int
	global []byte // The global colour table.
	plays  int    // According to the last loop count.

	// The last graphic control extension, which applies to the next frame.
	delay       int
	dispose     Dispose
	transparent int // A colour, or -1.

	frames int  // Read so far.
	cut    bool // The first frame's pixels are cut off: browsers show the rows that there are. They leave out a later frame.
}

var errGIFEnd = errors.New("gif: no frame")

func newGIFReader(body []byte) (*gifReader, error) {
	g := &gifReader{body: body, at: gifHeader, plays: 1, transparent: -1}
	if len(body) < gifHeader {
		return nil, errCutGIF
	}
	var err error
	g.global, err = g.colours(body[10])
	return g, err
}

// colours reads the colour table that the flags announce.
func (g *gifReader) colours(flags byte) ([]byte, error) {
	if flags&gifColours == 0 {
		return nil, nil
	}
	return g.bytes(3 << (flags&7 + 1))
}

func (g *gifReader) bytes(n int) ([]byte, error) {
	if n > len(g.body)-g.at {
		return nil, errCutGIF
	}
	g.at += n
	return g.body[g.at-n : g.at], nil
}

// next reads up to the end of the next frame, or returns errGIFEnd. A file may end without
// a trailer.
func (g *gifReader) next() (Frame, error) {
	for g.at < len(g.body) {
		kind := g.body[g.at]
		g.at++
		switch kind {
		case gifImageBlock:
			return g.frame()
		case gifExtension:
			if err := g.extension(); err != nil {
				return Frame{}, err
			}
		case gifTrailer:
			return Frame{}, errGIFEnd
		default:
			return Frame{}, g.garbage()
		}
	}
	if g.cut {
		return Frame{}, errCutGIF
	}
	return Frame{}, errGIFEnd
}

// garbage decides about bytes that are not a block: a little padding at the end is
// harmless.
func (g *gifReader) garbage() error {
	const maxPadding = 64
	rest := g.body[g.at-1:]
	if len(rest) > maxPadding || len(bytes.Trim(rest, "\x00\x3b")) > 0 {
		return errors.New("gif: garbage between blocks")
	}
	return errGIFEnd
}

func (g *gifReader) frame() (Frame, error) {
	descriptor, err := g.bytes(9)
	if err != nil {
		return Frame{}, err
	}
	number := func(i int) int { return int(binary.LittleEndian.Uint16(descriptor[i:])) }
	flags := descriptor[8]
	img := &gifImage{palette: g.global, transparent: g.transparent, interlaced: flags&gifInterlaced != 0}
	if local, err := g.colours(flags); err != nil {
		return Frame{}, err
	} else if local != nil {
		img.palette = local
	}
	literal, err := g.bytes(1)
	if err != nil {
		return Frame{}, err
	}
	img.literal = uint(literal[0])
	start := g.at
	if err := g.skip(); err != nil {
		if g.frames > 0 {
			return Frame{}, err
		}
		g.cut, g.at = true, len(g.body)
	}
	g.frames++
	img.blocks = g.body[start:g.at]
	f := Frame{
		Bounds:  image.Rect(number(0), number(2), number(0)+number(4), number(2)+number(6)),
		Delay:   g.delay,
		Dispose: g.dispose,
		Over:    true,
		gif:     img,
	}
	g.delay, g.dispose, g.transparent = 0, Keep, -1
	return f, nil
}

// skip passes over sub-blocks, up to and including the empty one.
func (g *gifReader) skip() error {
	for {
		size, err := g.bytes(1)
		if err != nil {
			return err
		}
		if size[0] == 0 {
			return nil
		}
		if _, err := g.bytes(int(size[0])); err != nil {
			return err
		}
	}
}

func (g *gifReader) extension() error {
	label, err := g.bytes(1)
	if err != nil {
		return err
	}
	start := g.at
	if err := g.skip(); err != nil {
		return err
	}
	switch block := g.body[start:g.at]; label[0] {
	case gifControl:
		return g.control(block)
	case gifApplication:
		g.application(block)
	}
	return nil
}

// control reads a graphic control extension. GIF89a, section 23. Browsers treat disposal 4
// as 3, as old encoders meant it.
func (g *gifReader) control(block []byte) error {
	const size = 4
	if block[0] != size || len(block) != size+2 {
		return fmt.Errorf("gif: graphic control extension of %d bytes", block[0])
	}
	flags := block[1]
	g.delay = 10 * int(binary.LittleEndian.Uint16(block[2:]))
	g.transparent = -1
	if flags&1 != 0 {
		g.transparent = int(block[4])
	}
	switch flags >> 2 & 7 {
	case 2:
		g.dispose = Clear
	case 3, 4:
		g.dispose = Restore
	default:
		g.dispose = Keep
	}
	return nil
}

// application reads the loop count: how often the animation is repeated after it has played
// once; 0 means forever.
// http://www.vurdalakov.net/misc/gif/netscape-looping-application-extension
func (g *gifReader) application(block []byte) {
	for _, name := range []string{"\x0bNETSCAPE2.0", "\x0bANIMEXTS1.0"} {
		loop, ok := bytes.CutPrefix(block, []byte(name))
		if !ok || len(loop) < 4 || loop[0] != 3 || loop[1] != 1 {
			continue
		}
		g.plays = int(binary.LittleEndian.Uint16(loop[2:]))
		if g.plays > 0 {
			g.plays++
		}
	}
}
