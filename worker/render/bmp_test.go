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
	red, green := color.NRGBA{220, 30, 30, 255}, color.NRGBA{30, 200, 60, 255}
	for name, c := range map[string]struct {
		body   []byte
		pixels [][]color.NRGBA // From the top, of 3x2 or 2x1.
	}{
		"runs":        {rleBMP("\x03\x01\x00\x00\x02\x00\x01\x01\x00\x01"), [][]color.NRGBA{{red, red, green}, {green, green, green}}},
		"as it is":    {rleBMP("\x00\x03\x01\x00\x01\x00\x00\x00\x03\x00\x00\x01"), [][]color.NRGBA{{red, red, red}, {green, red, green}}},
		"delta":       {rleBMP("\x00\x02\x02\x01\x01\x01\x00\x01"), [][]color.NRGBA{{red, red, green}, {red, red, red}}},
		"no end":      {rleBMP("\x03\x01\x00\x00\x03\x00"), [][]color.NRGBA{{red, red, red}, {green, green, green}}},
		"OS/2 header": {coreBMP(), [][]color.NRGBA{{{220, 30, 30, 255}, {30, 200, 60, 255}}}},
	} {
		rows, columns := len(c.pixels), len(c.pixels[0])
		img := look(t, render(t, c.body, Target{columns, rows, calotype.PNG, 80}).Body)
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

// A run-length encoded file that ends before its picture does not pass as whole.
func TestCutRLE(t *testing.T) {
	for name, pixels := range map[string]string{
		"nothing": "", "a row": "\x03\x01\x00\x00", "half a run": "\x03", "half a literal": "\x00\x03\x01", "half a delta": "\x00\x02\x01",
	} {
		_, err := Open(rleBMP(pixels), Limits{})
		var fault *failure.Failure
		if !errors.As(err, &fault) || fault.Class != ClassCorrupt {
			t.Errorf("%s: got %v, want %s", name, err, ClassCorrupt)
		}
	}
}

// Alpha survives a BMP, and so does what is read of it again.
func TestAlphaOfBMP(t *testing.T) {
	half := quadrants(40, 30)
	for i := 3; i < len(half.Pix); i += 4 {
		half.Pix[i] = 128
	}
	once := render(t, pngOf(t, half), Target{40, 30, calotype.BMP, 80}).Body
	img := look(t, render(t, once, Target{40, 30, calotype.PNG, 80}).Body)
	wantColour(t, img, 5, 5, color.NRGBA{220, 30, 30, 128}, 2)
}
