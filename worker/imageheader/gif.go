package imageheader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"time"
)

// GIF holds the fields that only a GIF has.
type GIF struct {
	// Screen is the logical screen. Header.Width and Height are larger if the first frame
	// is: browsers show all of it.
	Screen Size
	// Loop is the value of the NETSCAPE extension: zero means forever, and -1 that there is
	// none.
	Loop int
	// Comments counts comments and plain texts, Applications the application extensions
	// except the loop's.
	Comments, Applications int
	// Interlaced means that a frame's rows come in four passes.
	Interlaced bool
	// Trailer means that there is an end mark. Trailing counts the bytes after it.
	Trailer  bool
	Trailing int
	// Garbage means that there are bytes between blocks that belong to none; a little
	// padding at the end is not garbage.
	Garbage bool
	// Cut means that the file ends inside a block.
	Cut bool
}

// The introducers and labels of blocks. GIF89a, appendix A.
const (
	gifImage, gifExtension, gifTrailer = 0x2c, 0x21, 0x3b
	gifGraphicControl, gifApplication  = 0xf9, 0xff
	gifComment, gifPlainText           = 0xfe, 0x01

	gifColourTable = 0x80 // A flag: there is one; its size is in the three lowest bits.
	gifHeaderSize  = 6 + 7
	gifLoop        = "\x0bNETSCAPE2.0"
	gifLoopToo     = "\x0bANIMEXTS1.0"
	gifLoopSize    = len(gifLoop) + 4 + 1
)

// GIFBlock is a block of a GIF.
type GIFBlock struct {
	// Introducer is an image, an extension, or the trailer.
	Introducer byte
	// Label is the kind of an extension.
	Label byte
	// Start and End delimit the block in the file. If the block is cut, End is beyond the
	// file.
	Start, End int
	// Data are an extension's sub-blocks, each with its size in front, or an image's
	// descriptor without its introducer.
	Data []byte
}

// IsImage reports whether a block is an image.
func (b GIFBlock) IsImage() bool { return b.Introducer == gifImage }

// IsGraphicControl reports whether a block describes how the next image is shown.
func (b GIFBlock) IsGraphicControl() bool {
	return b.Introducer == gifExtension && b.Label == gifGraphicControl
}

// Loop returns how often the images are repeated, where zero means forever. It reports
// false if the block is not about that.
func (b GIFBlock) Loop() (repetitions int, ok bool) {
	if !b.isLoop() {
		return 0, false
	}
	if count := b.Data[len(gifLoop):]; len(count) >= 4 && count[0] == 3 && count[1] == 1 {
		return int(binary.LittleEndian.Uint16(count[2:])), true
	}
	return 0, false
}

func (b GIFBlock) isLoop() bool {
	return b.Introducer == gifExtension && b.Label == gifApplication &&
		(bytes.HasPrefix(b.Data, []byte(gifLoop)) || bytes.HasPrefix(b.Data, []byte(gifLoopToo)))
}

// GIFBlocks yields the blocks of a GIF, up to the trailer, to where the file is cut, or to
// what is not a block. GIF89a, sections 15 to 27.
func GIFBlocks(file []byte) iter.Seq[GIFBlock] {
	return func(yield func(GIFBlock) bool) {
		if len(file) < gifHeaderSize {
			return
		}
		for at := gifHeaderSize + gifTable(file[10]); at < len(file); {
			b := GIFBlock{Introducer: file[at], Start: at, End: len(file) + 1}
			at++
			switch b.Introducer {
			case gifTrailer:
				b.End = at
				yield(b)
				return
			case gifExtension:
				if at >= len(file) {
					yield(b)
					return
				}
				b.Label = file[at]
				at++
			case gifImage:
				const descriptor = 9
				if at+descriptor > len(file) {
					yield(b)
					return
				}
				b.Data = file[at : at+descriptor]
				at += descriptor + gifTable(file[at+descriptor-1]) + 1 // LZW minimum code size.
			default:
				return
			}
			// Data sub-blocks, each with its size in front, up to an empty one.
			blocks := at
			for size := 1; size != 0; {
				if at >= len(file) {
					yield(b)
					return
				}
				size = int(file[at])
				at += 1 + size
			}
			if b.End = at; b.Introducer == gifExtension {
				b.Data = file[blocks:min(at, len(file))]
			}
			if !yield(b) {
				return
			}
		}
	}
}

