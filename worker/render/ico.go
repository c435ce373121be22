//go:build cgo

package render

import (
	"errors"

	"calotype"
)

// An icon is decoded in Go, like a BMP. As in browsers the largest of its pictures counts:
// a PNG, or a bitmap without a file header, whose height covers colours and mask.
// https://learn.microsoft.com/previous-versions/ms997538(v=msdn.10)

// openIconPNG opens the PNG of an icon, which is the picture then.
func openIconPNG(file []byte, limits Limits) (*Picture, error) {
	p, err := Open(file, limits)
	if err != nil {
		return nil, err
	}
	p.plain = false                // The source is the icon, not its PNG.
	p.Frames, p.animation = 1, nil // Browsers play no icon.
	return p, nil
}

func (p *Picture) readICOHeader() (err error) {
	defer recoverFault(&err)
	if p.header.ICO == nil {
		return corrupt(errors.New("ico: no picture inside the file"))
	}
	i, err := readIcon(p.header.ICO.Entries[p.header.ICO.Largest].Data)
	if err != nil {
		return corrupt(err)
	}
	if !i.whole() && !p.limits.Lenient {
		return corrupt(errCutBMP)
	}
	p.Width, p.Height, p.stored = i.width, i.height, calotype.Box{Width: i.width, Height: i.height}
	return nil
}

// decodeICO decodes the pixels of a bitmap for libvips.
func (p *Picture) decodeICO(on failOn) (img *pages, err error) {
	defer recoverFault(&err)
	i, err := readIcon(p.header.ICO.Entries[p.header.ICO.Largest].Data)
	if err != nil {
		return nil, err
	}
	if !i.whole() && on != failOnNothing {
		return nil, errCutBMP
	}
	return pagesOfPixels(i.width, i.height, 4, func(pixels []byte) error {
		i.decode(pixels)
		return nil
	})
}
