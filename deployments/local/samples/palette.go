package samples

import (
	"cmp"
	"image"
	"image/color"
	"math"
	"slices"
)

// paletted redraws a picture with its own 255 most used colours. Unless the picture is
// opaque, one more is used for pixels that are more transparent than opaque.
func paletted(img *image.RGBA) *image.Paletted {
	tally := make([]shade, 1<<18)
	for i := 0; i < len(img.Pix); i += 4 {
		if pix := img.Pix[i : i+4 : i+4]; pix[3] >= 128 {
			s := &tally[bin(pix)]
			s.count++
			s.r, s.g, s.b = s.r+int32(pix[0]), s.g+int32(pix[1]), s.b+int32(pix[2])
		}
	}
	var used []shade
	for i, s := range tally {
		if s.count > 0 {
			used = append(used, shade{s.r / s.count, s.g / s.count, s.b / s.count, s.count, int32(i)})
		}
	}
	slices.SortFunc(used, func(a, b shade) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.bin, b.bin))
	})
	kept := used[:min(len(used), 255)]
	index, colours := make([]uint8, len(tally)), make(color.Palette, len(kept))
	for i, s := range used {
		if i < len(kept) {
			colours[i] = color.NRGBA{uint8(s.r), uint8(s.g), uint8(s.b), 255}
			index[s.bin] = uint8(i)
		} else {
			index[s.bin] = nearest(kept, s)
		}
	}
	if !img.Opaque() {
		colours = append(colours, color.NRGBA{})
	}
	out := image.NewPaletted(img.Rect, colours)
	for i := range out.Pix {
		out.Pix[i] = uint8(len(kept))
		if pix := img.Pix[4*i : 4*i+4 : 4*i+4]; pix[3] >= 128 {
			out.Pix[i] = index[bin(pix)]
		}
	}
	return out
}

// shade is the mean of the colours of a bin, and how many pixels have them.
type shade struct{ r, g, b, count, bin int32 }

// bin is where a pixel's colour is counted: six bits of each channel.
func bin(pix []uint8) int {
	return int(pix[0]>>2)<<12 | int(pix[1]>>2)<<6 | int(pix[2]>>2)
}

func nearest(among []shade, to shade) uint8 {
	best, least := 0, int32(math.MaxInt32)
	for i, s := range among {
		dr, dg, db := s.r-to.r, s.g-to.g, s.b-to.b
		if d := 3*dr*dr + 4*dg*dg + 2*db*db; d < least {
			best, least = i, d
		}
	}
	return uint8(best)
}
