//go:build cgo

package render

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image/color"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
	"calotype/worker/failure"
)

// rleBMP makes a 3x2 BMP of run-length encoded pixels, 8 bits each: 0 is red, 1 green.
func rleBMP(pixels string) []byte {
	const offset = 14 + 40 + 2*4
	var b bytes.Buffer
	b.WriteString("BM")
	binary.Write(&b, binary.LittleEndian, []uint32{uint32(offset + len(pixels)), 0, offset})
	binary.Write(&b, binary.LittleEndian, []int32{40, 3, 2})
	binary.Write(&b, binary.LittleEndian, []uint16{1, 8})
	binary.Write(&b, binary.LittleEndian, []uint32{1, uint32(len(pixels)), 2835, 2835, 2, 2})
	b.WriteString("\x1e\x1e\xdc\x00\x3c\xc8\x1e\x00" + pixels)
	return b.Bytes()
}

// coreBMP makes a 2x1 BMP with the header of OS/2, 24 bits a pixel: red, green.
func coreBMP() []byte {
	return []byte("BM\x22\x00\x00\x00\x00\x00\x00\x00\x1a\x00\x00\x00" + "\x0c\x00\x00\x00\x02\x00\x01\x00\x01\x00\x18\x00" +
		"\x1e\x1e\xdc\x3c\xc8\x1e\x00\x00")
}

func TestKindsOfBMP(t *testing.T) {
	red, green, black := color.NRGBA{220, 30, 30, 255}, color.NRGBA{30, 200, 60, 255}, color.NRGBA{0, 0, 0, 255} // Skipped pixels are black.
	for name, c := range map[string]struct {
		body   []byte
		pixels [][]color.NRGBA // From the top, of 3x2 or 2x1.
	}{
		"runs":        {rleBMP("\x03\x01\x00\x00\x02\x00\x01\x01\x00\x01"), [][]color.NRGBA{{red, red, green}, {green, green, green}}},
		"as it is":    {rleBMP("\x00\x03\x01\x00\x01\x00\x00\x00\x03\x00\x00\x01"), [][]color.NRGBA{{red, red, red}, {green, red, green}}},
		"delta":       {rleBMP("\x00\x02\x02\x01\x01\x01\x00\x01"), [][]color.NRGBA{{black, black, green}, {black, black, black}}},
		"early end":   {rleBMP("\x03\x01\x00\x00\x01\x00\x00\x01"), [][]color.NRGBA{{red, black, black}, {green, green, green}}},
		"no end":      {rleBMP("\x03\x01\x00\x00\x03\x00"), [][]color.NRGBA{{red, red, red}, {green, green, green}}},
		"OS/2 header": {coreBMP(), [][]color.NRGBA{{{220, 30, 30, 255}, {30, 200, 60, 255}}}},
	} {
		rows, columns := len(c.pixels), len(c.pixels[0])
		img := look(t, render(t, c.body, sized(columns, rows, calotype.PNG, 80)).Body)
		for y := range rows {
			for x := range columns {
				want := c.pixels[y][x]
				if name == "OS/2 header" {
					want = c.pixels[0][x]
				}
				t.Run(name, func(t *testing.T) { wantColour(t, img, x, y, want, 0) })
			}
		}
	}
	vips.AssertNoLeaks(t)
}

// A run-length encoded file that ends too early does not count as intact.
func TestCutRLE(t *testing.T) {
	for name, pixels := range map[string]string{
		"nothing": "", "a row": "\x03\x01\x00\x00", "half a run": "\x03", "half a literal": "\x00\x03\x01", "half a delta": "\x00\x02\x01",
	} {
		_, err := Open(rleBMP(pixels), Limits{})
		var fault *failure.Failure
		if !errors.As(err, &fault) || fault.Class != failure.Corrupt {
			t.Errorf("%s: got %v, want %s", name, err, failure.Corrupt)
		}
	}
}

// Alpha is preserved when a BMP is written and read again.
func TestAlphaOfBMP(t *testing.T) {
	half := quadrants(40, 30)
	for i := 3; i < len(half.Pix); i += 4 {
		half.Pix[i] = 128
	}
	once := render(t, pngOf(t, half), sized(40, 30, calotype.BMP, 80)).Body
	img := look(t, render(t, once, sized(40, 30, calotype.PNG, 80)).Body)
	wantColour(t, img, 5, 5, color.NRGBA{220, 30, 30, 128}, 2)
}

