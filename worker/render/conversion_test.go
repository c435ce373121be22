package render

import (
	"testing"

	"calotype"
	"calotype/worker/imageheader"
)

// What Chromium 156 shows for samples with the code points of a PNG's cICP chunk, or of
// AVIF's nclx box.
func TestCodePoints(t *testing.T) {
	type rgb [3]byte
	const hdr = 8 // The curve from HDR is only approximated.
	for _, c := range []struct {
		format              calotype.Format
		primaries, transfer uint16
		from, want          rgb
		tolerance           int
	}{
		{calotype.PNG, 1, 1, rgb{200, 100, 50}, rgb{197, 91, 39}, 1},
		{calotype.AVIF, 1, 1, rgb{200, 100, 50}, rgb{200, 100, 50}, 0},
		{calotype.PNG, 1, 4, rgb{200, 100, 50}, rgb{201, 100, 46}, 1},
		{calotype.PNG, 1, 5, rgb{60, 160, 90}, rgb{36, 142, 66}, 1},
		{calotype.PNG, 1, 7, rgb{60, 160, 90}, rgb{77, 170, 106}, 1},
		{calotype.PNG, 1, 8, rgb{70, 80, 190}, rgb{143, 152, 224}, 1},
		{calotype.PNG, 1, 17, rgb{200, 100, 50}, rgb{200, 87, 34}, 1},
		{calotype.PNG, 12, 13, rgb{200, 100, 50}, rgb{215, 93, 31}, 1},
		{calotype.PNG, 12, 13, rgb{60, 160, 90}, rgb{0, 163, 82}, 1},
		{calotype.PNG, 9, 13, rgb{200, 100, 50}, rgb{241, 76, 29}, 1},
		{calotype.PNG, 9, 8, rgb{70, 80, 190}, rgb{128, 152, 231}, 1},
		{calotype.PNG, 9, 16, rgb{128, 128, 128}, rgb{132, 132, 132}, 1},
		{calotype.PNG, 1, 16, rgb{64, 64, 64}, rgb{30, 30, 30}, 1},
		{calotype.PNG, 1, 16, rgb{176, 176, 176}, rgb{237, 237, 237}, hdr},
		{calotype.PNG, 1, 16, rgb{240, 240, 240}, rgb{255, 255, 255}, 0},
		{calotype.PNG, 1, 16, rgb{60, 160, 90}, rgb{24, 217, 58}, hdr},
		{calotype.PNG, 9, 16, rgb{235, 220, 150}, rgb{255, 193, 0}, 1},
		{calotype.PNG, 9, 18, rgb{128, 128, 128}, rgb{99, 99, 99}, 2},
		{calotype.PNG, 1, 18, rgb{200, 100, 50}, rgb{187, 80, 39}, 4},
		{calotype.PNG, 1, 18, rgb{255, 255, 255}, rgb{255, 255, 255}, 0},
	} {
		colour := imageheader.Colour{Source: imageheader.ColourCICP, CICP: &imageheader.CICP{Primaries: c.primaries, Transfer: c.transfer, FullRange: true}}
		got := c.from
		if conversion := newConversion(c.format, colour); conversion != nil {
			conversion.apply(c.from[:], 1, 3, got[:])
		}
		for i := range got {
			if apart(got[i], c.want[i]) > c.tolerance {
				t.Errorf("%s, %d-%d: %v became %v, want %v", c.format, c.primaries, c.transfer, c.from, got, c.want)
				break
			}
		}
	}
}

// Gamma and primaries count as in Chromium; any name of sRGB changes nothing.
func TestGammaAndPrimaries(t *testing.T) {
	p3 := primariesOf[12]
	for _, c := range []struct {
		colour imageheader.Colour
		want   [3]byte
	}{
		{imageheader.Colour{Source: imageheader.ColourGammaChrm, Gamma: 1}, [3]byte{229, 168, 122}},
		{imageheader.Colour{Source: imageheader.ColourGammaChrm, Gamma: 0.55}, [3]byte{210, 119, 65}},
		{imageheader.Colour{Source: imageheader.ColourGammaChrm, Gamma: 0.45455, Primaries: &p3}, [3]byte{216, 93, 24}},
	} {
		conversion, got := newConversion(calotype.PNG, c.colour), [3]byte{}
		conversion.apply([]byte{200, 100, 50}, 1, 3, got[:])
		for i := range got {
			if apart(got[i], c.want[i]) > 1 {
				t.Errorf("%+v: got %v, want %v", c.colour, got, c.want)
				break
			}
		}
	}
	bt709 := primariesBT709
	for name, colour := range map[string]imageheader.Colour{
		"nothing":        {},
		"sRGB":           {Source: imageheader.ColourSRGB, SRGB: true},
		"sRGB by number": {Source: imageheader.ColourCICP, CICP: &imageheader.CICP{Primaries: 1, Transfer: 13}},
		"its primaries":  {Source: imageheader.ColourGammaChrm, Primaries: &bt709},
		"unknown":        {Source: imageheader.ColourCICP, CICP: &imageheader.CICP{Primaries: 1, Transfer: 200}},
		"on one line":    {Source: imageheader.ColourGammaChrm, Primaries: &imageheader.Primaries{White: whiteD65, Red: whiteD65, Green: whiteD65, Blue: whiteD65}},
	} {
		if newConversion(calotype.PNG, colour) != nil {
			t.Errorf("%s: converted", name)
		}
	}
}

// Alpha and the depth of 16-bit samples are preserved; grey stays grey.
func TestConversionLayouts(t *testing.T) {
	linear := newConversion(calotype.PNG, imageheader.Colour{Source: imageheader.ColourGammaChrm, Gamma: 1})
	var got [4]byte
	linear.apply([]byte{128, 128, 128, 77}, 1, 4, got[:])
	if got != [4]byte{188, 188, 188, 77} {
		t.Errorf("RGB with alpha: %v", got)
	}
	var grey [2]byte
	linear.apply([]byte{128, 77}, 1, 2, grey[:])
	if grey != [2]byte{188, 77} {
		t.Errorf("grey with alpha: %v", grey)
	}
	linear.apply([]byte{128, 128, 128, 128, 128, 128, 77, 77}, 2, 4, got[:]) // The same in both orders.
	if got != [4]byte{188, 188, 188, 77} {
		t.Errorf("16 bits: %v", got)
	}
}

// (255-C)(255-K)/255, as in browsers.
func TestFromCMYK(t *testing.T) {
	got := fromCMYK([]byte{0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 20, 100, 200, 51})
	want := []byte{255, 255, 255, 0, 255, 255, 0, 0, 0, 188, 124, 44}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func apart(a, b byte) int { return int(max(a, b)) - int(min(a, b)) }
