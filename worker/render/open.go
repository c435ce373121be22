//go:build cgo

package render

import (
	"calotype"
)

// Open reads a picture's header. The error is a [*failure.Failure] where the bytes are not
// a picture that can be read, or are over a limit.
func Open(body []byte, limits Limits) (*Picture, error) {
	if refusal := refused(body); refusal != nil {
		return nil, refusal
	}
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
	if pixels := p.pixels(); limits.Pixels > 0 && pixels > limits.Pixels {
		return nil, faultf(ClassTooManyPixels, "%dx%d pixels in %d frame(s), the limit is %d", p.Width, p.Height, p.Frames, limits.Pixels)
	}
	return p, nil
}

func (p *Picture) readHeader() error {
	if err := p.readFrames(); err != nil {
		return err
	}
	if p.animation != nil && p.Format != calotype.PNG {
		p.plain = hasNoMetadata(p.Format, p.body)
		return nil
	}
	header, err := loadPages(p.Format, p.body, loadOptions{failOn: failOnError})
	if err != nil {
		return corrupt(p.Format, err)
	}
	defer header.Close()
	p.Width, p.Height = header.width(), header.number("page-height", header.height())
	if o := header.number("orientation", 1); o >= 1 && o <= 8 {
		p.orientation = o
	}
	if turned(p.orientation) {
		p.Width, p.Height = p.Height, p.Width
	}
	p.palette = p.Format == calotype.PNG && (header.number("palette-bit-depth", 0) > 0 || header.number("palette", 0) > 0)
	p.plain = p.orientation == 1 && !header.isCMYK() && hasNoMetadata(p.Format, p.body)
	p.profile = usableProfile(header.profile(), header.colours())
	p.inSRGB = header.isSRGB() && p.profile == nil
	return nil
}

// pixels returns how many pixels are decoded.
func (p *Picture) pixels() int64 {
	n := int64(p.Width) * int64(p.Height) * int64(p.Frames)
	if p.animation != nil {
		n = max(n, p.animation.Pixels)
	}
	return n
}
