//go:build cgo

package render

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"

	"github.com/davidbyttow/govips/v2/vips"
	"github.com/jsummers/gobmp"

	"calotype"
)

// BMP is read and written in Go: libvips would use ImageMagick for it, which stays blocked.

func (p *Picture) readBMPHeader() (err error) {
	defer recoverFault(&err)
	b, err := readBMP(p.body)
	if err != nil {
		return corrupt(err)
	}
	p.Width, p.Height, p.stored = b.width, b.height, calotype.Box{Width: b.width, Height: b.height}
	p.profile = usableProfile(bmpProfile(p.body), 3)
	if !b.whole() {
		if !p.limits.Lenient {
			return corrupt(errCutBMP)
		}
		return nil
	}
	p.plain = p.profile == nil
	return nil
}

// bmpProfile returns the ICC profile that a BITMAPV5HEADER embeds, or nil.
// https://learn.microsoft.com/windows/win32/api/wingdi/ns-wingdi-bitmapv5header
func bmpProfile(file []byte) []byte {
	const size, embedded = 124, 0x4d424544 // PROFILE_EMBEDDED, "MBED".
	if len(file) < bmpFileHeader+size {
		return nil
	}
	info := file[bmpFileHeader:]
	if binary.LittleEndian.Uint32(info) != size || binary.LittleEndian.Uint32(info[56:]) != embedded {
		return nil
	}
	start, length := int64(binary.LittleEndian.Uint32(info[112:])), int64(binary.LittleEndian.Uint32(info[116:]))
	if start+length > int64(len(info)) {
		return nil
	}
	return info[start : start+length]
}

// decodeBMP decodes the pixels for libvips. In most files rows differ only in
// the order of their bytes.
func (p *Picture) decodeBMP(on failOn) (img *pages, err error) {
	defer recoverFault(&err)
	b, err := readBMP(p.body)
	if err != nil {
		return nil, err
	}
	whole := b.whole()
	if !whole && on != failOnNothing {
		return nil, errCutBMP
	}
	bands := b.bands()
	return pagesOfPixels(b.width, b.height, bands, func(pixels []byte) error {
		if whole && b.bits == 24 && b.compression == bmpRGB {
			b.swapRows(pixels)
		} else {
			b.decode(bands, pixels)
		}
		return nil
	})
}

// swapRows copies rows of 24 bits a pixel: from blue, green, red to red, green, blue.
func (b *bitmap) swapRows(pixels []byte) {
	stride := int(bmpStride(b.width, 24))
	for y := range b.height {
		from, to := b.pixels[y*stride:][:b.width*3], pixels[b.row(y)*b.width*3:][:b.width*3]
		for x := 0; x+2 < len(from) && x+2 < len(to); x += 3 {
			to[x], to[x+1], to[x+2] = from[x+2], from[x+1], from[x]
		}
	}
}

// copyNRGBA writes a picture as rows of RGBA without premultiplied alpha.
func copyNRGBA(img image.Image, to []byte) {
	size := img.Bounds().Size()
	row := image.NewNRGBA(image.Rect(0, 0, size.X, 1))
	for y := range size.Y {
		if same, ok := img.(*image.NRGBA); ok { // Draw would premultiply the alpha.
			copy(to[y*size.X*4:][:size.X*4], same.Pix[y*same.Stride:])
			continue
		}
		draw.Draw(row, row.Rect, img, img.Bounds().Min.Add(image.Pt(0, y)), draw.Src)
		copy(to[y*size.X*4:], row.Pix)
	}
}

// encodeBMP writes 24 bits a pixel or fewer, or 32 with masks if there is alpha.
func encodeBMP(img *vips.ImageRef) ([]byte, error) {
	decoded, err := img.ToGoImage()
	if err != nil {
		return nil, err
	}
	options := &gobmp.EncoderOptions{}
	options.SupportTransparency(img.HasAlpha())
	var b bytes.Buffer
	if err := gobmp.EncodeWithOptions(&b, decoded, options); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
