//go:build cgo

package render

import (
	"calotype"
	"calotype/worker/imageheader"
	"calotype/worker/metadata"
)

// A rendition in the source's own format must be smaller in bytes than the source. If it is
// not, the source is passed through without its metadata, if there is nothing to turn or
// convert (see [Picture.rendition]). Otherwise it is encoded again, at no higher quality than
// the source has. A PNG whose source has too many pixels for that gets fewer colours; GIF and
// BMP are not encoded again. WebP, AVIF and JPEG XL are not larger than a source of any format,
// and JPEG not larger than HEIC and TIFF, down to the lowest quality; then WebP and JPEG XL show
// a drawing at its own size.

// notLarger returns body, or an encoding of lower quality if body spends bits on detail
// that the source does not have: if it is not smaller in bytes than the source, or has the
// source's own size and format.
func (p *Picture) notLarger(d *decoded, t Target, body []byte) ([]byte, error) {
	own := t.Format == p.Format
	whole := own && t.Width == p.Width && t.Height == p.Height && t.Whole == calotype.Box{}
	if !whole && len(body) < len(p.body) || p.enlarges(t) {
		return body, nil
	}
	if own && p.Format == calotype.JPEG {
		quality, ok := imageheader.JPEGQuality(p.body)
		if !ok || quality >= t.Quality {
			return body, nil
		}
		t.Quality = quality
		return d.encode(p, t)
	}
	if own && p.Format == calotype.PNG {
		return p.fewerColours(d, t, body)
	}
	for t, ok := p.lowered(t, body); ok; t, ok = p.lowered(t, body) {
		lower, err := d.encodeAs(p, t, false) // Lossless was tried, and does not depend on the quality.
		if err != nil || len(lower) >= len(body) {
			return body, err
		}
		body = lower
	}
	return body, nil
}

// lowered returns the target with a lower quality, if the body is not smaller than the source.
// Formats other than JPEG do not record their quality. If the same encoder needs more bytes
// for no more pixels, the source's quality was lower.
func (p *Picture) lowered(t Target, body []byte) (Target, bool) {
	const step = 0.8
	lowest, ok := p.lowestQuality(t.Format)
	if !ok || len(body) < len(p.body) || t.Quality <= lowest || p.enlarges(t) {
		return t, false
	}
	ratio := min(step, float64(len(p.body))/float64(len(body)))
	t.Quality = max(lowest, int(float64(t.Quality)*ratio))
	return t, true
}

// fewerColours returns an encoding with fewer colours, if the PNG is larger in bytes than its
// source, which has too many pixels to be passed through. It has the most colours with which it
// is not larger, or is the smallest of all. Such a source is a drawing: a photo with fewer
// pixels is not larger. So areas are left even, without dithering.
func (p *Picture) fewerColours(d *decoded, t Target, body []byte) ([]byte, error) {
	if p.damaged.Load() || p.Frames > 1 || !p.exceeds(t) {
		return body, nil
	}
	c := d.count()
	defer c.free()
	for colours := maxPalette; len(body) > len(p.body) && colours >= 4; colours /= 4 {
		few := c.reduce(colours)
		c.fit(few)
		fewer, err := c.write(few, 0).encodePNG()
		if err != nil {
			return nil, err
		}
		if len(fewer) < len(body) {
			body = fewer
		}
	}
	return body, nil
}

// lowestQuality returns the quality down to which renditions in a format are made no larger than
// the source, if they are. JPEG is the own format of HEIC and TIFF; below 50 its blocks show.
func (p *Picture) lowestQuality(f calotype.Format) (int, bool) {
	switch f {
	case calotype.WebP, calotype.AVIF, calotype.JXL:
		return 30, true
	case calotype.JPEG:
		return 50, f != p.Format && f == p.Format.Own()
	}
	return 0, false
}

// passthrough returns the source as the rendition of a target that shows the whole picture in
// the source's format, if the body is not smaller and nothing rules it out.
func (p *Picture) passthrough(t Target, body []byte, damaged bool) (Rendition, bool) {
	if t.Format != p.Format || damaged || p.enlarges(t) || p.exceeds(t) {
		return Rendition{}, false
	}
	source := p.withoutMetadata()
	if source == nil || len(body) < len(source) {
		return Rendition{}, false
	}
	return Rendition{Body: source, Format: p.Format, Width: p.Width, Height: p.Height, AsIs: p.plain}, true
}

// unscaled returns a flat picture at its own size, without loss, if a target's body is not
// smaller than the source and this is. Scaling adds colours to every edge: a screenshot with
// 14 kB as PNG takes 2 kB as lossless WebP, and 21 at nine tenths of its size.
func (p *Picture) unscaled(t Target, body []byte) (Rendition, bool) {
	if len(body) < len(p.body) || !p.mayBeUnscaled(t) || p.damaged.Load() {
		return Rendition{}, false
	}
	t.Width, t.Height = p.Width, p.Height
	d, err := p.decode([]Target{t})
	if err != nil {
		return Rendition{}, false
	}
	defer d.free()
	if !d.isFlat() {
		return Rendition{}, false
	}
	lossless, err := d.encodeAs(p, t, true)
	if err != nil || len(lossless) >= len(body) {
		return Rendition{}, false
	}
	return Rendition{Body: lossless, Format: t.Format, Width: t.Width, Height: t.Height}, true
}

// withoutMetadata returns the source's bytes without its metadata, or nil if the picture
// needs them, or must be turned or converted. They are the source's own if it has none.
func (p *Picture) withoutMetadata() []byte {
	if p.plain {
		return p.body
	}
	p.clean.Do(func() { p.cleaned, _ = metadata.Remove(p.body, p.header) })
	return p.cleaned
}
