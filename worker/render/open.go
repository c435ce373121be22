//go:build cgo

package render

import (
	"calotype"
	"calotype/worker/imageheader"
)

// Open reads a picture's header. The error is a [*failure.Failure] if the bytes are not a
// picture that can be read, or exceed a limit.
func Open(body []byte, limits Limits) (*Picture, error) {
	if refusal := refused(body); refusal != nil {
		return nil, refusal
	}
	format, ok := Sniff(body)
	if !ok {
		return nil, faultf(ClassUnsupported, "the content is not a picture of a known format")
	}
	p := &Picture{Format: format, Frames: 1, body: body, coded: body, limits: limits, orientation: 1}
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
	p.stored = size{p.Width, p.Height, false}
	if p.sequence != nil {
		return nil
	}
	// If the header cannot be parsed, only libvips's findings count.
	header, err := imageheader.Parse(p.body)
	if err != nil {
		header = &imageheader.Header{Orientation: 1}
	}
	if p.animation != nil && p.Format != calotype.PNG {
		p.plain = hasNoMetadata(p.Format, p.body)
		p.profile = usableProfile(header.Colour.ICC, 3, p.Format)
		return nil
	}
	if p.Format == calotype.AVIF && (header.Orientation != 1 || header.HEIF != nil && header.HEIF.Clap != nil) {
		p.coded = withoutTransforms(p.body)
	}
	return vipsErrors.run(func() error { return p.readPages(header) })
}

// readPages opens the picture with libvips and combines both descriptions of it.
func (p *Picture) readPages(header *imageheader.Header) error {
	img, err := loadPages(p.Format, p.coded, loadOptions{failOn: failOnError})
	if err != nil {
		return corrupt(p.Format, err)
	}
	defer img.Close()
	p.stored = size{img.width(), img.number("page-height", img.height()), false}
	switch p.Format {
	case calotype.TIFF:
		if o := img.number("orientation", 1); o >= 1 && o <= 8 {
			p.orientation = o
		}
	case calotype.HEIC: // libheif turns it.
	default:
		p.orientation = header.Orientation
	}
	p.Width, p.Height = p.stored.width, p.stored.height
	if turned(p.orientation) {
		p.Width, p.Height = p.Height, p.Width
	}
	if n := header.Natural; n.Width > 0 && n.Height > 0 {
		p.Width, p.Height = n.Width, n.Height
	}
	p.premultiplied = header.Premultiplied
	p.readColour(img, header)
	p.palette = p.Format == calotype.PNG && (img.number("palette-bit-depth", 0) > 0 || img.number("palette", 0) > 0)
	p.plain = p.orientation == 1 && !img.isCMYK() && hasNoMetadata(p.Format, p.body)
	return nil
}

// readColour decides what the colours are converted from: an ICC profile, or other
// declarations of the file. The header knows the precedence of each format.
func (p *Picture) readColour(img *pages, header *imageheader.Header) {
	switch header.Colour.Source {
	case imageheader.ColourCICP, imageheader.ColourGammaChrm:
		p.conversion = newConversion(p.Format, header.Colour)
	case imageheader.ColourSRGB:
	default:
		profile := header.Colour.ICC
		if header.Format == "" {
			profile = img.profile()
		}
		p.profile = usableProfile(profile, img.colours(), p.Format)
	}
	p.inSRGB = img.isSRGB() && p.profile == nil && p.conversion == nil
}

// pixels returns the number of pixels to decode.
func (p *Picture) pixels() int64 {
	n := int64(max(p.Width, p.stored.width)) * int64(max(p.Height, p.stored.height)) * int64(p.Frames)
	if p.animation != nil {
		n = max(n, p.animation.Pixels)
	}
	return n
}
