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

// iconBitmap is a bitmap of 2x1 pixels and its mask.
func iconBitmap(bits uint16, pixels, mask string) []byte {
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, []int32{40, 2, 2})
	binary.Write(&b, binary.LittleEndian, []uint16{1, bits})
	binary.Write(&b, binary.LittleEndian, make([]uint32, 6))
	return append(b.Bytes(), pixels+mask...)
}

// iconOf is an icon of pictures.
func iconOf(pictures ...[]byte) []byte {
	b := []byte{0, 0, 1, 0, byte(len(pictures)), 0}
	at := len(b) + 16*len(pictures)
	for _, p := range pictures {
		b = append(b, 2, 1, 0, 0, 1, 0, 32, 0)
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, uint32(len(p))), uint32(at))
		at += len(p)
	}
	return append(b, bytes.Join(pictures, nil)...)
}

func TestIcons(t *testing.T) {
	red, green, none := color.NRGBA{220, 30, 30, 255}, color.NRGBA{30, 200, 60, 255}, color.NRGBA{}
	softRed := color.NRGBA{220, 30, 30, 128}
	for name, c := range map[string]struct {
		bits         uint16
		pixels, mask string
		want         [2]color.NRGBA
	}{
		"alpha, and a mask that does not count": {32, "\x1e\x1e\xdc\x80\x3c\xc8\x1e\xff", "\x40\x00\x00\x00", [2]color.NRGBA{softRed, green}},
		"alpha of zeros, and a mask":            {32, "\x1e\x1e\xdc\x00\x3c\xc8\x1e\x00", "\x40\x00\x00\x00", [2]color.NRGBA{red, none}},
		"24 bits and a mask":                    {24, "\x1e\x1e\xdc\x3c\xc8\x1e\x00\x00", "\x80\x00\x00\x00", [2]color.NRGBA{none, green}},
		"24 bits without a mask":                {24, "\x1e\x1e\xdc\x3c\xc8\x1e\x00\x00", "", [2]color.NRGBA{red, green}},
	} {
		r := render(t, iconOf(iconBitmap(c.bits, c.pixels, c.mask)), sized(2, 1, calotype.PNG, 80))
		for x := range 2 {
			t.Run(name, func(t *testing.T) { wantColour(t, look(t, r.Body), x, 0, c.want[x], 0) })
		}
	}
	small, large := iconBitmap(24, "\x1e\x1e\xdc\x3c\xc8\x1e\x00\x00", ""), pngOf(t, quadrants(64, 48))
	file := iconOf(small, large)
	p, err := Open(file, Limits{})
	if err != nil || p.Width != 64 || p.Target(calotype.Variant{}, calotype.DefaultPresets()[0], 80).Format != calotype.PNG {
		t.Fatalf("got %+v, %v", p, err)
	}
	r := render(t, file, sized(64, 48, calotype.PNG, 80))
	wantQuadrants(t, look(t, r.Body), corners, 0)
	if r.AsIs {
		t.Error("the icon was taken for its PNG")
	}
	cut := iconOf(iconBitmap(24, "\x1e\x1e", ""))
	var f *failure.Failure
	if _, err := Open(cut, Limits{}); !errors.As(err, &f) || f.Class != failure.Corrupt {
		t.Errorf("cut: got %v", err)
	}
	if p, err := Open(cut, Limits{Lenient: true}); err != nil {
		t.Error(err)
	} else {
		for r, err := range p.Render([]Target{sized(2, 1, calotype.PNG, 80)}) {
			if err != nil || !r.Damaged {
				t.Errorf("cut, leniently: %v, %v", r.Damaged, err)
			}
		}
	}
	if _, err := Open(file, Limits{Pixels: 1000}); !errors.As(err, &f) || f.Class != failure.TooManyPixels {
		t.Errorf("over the limit: got %v", err)
	}
	vips.AssertNoLeaks(t)
}
