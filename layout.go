package calotype

// Layout is how a preset shows a picture of some size. All sizes are in pixels.
type Layout struct {
	// Rendition is the size of the rendition.
	Rendition Box
	// Scaled is the size of the whole picture, of which the rendition shows a part, or which
	// is put on the rendition's background. Both are equal where the rendition is the whole
	// picture.
	Scaled Box
}

// PartScale is the width and the height of the whole picture for [Layout.Part].
const PartScale = 256

// Part returns the rendition's size in a whole picture of [PartScale] pixels in width and
// height. Crops of the same part differ only in their size. It is the zero Box if the
// rendition is the whole picture.
func (l Layout) Part() Box {
	if l.Scaled == l.Rendition {
		return Box{}
	}
	share := func(part, whole int) int { return min(PartScale, max(1, (part*PartScale+whole/2)/whole)) }
	return Box{share(l.Rendition.Width, l.Scaled.Width), share(l.Rendition.Height, l.Scaled.Height)}
}

// Layout returns how the preset shows a picture of width x height, after its orientation has
// been applied. Unless the preset enlarges, the picture is never scaled up: cover then cuts
// a part with the box's aspect ratio out of it, and pad puts it into the box at its own size.
func (p Preset) Layout(width, height int) Layout {
	box, picture := p.BoxFor(width, height), Box{width, height}
	switch p.Fit {
	case FitCover:
		if !p.Enlarge && (width < box.Width || height < box.Height) {
			return Layout{box.cropOf(picture), picture}
		}
		return Layout{box, box.cover(picture)}
	case FitPad:
		return Layout{box, p.inside(box, picture)}
	}
	inside := p.inside(box, picture)
	return Layout{inside, inside}
}

func (p Preset) inside(box, picture Box) Box {
	if p.Enlarge {
		return box.scaleInto(picture)
	}
	width, height := box.Fit(picture.Width, picture.Height)
	return Box{width, height}
}

// scaleInto returns the size of a picture scaled to touch two sides of the box from inside.
func (b Box) scaleInto(picture Box) Box {
	if b.Width*picture.Height <= b.Height*picture.Width {
		return Box{b.Width, max(1, scaled(picture.Height, b.Width, picture.Width))}
	}
	return Box{max(1, scaled(picture.Width, b.Height, picture.Height)), b.Height}
}

// cover returns the size of a picture scaled to touch two sides of the box from outside.
func (b Box) cover(picture Box) Box {
	if b.Width*picture.Height >= b.Height*picture.Width {
		return Box{b.Width, max(b.Height, scaled(picture.Height, b.Width, picture.Width))}
	}
	return Box{max(b.Width, scaled(picture.Width, b.Height, picture.Height)), b.Height}
}

// cropOf returns the size of the largest part of a picture that has the box's aspect ratio.
// It is at most the box.
func (b Box) cropOf(picture Box) Box {
	if b.Width*picture.Height <= b.Height*picture.Width {
		return Box{min(b.Width, max(1, scaled(b.Width, picture.Height, b.Height))), picture.Height}
	}
	return Box{picture.Width, min(b.Height, max(1, scaled(b.Height, picture.Width, b.Width)))}
}

// scaled returns a side multiplied by to/from, rounded to the nearest pixel.
func scaled(side, to, from int) int { return (2*side*to + from) / (2 * from) }
