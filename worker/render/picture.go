package render

import (
	"fmt"
	"strings"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
)

// Limits bound one picture. They are checked against its header, before anything
// is decoded.
type Limits struct {
	// Pixels bounds width x height x frames.
	Pixels int64
	// Frames bounds an animation.
	Frames int
}

// Picture is a source whose header has been read.
type Picture struct {
	// Format is what the bytes are, whatever the key says.
	Format calotype.Format
	// Width and Height are in pixels, as a viewer sees the picture: turned by its
	// orientation.
	Width, Height int
	// Frames is above 1 for an animation.
	Frames int

	body        []byte
	orientation int  // EXIF's, 1 to 8
	palette     bool // a PNG of palette colours
	plain       bool // nothing to remove, turn or convert
	delay       []int
	loop        int
}

// Open reads a picture's header. The error is a [*Fault] where the bytes are not
// a picture that can be read, or are over a limit.
func Open(body []byte, limits Limits) (*Picture, error) {
	format, ok := Sniff(body)
	if !ok {
		return nil, faultf(ClassUnsupported, "the content is no picture of a known format")
	}
	p := &Picture{Format: format, Frames: 1, body: body, orientation: 1}
	read := p.readHeader
	if format == calotype.BMP {
		read = p.readBMPHeader
	}
	if err := read(); err != nil {
		return nil, err
	}
	if limits.Frames > 0 && p.Frames > limits.Frames {
		return nil, faultf(ClassTooManyFrames, "%d frames, the limit is %d", p.Frames, limits.Frames)
	}
	if pixels := int64(p.Width) * int64(p.Height) * int64(p.Frames); limits.Pixels > 0 && pixels > limits.Pixels {
		return nil, faultf(ClassTooManyPixels, "%dx%d pixels in %d frame(s), the limit is %d", p.Width, p.Height, p.Frames, limits.Pixels)
	}
	return p, nil
}

func (p *Picture) readHeader() error {
	header, err := p.load(func(*vips.ImportParams) {})
	if err != nil {
		return corrupt(err)
	}
	defer header.Close()
	p.Width, p.Height = header.Width(), header.PageHeight()
	if o := header.Orientation(); o >= 1 && o <= 8 {
		p.orientation = o
	}
	if turned(p.orientation) {
		p.Width, p.Height = p.Height, p.Width
	}
	fields := header.GetFields()
	p.palette = p.Format == calotype.PNG && hasField(fields, "palette-bit-depth", "palette")
	p.plain = p.orientation == 1 && header.Interpretation() != vips.InterpretationCMYK &&
		!hasField(fields, "exif-data", "xmp-data", "iptc-data", "photoshop-data", "icc-profile-data", "png-comment", "gif-comment")
	if p.canMove() && header.Pages() > 1 {
		p.Frames = header.Pages()
		p.loop = header.Loop()
		if p.delay, err = header.PageDelay(); err != nil {
			return corrupt(fmt.Errorf("frame delays: %w", err))
		}
	}
	return nil
}

// load hands the bytes to libvips, which reads the header now and the pixels when
// they are asked for. It never guesses a loader: what decides is [Sniff].
func (p *Picture) load(set func(*vips.ImportParams)) (*vips.ImageRef, error) {
	params := vips.NewImportParams() // Fails on truncated pictures.
	set(params)
	return vips.LoadImageFromBuffer(p.body, params)
}

// canMove reports whether the format holds animations that are kept.
func (p *Picture) canMove() bool { return moves(p.Format) }

func moves(f calotype.Format) bool { return f == calotype.GIF || f == calotype.WebP }

// turned reports whether an orientation swaps width and height.
func turned(orientation int) bool { return orientation >= 5 }

// hasField reports whether one of the fields has one of the names, or a longer
// name that begins with it.
func hasField(fields []string, names ...string) bool {
	for _, field := range fields {
		for _, name := range names {
			if strings.HasPrefix(field, name) {
				return true
			}
		}
	}
	return false
}

// recoverFault turns a panic of a decoder written in Go into a fault.
func recoverFault(err *error) {
	if r := recover(); r != nil {
		*err = faultf(ClassCorrupt, "decoder panic: %v", r)
	}
}
