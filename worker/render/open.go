//go:build cgo

package render

import (
	"calotype"
	"calotype/worker/failure"
	"calotype/worker/imageheader"
)

// Open reads a picture's header. The error is a [*failure.Failure] if the bytes are not a
// picture that can be read, or exceed a limit.
func Open(body []byte, limits Limits) (*Picture, error) {
	header, refusal := readHeader(body, limits)
	if refusal != nil {
		return nil, refusal
	}
	format, ok := Sniff(body)
	if !ok {
		return nil, failure.New(failure.UnsupportedFormat, "the content is not a picture of a known format")
	}
	if ico := header.ICO; ico != nil && ico.Entries[ico.Largest].PNG {
		return openIconPNG(ico.Entries[ico.Largest].Data, limits)
	}
	p := &Picture{Format: format, Frames: 1, body: body, coded: body, header: header, limits: limits, orientation: 1}
	if format == calotype.JXL && !usesJXL() {
		return nil, failure.New(failure.UnsupportedFormat, "%s", jxlLacks())
	}
	read := p.readPicture
	switch format {
	case calotype.BMP:
		read = p.readBMPHeader
	case calotype.ICO:
		read = p.readICOHeader
	}
	if err := read(); err != nil {
		return nil, err
	}
	if limits.Frames > 0 && p.Frames > limits.Frames {
		return nil, failure.New(failure.TooManyFrames, "%d frames, the limit is %d", p.Frames, limits.Frames)
	}
	if pixels := p.pixels(); limits.Pixels > 0 && pixels > limits.Pixels {
		return nil, failure.New(failure.TooManyPixels, "%dx%d pixels in %d frame(s), the limit is %d", p.Width, p.Height, p.Frames, limits.Pixels)
	}
	return p, nil
}

// readPicture reads the size, the frames and the colours.
func (p *Picture) readPicture() error {
	if err := p.readFrames(); err != nil {
		return err
	}
	p.stored = calotype.Box{Width: p.Width, Height: p.Height}
	if p.sequence != nil {
		return nil
	}
	header := p.header
	if p.animation != nil && p.Format != calotype.PNG {
		p.plain = header.NoMetadata
		return nil
	}
	if p.Format == calotype.AVIF && (header.Orientation != 1 || header.HEIF != nil && header.HEIF.Clap != nil) {
		p.coded = withoutTransforms(p.body)
	}
	if p.byLibtiff() {
		p.readByLibtiff()
		return nil
	}
	return vipsErrors.run(p.readPages)
}

// readPages opens the picture with libvips and combines both descriptions of it.
func (p *Picture) readPages() error {
	header := p.header
	img, err := loadPages(p.Format, p.coded, loadOptions{failOn: failOnError})
	if err != nil {
		return corrupt(err)
	}
	defer img.Close()
	p.stored = calotype.Box{Width: img.width(), Height: img.number("page-height", img.height())}
	switch p.Format {
	case calotype.TIFF:
		if o := img.number("orientation", 1); o >= 1 && o <= 8 {
			p.orientation = o
		}
	case calotype.HEIC, calotype.JXL: // libheif and libjxl turn it.
	default:
		p.orientation = header.Orientation
	}
	p.Width, p.Height = p.stored.Width, p.stored.Height
	if swapsSides(p.orientation) {
		p.Width, p.Height = p.Height, p.Width
	}
	if n := header.Natural; n.Width > 0 && n.Height > 0 {
		p.Width, p.Height = n.Width, n.Height
	}
	p.premultiplied = header.Premultiplied && p.Format != calotype.TIFF // Libvips divides a TIFF's.
	p.readColour(img)
	p.palette = p.Format == calotype.PNG && (img.number("palette-bit-depth", 0) > 0 || img.number("palette", 0) > 0)
	p.plain = p.orientation == 1 && !img.isCMYK() && header.NoMetadata
	return nil
}

// readColour decides what the colours are converted from: an ICC profile, or other
// declarations of the file. The header knows the precedence of each format.
func (p *Picture) readColour(img *pages) {
	header := p.header
	source := header.Colour.Source
	if p.Format == calotype.JXL && !header.Colour.CICP.HDR() && source != imageheader.ColourSRGB {
		source = imageheader.ColourUnstated // libjxl may convert, and gives a profile of the outcome.
	}
	switch source {
	case imageheader.ColourCICP, imageheader.ColourGammaChrm:
		p.conversion = newConversion(p.Format, header.Colour)
	case imageheader.ColourSRGB:
	default:
		profile := header.Colour.ICC
		if header.Format == "" || p.Format == calotype.JXL {
			profile = img.profile()
		}
		colours := img.colours()
		if p.isGrey() {
			colours = 1
		}
		p.profile = usableProfile(profile, colours)
	}
	p.inRows = img.isPlain()
}

// pixels returns the number of pixels to decode.
func (p *Picture) pixels() int64 {
	n := int64(max(p.Width, p.stored.Width)) * int64(max(p.Height, p.stored.Height)) * int64(p.Frames)
	if p.animation != nil {
		n = max(n, p.animation.Pixels)
	}
	return n
}
