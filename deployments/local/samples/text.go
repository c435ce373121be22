package samples

import (
	"image"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// typeface is a parsed font. It panics if a font does not parse: its bytes are compiled in,
// so that is a bug.
type typeface func() *opentype.Font

var (
	regular = typefaceOf(goregular.TTF)
	italic  = typefaceOf(goitalic.TTF)
	bold    = typefaceOf(gobold.TTF)
)

func typefaceOf(ttf []byte) typeface {
	return sync.OnceValue(func() *opentype.Font {
		parsed, err := opentype.Parse(ttf)
		if err != nil {
			panic(err)
		}
		return parsed
	})
}

// write draws a line of text with the middle of its baseline at a place. Size is the height
// of the type in units.
func (c *canvas) write(text string, in typeface, size float64, at point, ink colour) {
	face, err := opentype.NewFace(in(), &opentype.FaceOptions{Size: size * c.scale, DPI: 72})
	if err != nil {
		panic(err) // only the rasteriser's options can be wrong, and they are ours
	}
	pen := font.Drawer{Dst: c.RGBA, Src: image.NewUniform(ink.rgba()), Face: face}
	pen.Dot = fixed.Point26_6{
		X: fixed.Int26_6(at.x*c.scale*64) - pen.MeasureString(text)/2,
		Y: fixed.Int26_6(at.y * c.scale * 64),
	}
	pen.DrawString(text)
}
