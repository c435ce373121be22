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
// target, because of the memory. maxUnscaledFrame is that for an animation.
const maxUnscaled, maxUnscaledFrame = 2 << 20, 1 << 20

// mayBeUnscaled reports whether a target may show a drawing at its own size, without loss, if
// its rendition is larger in bytes than the source. An animation may be one if its format keeps
// every pixel. A still that is not scaled was encoded without loss already.
func (p *Picture) mayBeUnscaled(t Target) bool {
	pixels := int64(p.Width) * int64(p.Height)
	drawing := p.mayBeFlat() && !p.hasSizeOf(t) && pixels <= maxUnscaled && (t.Format == calotype.WebP || t.Format == calotype.JXL)
	if p.Frames > 1 {
		drawing = p.keepsFrames() && pixels <= maxUnscaledFrame && t.Format == calotype.WebP
	}
	return drawing && !t.Describe && t.Whole == calotype.Box{} && t.Background == "" && !p.enlarges(t) && !p.exceeds(t)
}

// mayBeLossless reports whether an animated WebP shows the pixels of an animation that lost
// nothing, at their own size.
func (p *Picture) mayBeLossless(t Target) bool {
	return p.keepsFrames() && !t.lossless && p.hasSizeOf(t)
}

// hasSizeOf reports whether a target shows the picture at its own size.
func (p *Picture) hasSizeOf(t Target) bool {
	return t.whole() == calotype.Box{Width: p.Width, Height: p.Height}
}

// keepsFrames reports whether the format keeps every pixel of an animation.
func (p *Picture) keepsFrames() bool {
	return p.Format == calotype.GIF || p.Format == calotype.PNG
}

// withoutLoss returns the target that shows the picture at its own size without loss.
func (p *Picture) withoutLoss(t Target) Target {
	return Target{Width: p.Width, Height: p.Height, Format: t.Format, Quality: t.Quality, lossless: true}
}
