package decoder

import (
	"bytes"
	"encoding/binary"
	"image/jpeg"
	"testing"

	"calotype"
	"calotype/worker/render"
)

// profile is an ICC profile of three primaries with a gamma of 2.2 (ICC.1:2001): sRGB's
// with red and blue exchanged.
func profile() []byte {
	xyz := func(x, y, z float64) []byte {
		b := []byte("XYZ \x00\x00\x00\x00")
		for _, v := range []float64{x, y, z} {
			b = binary.BigEndian.AppendUint32(b, uint32(v*65536))
		}
		return b
	}
	curve := append([]byte("curv\x00\x00\x00\x00"), 0, 0, 0, 1, 2, 0x33, 0, 0)
	tags := []struct {
		name string
		data []byte
	}{
		{"wtpt", xyz(0.9642, 1, 0.8249)},
		{"rXYZ", xyz(0.1431, 0.0606, 0.7141)}, {"gXYZ", xyz(0.3851, 0.7169, 0.0971)}, {"bXYZ", xyz(0.4361, 0.2225, 0.0139)},
		{"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	}
	header := make([]byte, 128)
	copy(header[8:], "\x02\x40\x00\x00mntrRGB XYZ ")
	copy(header[36:], "acsp")
	copy(header[68:], "\x00\x00\xf6\xd6\x00\x01\x00\x00\x00\x00\xd3\x2d") // The illuminant, D50.
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var data []byte
	for _, tag := range tags {
		table = append(table, tag.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(128+4+12*len(tags)+len(data)))
		table = binary.BigEndian.AppendUint32(table, uint32(len(tag.data)))
		data = append(data, tag.data...)
	}
	whole := append(append(header, table...), data...)
	binary.BigEndian.PutUint32(whole, uint32(len(whole)))
	return whole
}

// Colours are converted without a file, because the sandbox permits reading none.
func TestColoursInSandbox(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Sandbox = SandboxRequire })
	plain := photo(t, 300, 200, "")
	icc := append([]byte("ICC_PROFILE\x00\x01\x01"), profile()...)
	segment := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe2}, uint16(len(icc)+2)), icc...)
	tagged := append(append([]byte{0xff, 0xd8}, segment...), plain[2:]...)
	redder := func(source []byte) int {
		picture, err := p.Open(t.Context(), SourceOf(source), render.Limits{}, enough)
		if err != nil {
			t.Fatal(err)
		}
		defer picture.Close()
		for r, err := range picture.Render(t.Context(), []render.Target{{Width: 30, Height: 20, Format: calotype.JPEG, Quality: 90}}, enough) {
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(bytes.NewReader(r.Body))
			if err != nil {
				t.Fatal(err)
			}
			red, _, blue, _ := img.At(20, 2).RGBA() // Here red and blue differ.
			return int(red>>8) - int(blue>>8)
		}
		return 0
	}
	if before, after := redder(plain), redder(tagged); before*after >= 0 || before == 0 {
		t.Errorf("red less blue: %d without the profile, %d with it", before, after)
	}
}
