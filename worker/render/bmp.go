//go:build cgo

package render

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/davidbyttow/govips/v2/vips"
	"github.com/jsummers/gobmp"

	"calotype"
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

// wholeBMP reports whether a file holds the pixels that its header promises. The
// decoder takes memory for the promise, and shows what there is of a run-length
// encoded file. BITMAPFILEHEADER, BITMAPCOREHEADER and BITMAPINFOHEADER in
// https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
func wholeBMP(file []byte, width, height int) bool {
	const fileHeader, coreHeader, rle8, rle4 = 14, 12, 1, 2
	if len(file) < fileHeader+coreHeader {
		return false
	}
	pixels, header := int64(binary.LittleEndian.Uint32(file[10:])), file[fileHeader:]
	if pixels > int64(len(file)) {
		return false
	}
	bits, compression := int64(binary.LittleEndian.Uint16(header[10:])), uint32(0)
	if size := binary.LittleEndian.Uint32(header); size > coreHeader && len(header) >= 20 {
		bits = int64(binary.LittleEndian.Uint16(header[14:]))
		if size >= 20 {
			compression = binary.LittleEndian.Uint32(header[16:])
		}
	}
	switch compression {
	case rle8:
		return wholeRLE(file[pixels:], width, height, func(n int) int { return n })
	case rle4:
		return wholeRLE(file[pixels:], width, height, func(n int) int { return (n + 1) / 2 })
	}
	stride := (int64(width)*bits + 31) / 32 * 4 // Rows are padded to 4 bytes.
	return stride > 0 && (int64(len(file))-pixels)/stride >= int64(height)
}

// wholeRLE walks over run-length encoded pixels: whether there is an end to them, or
// all that there is room for. Size gives the bytes of as many pixels that stand there
// as they are. https://learn.microsoft.com/windows/win32/gdi/bitmap-compression
func wholeRLE(data []byte, width, height int, size func(int) int) bool {
	const endOfLine, endOfBitmap, delta = 0, 1, 2
	for x, y := 0, 0; y < height && (y < height-1 || x < width); {
		if len(data) < 2 {
			return false
		}
		count, value := int(data[0]), int(data[1])
		data = data[2:]
		switch {
		case count > 0:
			x += count
		case value == endOfLine:
			x, y = 0, y+1
		case value == endOfBitmap:
			return true
		case value == delta:
			if len(data) < 2 {
				return false
			}
			x, y, data = x+int(data[0]), y+int(data[1]), data[2:]
		default:
			n := (size(value) + 1) / 2 * 2
			if len(data) < n {
				return false
			}
			x, data = x+value, data[n:]
		}
		x = min(x, width)
	}
	return true
}

func (p *Picture) decodeBMP() (img *vips.ImageRef, err error) {
	defer recoverFault(&err)
	decoded, err := gobmp.Decode(bytes.NewReader(p.body))
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
