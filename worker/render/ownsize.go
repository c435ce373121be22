package render

import "calotype"

// maxPassthrough is the maximum number of a source's pixels for each pixel of the rendition that
// it is passed through as. A flat picture of thousands of pixels a side has a few bytes, and
// would cost each browser its memory in place of a thumbnail.
const maxPassthrough = 4

// exceeds reports whether the picture has too many pixels to be passed through for a target.
func (p *Picture) exceeds(t Target) bool {
	return int64(p.Width)*int64(p.Height) > maxPassthrough*int64(t.Width)*int64(t.Height)
}

// maxUnscaled bounds the pixels of a picture that is encoded at its own size for a smaller
// target, because of the memory.
const maxUnscaled = 2 << 20

// mayBeUnscaled reports whether a target may show a flat picture at its own size, without
// loss, if its rendition is larger in bytes than the source.
func (p *Picture) mayBeUnscaled(t Target) bool {
	return (t.Format == calotype.WebP || t.Format == calotype.JXL) && !t.Describe && t.Whole == calotype.Box{} && t.Background == "" &&
		p.mayBeFlat() && !p.enlarges(t) && !p.exceeds(t) && int64(p.Width)*int64(p.Height) <= maxUnscaled
}
