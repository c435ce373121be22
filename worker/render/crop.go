//go:build cgo

package render

import (
	"slices"

	"calotype"
)

// layOut cuts a target's part out of the whole picture, unless only the part was scaled, or
// puts the picture on a background. It returns the picture itself if there is nothing to do.
func (s *scales) layOut(whole *decoded, t Target) (*decoded, error) {
	flat := t.Background != "" && whole.bands%2 == 0
	isPart := whole.width == t.Width && whole.height == t.Height
	if isPart && !flat {
		return whole, nil
	}
	bands := whole.bands
	padded := t.Width > whole.width || t.Height > whole.height
	switch rgb := t.Background.RGB(); {
	case padded && t.Background == "" && keepsAlpha(t.Format):
		bands = 4
	case (padded || flat) && bands < 3 && (rgb[0] != rgb[1] || rgb[1] != rgb[2]):
		bands += 2
	}
	if flat {
		bands -= 1 - bands%2
	}
	to, err := newDecoded(t.Width, t.Height, bands)
	if err != nil {
		return nil, err
	}
	x, y := 0, 0
	if !isPart {
		if x, y, err = s.place(t); err != nil {
			to.free()
			return nil, err
		}
	}
	if padded {
		fill(to.pixels, bands, t.Background)
	}
	put(to, whole, x, y, t.Background.RGB())
	return to, nil
}

// keepsAlpha reports whether a format has transparent pixels.
func keepsAlpha(f calotype.Format) bool { return f != calotype.JPEG && f != calotype.BMP }

// place returns the position of the target's top left pixel in the whole picture. It is
// negative for a picture on a background.
func (s *scales) place(t Target) (x, y int, err error) {
	whole := t.whole()
	if column, row, ok := t.Gravity.Compass(); ok {
		return offset(whole.Width, t.Width, column), offset(whole.Height, t.Height, row), nil
	}
	atX, atY, ok := t.Focal.Point()
	if !ok {
		if atX, atY, err = s.smart.find(s.decoded, t); err != nil {
			return 0, 0, err
		}
	}
	return centred(whole.Width, t.Width, atX), centred(whole.Height, t.Height, atY), nil
}

// fill sets all pixels to a colour, or to transparent white.
func fill(pixels []byte, bands int, c calotype.Colour) {
	rgb := c.RGB()
	pixel := slices.Clone(rgb[:])
	if bands < 3 {
		pixel = pixel[:1]
	}
	switch {
	case bands%2 == 1:
	case c == "":
		pixel = append(pixel, 0)
	default:
		pixel = append(pixel, 255)
	}
	for n := copy(pixels, pixel); n < len(pixels); n *= 2 {
		copy(pixels[n:], pixels[:n])
	}
}

// put copies what the whole picture has in common with the target, whose top left pixel is at
// x, y of it.
func put(to, whole *decoded, x, y int, background [3]uint8) {
	left, right := max(0, x), min(whole.width, x+to.width)
	for line := max(0, y); line < min(whole.height, y+to.height); line++ {
		from := whole.pixels[(line*whole.width+left)*whole.bands:][:(right-left)*whole.bands]
		at := to.pixels[((line-y)*to.width+left-x)*to.bands:][:(right-left)*to.bands]
		if whole.bands%2 == 0 && to.bands%2 == 1 {
			flatten(at, to.bands, from, whole.bands, background)
		} else {
			widen(at, to.bands, from, whole.bands)
		}
	}
}

// flatten shows pixels with alpha on a colour.
func flatten(to []byte, toBands int, from []byte, bands int, background [3]uint8) {
	for ; len(to) >= toBands && len(from) >= bands; to, from = to[toBands:], from[bands:] {
		alpha := int(from[bands-1])
		for i := range toBands {
			colour := int(from[min(i, bands-2)])
			to[i] = uint8((colour*alpha + int(background[i])*(255-alpha) + 127) / 255)
		}
	}
}
