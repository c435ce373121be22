package imageheader

import (
	"slices"
	"testing"
)

// bmpFile is a BMP of 4x3 pixels: a header of a given size, with fields by position.
func bmpFile(headerSize, bits, compression int, fields map[int]int, behindHeader, pixels []byte) []byte {
	info := make([]byte, headerSize)
	put := func(at, v int) { copy(info[at:], le32(v)) }
	put(0, headerSize)
	if headerSize == bmpCore {
		copy(info[4:], join(le16(4), le16(3), le16(1), le16(bits)))
	} else {
		put(4, 4)
		put(8, 3)
		put(12, 1|bits<<16)
		put(16, compression)
	}
	for at, v := range fields {
		put(at, v)
	}
	offset := bmpFileHeader + headerSize + len(behindHeader)
	return join([]byte("BM"), le32(offset+len(pixels)), le32(0), le32(offset), info, behindHeader, pixels)
}

func TestBMPAlphaIsAMaskWhereMasksCount(t *testing.T) {
	masks := join(le32(0xff0000), le32(0xff00), le32(0xff), le32(0xff<<24))
	in := map[int]int{40: 0xff0000, 44: 0xff00, 48: 0xff, 52: 0xff << 24}
	noAlpha := map[int]int{40: 0xff0000, 44: 0xff00, 48: 0xff}
	for name, c := range map[string]struct {
		header, compression int
		fields              map[int]int
		behind              []byte
		want                bool
	}{
		"40, no masks":         {40, BMPUncompressed, nil, nil, false},
		"40, masks":            {40, BMPBitfields, nil, masks[:12], false},
		"40, masks and more":   {40, BMPBitfields, nil, masks, false},
		"40, four masks":       {40, BMPAlphaBitfields, nil, masks, true},
		"52":                   {52, BMPBitfields, noAlpha, nil, false},
		"56":                   {56, BMPBitfields, in, nil, true},
		"108":                  {108, BMPBitfields, in, nil, true},
		"124":                  {124, BMPBitfields, in, nil, true},
		"124, no alpha":        {124, BMPBitfields, noAlpha, nil, false},
		"124, masks not used":  {124, BMPUncompressed, in, nil, false},
		"64, another scheme 3": {64, BMPBitfields, in, nil, false},
	} {
		h := parse(t, bmpFile(c.header, 32, c.compression, c.fields, c.behind, make([]byte, 48)))
		if h.Alpha != c.want || (h.Channels == 4) != c.want || !h.BMP.Whole || !h.NoMetadata {
			t.Errorf("%s: got %+v, %+v", name, h, h.BMP)
		}
	}
}

func TestBMPHeader(t *testing.T) {
	h := parse(t, bmpFile(bmpCore, 8, 0, nil, make([]byte, 6), make([]byte, 12)))
	if h.Width != 4 || h.Height != 3 || h.BMP.Palette != 2 || h.BMP.Bits != 8 || h.BMP.TopDown || !h.BMP.Whole {
		t.Errorf("got %+v", h.BMP)
	}
	h = parse(t, bmpFile(bmpInfo, 24, 0, map[int]int{8: -3}, nil, make([]byte, 36)))
	if start, upward, ok := h.Rows24(); !h.BMP.TopDown || h.Height != 3 || !ok || upward || start != bmpFileHeader+bmpInfo {
		t.Errorf("got %+v, rows %d, %v, %v", h.BMP, start, upward, ok)
	}
	for name, file := range map[string][]byte{
		"empty": []byte("BM"), "no width": bmpFile(bmpInfo, 24, 0, map[int]int{4: 0}, nil, nil),
		"lowest height": bmpFile(bmpInfo, 24, 0, map[int]int{8: -1 << 31}, nil, nil), "header of 13": bmpFile(bmpInfo, 24, 0, map[int]int{0: 13}, nil, nil),
	} {
		if h, err := Parse(file); err == nil {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

func TestBMPColour(t *testing.T) {
	for name, c := range map[string]struct {
		fields map[int]int
		behind []byte
		want   Colour
	}{
		"sRGB":     {map[int]int{56: bmpSRGB}, nil, Colour{Source: ColourSRGB, SRGB: true}},
		"Windows":  {map[int]int{56: bmpWindows}, nil, Colour{Source: ColourSRGB, SRGB: true}},
		"embedded": {map[int]int{56: bmpEmbedded, 112: 124 + 36, 116: 7}, []byte("profile"), Colour{Source: ColourICC, ICC: []byte("profile")}},
		"cut":      {map[int]int{56: bmpEmbedded, 112: 124 + 36, 116: 8}, []byte("profile"), Colour{}},
	} {
		h := parse(t, bmpFile(bmpVersion5, 24, 0, c.fields, nil, join(make([]byte, 36), c.behind)))
		if got := h.Colour; got.Source != c.want.Source || got.SRGB != c.want.SRGB || !slices.Equal(got.ICC, c.want.ICC) || h.NoMetadata != (c.behind == nil) {
			t.Errorf("%s: got %+v, no metadata: %v", name, got, h.NoMetadata)
		}
	}
}

func TestBMPIsWhole(t *testing.T) {
	runs := func(bits, compression int, data string) []byte {
		return bmpFile(bmpInfo, bits, compression, nil, make([]byte, 8), []byte(data))
	}
	for name, c := range map[string]struct {
		file []byte
		want bool
	}{
		"all rows":           {bmpFile(bmpInfo, 24, 0, nil, nil, make([]byte, 36)), true},
		"a byte less":        {bmpFile(bmpInfo, 24, 0, nil, nil, make([]byte, 35)), false},
		"runs, an end":       {runs(8, BMPRLE8, "\x04\x01\x00\x01"), true},
		"runs, all of it":    {runs(8, BMPRLE8, "\x04\x01\x00\x00\x04\x01\x00\x00\x04\x01"), true},
		"runs, no end":       {runs(8, BMPRLE8, "\x04\x01\x00\x00"), false},
		"runs, as they are":  {runs(4, BMPRLE4, "\x00\x04\x12\x34\x00\x01"), true},
		"runs, cut":          {runs(4, BMPRLE4, "\x00\x04\x12"), false},
		"runs, a jump":       {runs(8, BMPRLE8, "\x00\x02\x01\x01\x00\x01"), true},
		"runs, a jump, cut":  {runs(8, BMPRLE8, "\x00\x02\x01"), false},
		"runs, beyond right": {runs(8, BMPRLE8, "\xff\x01\xff\x01\x00\x01"), true},
	} {
		if h := parse(t, c.file); h.BMP.Whole != c.want || (h.Damage == "") != c.want {
			t.Errorf("%s: whole %v, %q", name, h.BMP.Whole, h.Damage)
		}
	}
}
