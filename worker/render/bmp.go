//go:build cgo

package render

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/davidbyttow/govips/v2/vips"
	"golang.org/x/image/bmp"
)

func (p *Picture) readBMPHeader() (err error) {
	defer recoverFault(&err)
	config, err := bmp.DecodeConfig(bytes.NewReader(p.body))
	if err != nil {
		return bmpFault(err)
	}
	p.Width, p.Height, p.plain = config.Width, config.Height, true
	if p.Width < 1 || p.Height < 1 {
		return faultf(ClassCorrupt, "bmp: %dx%d pixels", p.Width, p.Height)
	}
	// The decoder takes memory for what the header promises, so a header that
	// promises more than there is ends here. Rows are padded to 4 bytes.
	bitsPerPixel := int(binary.LittleEndian.Uint16(p.body[28:]))
	if stride := (p.Width*bitsPerPixel + 31) / 32 * 4; len(p.body)/stride < p.Height {
		return faultf(ClassCorrupt, "bmp: %d bytes are too few for %dx%d pixels", len(p.body), p.Width, p.Height)
	}
	return nil
}

// decodeBMP decodes in Go: libvips would hand BMP to ImageMagick, which stays
// blocked.
func (p *Picture) decodeBMP() (img *vips.ImageRef, err error) {
	defer recoverFault(&err)
	decoded, err := bmp.Decode(bytes.NewReader(p.body))
	if err != nil {
		return nil, bmpFault(err)
	}
	img, err = vips.NewImageFromGoImage(decoded)
	if err != nil {
		return nil, fmt.Errorf("bmp to libvips: %w", err)
	}
	if o, ok := decoded.(interface{ Opaque() bool }); ok && o.Opaque() {
		if err := img.ExtractBand(0, 3); err != nil {
			img.Close()
			return nil, fmt.Errorf("drop alpha: %w", err)
		}
	}
	return img, nil
}

func bmpFault(err error) *Fault {
	if errors.Is(err, bmp.ErrUnsupported) {
		return faultf(ClassUnsupported, "a BMP of a kind that is not read, such as a run-length encoded one")
	}
	return corrupt(err)
}

// encodeBMP writes 24 bits a pixel, or 32 where there is alpha.
func encodeBMP(img *vips.ImageRef) ([]byte, error) {
	decoded, err := img.ToGoImage()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := bmp.Encode(&b, decoded); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