// gifTable returns the size of the colour table that the flags announce.
func gifTable(flags byte) int {
	if flags&gifColourTable == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

func parseGIF(h *Header, file []byte) error {
	if len(file) < gifHeaderSize {
		return errors.New("shorter than its header")
	}
	g := &GIF{Loop: -1}
	h.GIF = g
	g.Screen = Size{int(binary.LittleEndian.Uint16(file[6:])), int(binary.LittleEndian.Uint16(file[8:]))}
	h.Width, h.Height = g.Screen.Width, g.Screen.Height
	h.Channels = 3
	r := gifReader{Header: h, GIF: g, animation: &Animation{Plays: 1}}
	h.NoMetadata = true
	end := gifHeaderSize + gifTable(file[10])
	for b := range GIFBlocks(file) {
		if end = b.End; end > len(file) {
			g.Cut = true
		}
		if !g.Cut || b.Introducer == gifImage && b.Data != nil { // Browsers show the available part of a frame.
			r.read(b)
		}
	}
	r.finish(file, end)
	return nil
}

// gifReader reads block by block. A graphic control applies to the next image.
type gifReader struct {
	*Header
	*GIF
	animation *Animation
	control   Frame
}

func (r *gifReader) read(b GIFBlock) {
	switch b.Introducer {
	case gifTrailer:
		r.Trailer = true
	case gifExtension:
		r.readExtension(b)
	case gifImage:
		f := r.control
		f.X, f.Y = int32(binary.LittleEndian.Uint16(b.Data)), int32(binary.LittleEndian.Uint16(b.Data[2:]))
		f.Width, f.Height = int32(binary.LittleEndian.Uint16(b.Data[4:])), int32(binary.LittleEndian.Uint16(b.Data[6:]))
		r.Interlaced = r.Interlaced || b.Data[8]&0x40 != 0
		r.animation.Frames = append(r.animation.Frames, f)
		r.control = Frame{}
	}
}

func (r *gifReader) readExtension(b GIFBlock) {
	switch d := b.Data; b.Label {
	case gifGraphicControl:
		if len(d) < 5 {
			return
		}
		r.control = Frame{Alpha: d[1]&1 != 0, Delay: time.Duration(binary.LittleEndian.Uint16(d[2:])) * 10 * time.Millisecond}
		switch d[1] >> 2 & 7 {
		case 2:
			r.control.Dispose = DisposeBackground
		case 3, 4: // Some encoders took the third bit for the value. As in browsers.
			r.control.Dispose = DisposePrevious
		}
	case gifApplication:
		if !b.isLoop() {
			r.Applications++
			r.NoMetadata = false
		} else if repetitions, ok := b.Loop(); ok && r.Loop < 0 {
			r.Loop = repetitions
		}
		r.NoMetadata = r.NoMetadata && len(d) == gifLoopSize // It may hold other data too.
	case gifComment, gifPlainText:
		r.Comments++
		r.NoMetadata = false
	default:
		r.NoMetadata = false
	}
}

// finish decides what follows from all blocks together.
func (r *gifReader) finish(file []byte, end int) {
	const maxPadding = 64
	r.Trailing = max(0, len(file)-end)
	if rest := file[min(end, len(file)):]; !r.Cut && !r.Trailer && len(rest) > 0 {
		r.Garbage = len(rest) > maxPadding || len(bytes.Trim(rest, "\x00\x3b")) > 0
	}
	switch {
	case r.Cut:
		r.damaged("cut in the middle of a block")
	case r.Garbage:
		r.damaged("garbage between blocks")
	case len(r.animation.Frames) == 0:
		r.damaged("no frame")
	}
	r.NoMetadata = r.NoMetadata && r.Trailer && r.Trailing == 0
	frames := r.animation.Frames
	if len(frames) > 0 {
		f := frames[0]
		r.Width, r.Height = max(r.Width, int(f.X+f.Width)), max(r.Height, int(f.Y+f.Height))
	}
	r.Frames = max(1, len(frames))
	if len(frames) > 1 {
		r.Animation = r.animation
	}
	switch {
	case r.Loop > 0: // It counts repetitions.
		r.animation.Plays = r.Loop + 1
	case r.Loop == 0:
		r.animation.Plays = 0
	}
	r.Alpha = len(frames) > 0 && !frames[0].covers(r.Width, r.Height) ||
		slices.ContainsFunc(frames, func(f Frame) bool { return f.Alpha || f.Dispose == DisposeBackground })
	if r.Alpha {
		r.Channels = 4
	}
}

// covers reports whether a frame covers the whole canvas.
func (f Frame) covers(width, height int) bool {
	return f.X <= 0 && f.Y <= 0 && int64(f.X)+int64(f.Width) >= int64(width) && int64(f.Y)+int64(f.Height) >= int64(height)
}