// fieldsBMP makes a 2x1 BMP of 32 or 16 bits per pixel: a header of the given size, with
// masks inside or after it, and two pixels.
func fieldsBMP(header int, compression uint32, bits uint16, masks []uint32, pixels ...uint32) []byte {
	info := make([]byte, max(header, 40))
	put := binary.LittleEndian
	put.PutUint32(info, uint32(header))
	put.PutUint32(info[4:], 2)
	put.PutUint32(info[8:], 1)
	put.PutUint16(info[12:], 1)
	put.PutUint16(info[14:], bits)
	put.PutUint32(info[16:], compression)
	for i, mask := range masks {
		if 40+4*i+4 > len(info) {
			info = put.AppendUint32(info, mask)
		} else {
			put.PutUint32(info[40+4*i:], mask)
		}
	}
	file := []byte("BM\x00\x00\x00\x00\x00\x00\x00\x00")
	file = append(put.AppendUint32(file, uint32(14+len(info))), info...)
	for _, pixel := range pixels {
		if bits == 16 {
			file = put.AppendUint16(file, uint16(pixel))
		} else {
			file = put.AppendUint32(file, pixel)
		}
	}
	return file
}

// Alpha counts if the header has a mask for it, and not otherwise.
func TestMasksOfBMP(t *testing.T) {
	rgb, rgba := []uint32{0xff0000, 0xff00, 0xff}, []uint32{0xff0000, 0xff00, 0xff, 0xff000000}
	const left, right = 0x80dc1e1e, 0x001ec83c
	opaque := [2]color.NRGBA{{220, 30, 30, 255}, {30, 200, 60, 255}}
	soft := [2]color.NRGBA{{220, 30, 30, 128}, {}} // A palette has one colour for what is transparent.
	for name, c := range map[string]struct {
		body []byte
		want [2]color.NRGBA
	}{
		"no masks":                    {fieldsBMP(40, 0, 32, nil, left, right), opaque},
		"three behind the header":     {fieldsBMP(40, 3, 32, rgb, left, right), opaque},
		"four behind the header":      {fieldsBMP(40, 6, 32, rgba, left, right), soft},
		"V3 with alpha":               {fieldsBMP(56, 3, 32, rgba, left, right), soft},
		"V4 with alpha":               {fieldsBMP(108, 3, 32, rgba, left, right), soft},
		"V5 with alpha":               {fieldsBMP(124, 3, 32, rgba, left, right), soft},
		"V5, no alpha":                {fieldsBMP(124, 3, 32, append(rgb[:3:3], 0), left, right), opaque},
		"V5, masks that do not count": {fieldsBMP(124, 0, 32, rgba, left, right), opaque},
		"swapped":                     {fieldsBMP(40, 3, 32, []uint32{0xff, 0xff00, 0xff0000}, 0x1e1edc, 0x3cc81e), opaque},
		"5, 5, 5 bits":                {fieldsBMP(40, 0, 16, nil, 0x7c00, 0x03e0), [2]color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}}},
		"5, 6, 5 bits":                {fieldsBMP(40, 3, 16, []uint32{0xf800, 0x7e0, 0x1f}, 0xf800, 0x0400), [2]color.NRGBA{{255, 0, 0, 255}, {0, 130, 0, 255}}},
	} {
		t.Run(name, func(t *testing.T) {
			img := look(t, render(t, c.body, sized(2, 1, calotype.PNG, 80)).Body)
			wantColour(t, img, 0, 0, c.want[0], 1)
			wantColour(t, img, 1, 0, c.want[1], 1)
		})
	}
	vips.AssertNoLeaks(t)
}

// A colour beyond the palette is black.
func TestShortPaletteOfBMP(t *testing.T) {
	img := look(t, render(t, rleBMP("\x03\x05\x00\x00\x03\x01\x00\x01"), sized(3, 2, calotype.PNG, 80)).Body)
	wantColour(t, img, 0, 1, color.NRGBA{0, 0, 0, 255}, 0)
	wantColour(t, img, 0, 0, color.NRGBA{30, 200, 60, 255}, 0)
}

func FuzzReadBMP(f *testing.F) {
	f.Add(rleBMP("\x03\x01\x00\x00\x02\x00\x01\x01\x00\x01"))
	f.Add(coreBMP())
	f.Add(fieldsBMP(56, 3, 32, []uint32{0xff0000, 0xff00, 0xff, 0xff000000}, 1, 2))
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := readBMP(body)
		if err != nil || b.width*b.height > 1<<16 {
			return
		}
		for _, bands := range []int{3, 4} {
			pixels := bytes.Repeat([]byte{0xa5}, b.width*b.height*bands)
			b.decode(bands, pixels)
		}
	})
}
