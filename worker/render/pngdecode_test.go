//go:build cgo

package render

import (
	"bytes"
	"compress/zlib"
	"image"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"testing"

	"calotype"
	"calotype/worker/animation"
)

// pngOfRows writes a PNG of rows as they are stored, each after the number of its filter.
func pngOfRows(t testing.TB, width, height, bits int, kind byte, palette, clear, rows []byte) []byte {
	t.Helper()
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	if _, err := z.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file := animation.AppendPNGChunk([]byte(pngMagic), "IHDR", []byte{0, 0, byte(width >> 8), byte(width), 0, 0, byte(height >> 8), byte(height), byte(bits), kind, 0, 0, 0})
	if palette != nil {
		file = animation.AppendPNGChunk(file, "PLTE", palette)
	}
	if clear != nil {
		file = animation.AppendPNGChunk(file, "tRNS", clear)
	}
	half := data.Len() / 2
	file = animation.AppendPNGChunk(file, "IDAT", data.Bytes()[:half])
	file = animation.AppendPNGChunk(file, "IDAT", data.Bytes()[half:])
	return animation.AppendPNGChunk(file, "IEND", nil)
}

// randomRows are rows of arbitrary bytes with arbitrary filters: every such picture is valid.
func randomRows(width, height, bits int, kind byte) []byte {
	random := rand.New(rand.NewPCG(uint64(bits), uint64(kind)))
	rows := make([]byte, height*(1+(width*bits*pngChannels[kind]+7)/8))
	for i := range rows {
		rows[i] = byte(random.UintN(256))
	}
	for y := range height {
		rows[y*len(rows)/height] = byte(random.UintN(5))
	}
	return rows
}

func pngKinds() map[string]struct {
	bits int
	kind byte
} {
	return map[string]struct {
		bits int
		kind byte
	}{
		"grey of 1 bit": {1, pngGrey}, "grey of 2 bits": {2, pngGrey}, "grey of 4 bits": {4, pngGrey}, "grey": {8, pngGrey},
		"RGB": {8, pngRGB}, "grey and alpha": {8, pngGreyAlpha}, "RGBA": {8, pngRGBA},
		"palette of 1 bit": {1, pngPalette}, "palette of 2 bits": {2, pngPalette}, "palette of 4 bits": {4, pngPalette}, "palette": {8, pngPalette},
	}
}

// The pixels are those of Go's decoder, for every filter and kind of sample.
func TestPNGRows(t *testing.T) {
	for name, c := range pngKinds() {
		for _, clears := range []bool{false, true} {
			if clears && c.kind != pngPalette {
				continue
			}
			const width, height = 67, 41
			var palette, clear []byte
			if c.kind == pngPalette {
				for i := range 3 << c.bits {
					palette = append(palette, byte(i*37))
				}
				if clears {
					clear = []byte{0, 100}
				}
			}
			file := pngOfRows(t, width, height, c.bits, c.kind, palette, clear, randomRows(width, height, c.bits, c.kind))
			want, err := png.Decode(bytes.NewReader(file))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			p, err := Open(file, Limits{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, ok := p.resamplePNG(width, height)
			if !ok {
				t.Errorf("%s: left to libvips", name)
				continue
			}
			all := make([]byte, 4*width*height)
			widen(all, 4, got.pixels, got.bands)
			if pixels := exactPixels(want); !bytes.Equal(all, pixels) {
				t.Errorf("%s: other pixels", name)
			}
		}
	}
}

// Scaled, they are what libvips makes of the same file, except for rounding.
func TestResamplePNG(t *testing.T) {
	drawn := image.NewNRGBA(image.Rect(0, 0, 301, 203))
	draw.Draw(drawn, drawn.Rect, grainy(301, 203), image.Point{}, draw.Src)
	soft := image.NewNRGBA(drawn.Rect)
	copy(soft.Pix, drawn.Pix)
	for i := 3; i < len(soft.Pix); i += 4 {
		soft.Pix[i] = uint8(i / 4 % 301 * 255 / 301)
	}
	for name, img := range map[string]image.Image{"RGB": drawn, "RGBA": soft} {
		p, err := Open(pngOf(t, img), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		ours, ok := p.resamplePNG(100, 67)
		if !ok {
			t.Fatalf("%s: left to libvips", name)
		}
		loaded, err := p.load(100, 67)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := p.decodePages(loaded, 100, 67)
		loaded.Close()
		if err != nil {
			t.Fatal(err)
		}
		if ours.bands != theirs.bands || len(ours.pixels) != len(theirs.pixels) {
			t.Fatalf("%s: %d bands, %d of libvips", name, ours.bands, theirs.bands)
		}
		for i := range ours.pixels {
			alpha := byte(255)
			if ours.bands == 4 {
				alpha = ours.pixels[i|3]
			}
			if d := int(ours.pixels[i]) - int(theirs.pixels[i]); (d < -8 || d > 8) && alpha > 16 {
				t.Fatalf("%s: sample %d is %d, %d of libvips", name, i, ours.pixels[i], theirs.pixels[i])
			}
		}
	}
}

// What is not as it should be is left to libvips.
func TestPNGLeftToLibvips(t *testing.T) {
	const width, height = 40, 30
	rows := randomRows(width, height, 8, pngPalette)
	palette := bytes.Repeat([]byte{1, 2, 3}, 256)
	whole := pngOfRows(t, width, height, 8, pngPalette, palette, nil, rows)
	wrong := bytes.Clone(rows)
	wrong[0] = 5
	broken := bytes.Clone(whole)
	broken[len(broken)-12-6]++ // In the checksum of the pixels' last chunk.
	for name, c := range map[string]struct {
		file []byte
		here bool
	}{
		"intact":                {whole, true},
		"cut":                   {whole[:len(whole)-30], false},
		"without an end":        {whole[:len(whole)-12], false},
		"a wrong checksum":      {broken, false},
		"an unknown filter":     {pngOfRows(t, width, height, 8, pngPalette, palette, nil, wrong), false},
		"a row too few":         {pngOfRows(t, width, height+1, 8, pngPalette, palette, nil, rows), false},
		"a row too many":        {pngOfRows(t, width, height-1, 8, pngPalette, palette, nil, rows), false},
		"a colour too high":     {pngOfRows(t, width, height, 8, pngPalette, palette[:3*200], nil, rows), false},
		"one transparent grey":  {pngOfRows(t, width, height, 8, pngGrey, nil, []byte{0, 7}, rows), false},
		"a depth of 3 bits":     {pngOfRows(t, width, height, 3, pngGrey, nil, nil, rows), false},
		"samples of 16 bits":    {pngOfRows(t, width, height/2, 16, pngGrey, nil, nil, rows), false},
		"a palette that is cut": {pngOfRows(t, width, height, 8, pngPalette, palette[:100], nil, rows), false},
	} {
		header, refusal := readHeader(c.file, Limits{})
		if refusal != nil {
			t.Fatalf("%s: %v", name, refusal)
		}
		p := &Picture{Format: calotype.PNG, body: c.file, header: header}
		if _, ok := p.resamplePNG(20, 15); ok != c.here {
			t.Errorf("%s: decoded here: %v", name, ok)
		}
	}
}
