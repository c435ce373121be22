//go:build cgo

package render

import (
	"errors"
	"fmt"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
)

// Open reads a picture's header. The error is a [*Fault] where the bytes are not
// a picture that can be read, or are over a limit.
func Open(body []byte, limits Limits) (*Picture, error) {
	format, ok := Sniff(body)
	if !ok {
		return nil, faultf(ClassUnsupported, "the content is no picture of a known format")
	}
	p := &Picture{Format: format, Frames: 1, body: body, limits: limits, orientation: 1}
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
	if p.Format == calotype.GIF {
		if _, err := walkGIF(p.body); err != nil {
			return corrupt(p.Format, err)
		}
	}
	header, err := p.load(func(*vips.ImportParams) {})
	if err != nil {
		return corrupt(p.Format, err)
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
	p.plain = p.orientation == 1 && header.Interpretation() != vips.InterpretationCMYK && holdsPixelsOnly(p.Format, p.body)
	p.inSRGB = inSRGB(header)
	if p.canMove() && header.Pages() > 1 {
		p.Frames = header.Pages()
		p.loop = header.Loop()
		if p.delay, err = header.PageDelay(); err != nil {
			return corrupt(p.Format, fmt.Errorf("frame delays: %w", err))
		}
	}
	return nil
}

// load hands the bytes to libvips, which reads the header now and the pixels when
// they are asked for. It never guesses a loader: what decides is [Sniff].
func (p *Picture) load(set func(*vips.ImportParams)) (*vips.ImageRef, error) {
	params := vips.NewImportParams() // Fails on truncated pictures.
	set(params)
	img, err := vips.LoadImageFromBuffer(p.body, params)
	if errors.Is(err, vips.ErrUnsupportedImageFormat) { // govips looks at the first bytes, too.
		if len(p.body) < shortest {
			return nil, errors.New("it ends in its header")
		}
		return nil, errors.New("its brand is not supported")
	}
	return img, err
}

// shortest is less than any picture has, and what govips wants to see.
const shortest = 12
