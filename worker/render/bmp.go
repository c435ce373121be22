//go:build cgo

package render

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"

	"github.com/davidbyttow/govips/v2/vips"
	"github.com/jsummers/gobmp"

	"calotype"
	"calotype/worker/failure"
)

// BMP is read and written in Go: libvips would hand it to ImageMagick, which stays
// blocked.

func (p *Picture) readBMPHeader() (err error) {
	defer recoverFault(&err)
	config, err := gobmp.DecodeConfig(bytes.NewReader(p.body))
	if err != nil {
		return bmpFault(err)
	}
	p.Width, p.Height, p.plain = config.Width, config.Height, true
	if !wholeBMP(p.body, p.Width, p.Height) {
		return faultf(ClassCorrupt, "bmp: %d bytes are too few for %dx%d pixels", len(p.body), p.Width, p.Height)
	}
	return nil
}

// decodeBMP makes a TIFF of the pixels, for libvips to read: most files' rows only differ
// in the order of their bytes. What else there is, is decoded by gobmp in between, and
// then both are in memory.
func (p *Picture) decodeBMP() (img *pages, err error) {
	defer recoverFault(&err)
	tiff := tiffOfRows(p.body, p.Width, p.Height)
	if tiff == nil {
		decoded, err := gobmp.Decode(bytes.NewReader(p.body))
		if err != nil {
			return nil, bmpFault(err)
		}
		tiff = tiffOf(decoded)
	}
	if tiff == nil {
		return nil, faultf(ClassUnsupported, "bmp: %dx%d pixels are not supported", p.Width, p.Height)
	}
	img, err = loadPages(calotype.TIFF, tiff, loadOptions{failOn: failOnError, sequential: true})
	if err != nil {
		return nil, fmt.Errorf("bmp to libvips: %w", err)
	}
	return img, nil
}

// tiffOfRows turns a BMP of 24 bits a pixel, without compression, into a TIFF. It is nil
// where the file is of another kind. The file is known to be whole.
func tiffOfRows(file []byte, width, height int) []byte {
	start, upward, ok := bmpRows(file, width, height)
	if !ok {
		return nil
	}
	stride := bmpStride(width, 24)
	tiff, pixels := newTIFF(width, height, 3)
	for y := 0; y < height && tiff != nil; y++ {
		at := int64(y)
		if upward {
			at = int64(height - 1 - y)
		}
		from, to := file[start+at*stride:][:width*3], pixels[y*width*3:][:width*3]
		for x := 0; x+2 < len(from) && x+2 < len(to); x += 3 {
			to[x], to[x+1], to[x+2] = from[x+2], from[x+1], from[x]
		}
	}
	return tiff
}

// tiffOf turns a picture into a TIFF, without alpha where all of it is opaque.
func tiffOf(img image.Image) []byte {
	size, bands := img.Bounds().Size(), 4
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() {
		bands = 3
	}
	tiff, pixels := newTIFF(size.X, size.Y, bands)
	row := image.NewNRGBA(image.Rect(0, 0, size.X, 1))
	for y := 0; y < size.Y && tiff != nil; y++ {
		if same, ok := img.(*image.NRGBA); ok { // Draw would go by way of premultiplied alpha.
			row.Pix = same.Pix[y*same.Stride:]
		} else {
			draw.Draw(row, row.Rect, img, img.Bounds().Min.Add(image.Pt(0, y)), draw.Src)
		}
		for x := range size.X {
			copy(pixels[(y*size.X+x)*bands:][:bands], row.Pix[x*4:][:4])
		}
	}
	return tiff
}

func bmpFault(err error) *failure.Failure {
	var unsupported gobmp.UnsupportedError
	if errors.As(err, &unsupported) {
		return faultf(ClassUnsupported, "%s", err)
	}
	return corrupt(calotype.BMP, err)
}

// encodeBMP writes 24 bits a pixel or fewer, or 32 with masks where there is alpha.
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
