package render

import "calotype"

// maxPNGRows bounds the memory for the rows as they are stored.
const maxPNGRows = 32 << 20

// The colour types. PNG third edition, 11.2.1.
const (
	pngGrey, pngRGB, pngPalette, pngGreyAlpha, pngRGBA = 0, 2, 3, 4, 6
)

var pngChannels = map[byte]int{pngGrey: 1, pngRGB: 3, pngPalette: 1, pngGreyAlpha: 2, pngRGBA: 4}

// pngRows returns the size of the rows in bytes as they are stored, each with the byte that
// names its filter, or zero for a PNG that is left to libvips.
func (p *Picture) pngRows() int64 {
	png := p.header.PNG
	if p.Format != calotype.PNG || png == nil || png.Interlaced || p.animation != nil {
		return 0
	}
	switch png.ColourType {
	case pngGrey, pngPalette:
		if png.Bits != 1 && png.Bits != 2 && png.Bits != 4 && png.Bits != 8 {
			return 0
		}
	default:
		if png.Bits != 8 {
			return 0
		}
	}
	if len(png.Transparency) > 0 && png.ColourType != pngPalette {
		return 0
	}
	row := (int64(p.header.Width)*int64(png.Bits)*int64(pngChannels[png.ColourType]) + 7) / 8
	size := (1 + row) * int64(p.header.Height)
	if size > maxPNGRows {
		return 0
	}
	return size
}
