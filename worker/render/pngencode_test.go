//go:build cgo

package render

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"calotype"
	"calotype/worker/imageheader"
)

// pictureOf is a picture of a number of colours, each of which occurs.
func pictureOf(t testing.TB, width, height, bands, colours int) *decoded {
	t.Helper()
	d, err := newDecoded(width, height, bands)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, uint64(colours)))
	for i := range width * height {
		n := i
		if i >= colours {
			n = random.IntN(colours)
		}
		pixel := [4]byte{byte(n * 5), byte(n >> 6 * 31), byte(n * 3), byte(n)}
		if bands == 2 {
			pixel[1] = pixel[3]
		}
		copy(d.pixels[i*bands:][:bands], pixel[:])
	}
	return d
}

// exactPixels are the pixels of a decoded PNG, without a way through multiplied colours.
func exactPixels(img image.Image) []byte {
	size := img.Bounds().Size()
	pixels := make([]byte, 0, 4*size.X*size.Y)
	for y := range size.Y {
		for x := range size.X {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			pixels = append(pixels, c.R, c.G, c.B, c.A)
		}
	}
	return pixels
}

// Nothing is lost, whatever the kind of PNG.
func TestEncodePNG(t *testing.T) {
	for name, c := range map[string]struct {
		bands, colours int
		kind, bits     byte
	}{
		"two colours":         {3, 2, pngPalette, 1},
		"four colours":        {3, 4, pngPalette, 2},
		"five colours":        {3, 5, pngPalette, 4},
		"16 colours":          {4, 16, pngPalette, 4},
		"17 colours":          {3, 17, pngPalette, 8},
		"256 colours":         {4, 256, pngPalette, 8},
		"two levels":          {1, 2, pngPalette, 1},
		"levels":              {1, 51, pngGrey, 8},
		"levels and alpha":    {2, 200, pngPalette, 8},
		"more than 256":       {3, 300, pngRGB, 8},
		"more, some clear":    {4, 600, pngRGBA, 8},
		"a single pixel wide": {3, 3, pngPalette, 2},
	} {
		width, height := 61, 47
		if name == "a single pixel wide" {
			width = 1
		}
		d := pictureOf(t, width, height, c.bands, c.colours)
		body, err := d.encodePNG(0)
		if err != nil {
			t.Fatal(err)
		}
		h, err := imageheader.Parse(body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if h.PNG.ColourType != c.kind || h.PNG.Bits != c.bits || !h.NoMetadata || h.Damage != "" {
			t.Errorf("%s: colour type %d of %d bits, want %d of %d; damage %q", name, h.PNG.ColourType, h.PNG.Bits, c.kind, c.bits, h.Damage)
		}
		img, err := png.Decode(bytes.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := make([]byte, 4*width*height)
		widen(want, 4, d.pixels, d.bands)
		got := make([]byte, len(want))
		copy(got, exactPixels(img))
		for i := 0; i < len(want); i += 4 {
			if want[i+3] != got[i+3] || want[i+3] != 0 && !bytes.Equal(want[i:i+4], got[i:i+4]) {
				t.Errorf("%s: pixel %d is %v, want %v", name, i/4, got[i:i+4], want[i:i+4])
				break
			}
		}
	}
}

// A palette's picture that has more colours once it is scaled gets a palette again. It looks
// the same, and takes a fraction of the bytes.
func TestQuantise(t *testing.T) {
	drawn := image.NewPaletted(image.Rect(0, 0, 800, 600), nil)
	for i := range 256 {
		drawn.Palette = append(drawn.Palette, color.NRGBA{uint8(i), uint8(255 - i), uint8(i * i / 255), 255})
	}
	random := rand.New(rand.NewPCG(3, 4))
	for i := range drawn.Pix {
		drawn.Pix[i] = uint8((i%800/4 + random.IntN(60)) % 256)
	}
	source := pngOf(t, drawn)
	p, err := Open(source, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	d, ok := p.resamplePNG(333, 250)
	if !ok {
		t.Fatal("left to libvips")
	}
	full, err := d.encodePNG(0)
	if err != nil {
		t.Fatal(err)
	}
	r := render(t, source, sized(333, 250, calotype.PNG, 80))
	h, err := imageheader.Parse(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if h.PNG.ColourType != pngPalette || 5*len(r.Body) > 4*len(full) {
		t.Errorf("colour type %d, %d bytes; without a palette %d", h.PNG.ColourType, len(r.Body), len(full))
	}
	img, err := png.Decode(bytes.NewReader(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	got, want := make([]byte, 4*333*250), make([]byte, 4*333*250)
	copy(got, exactPixels(img))
	widen(want, 4, d.pixels, d.bands)
	sum := 0.0
	for i := range got {
		e := float64(got[i]) - float64(want[i])
		sum += e * e
	}
	if rms := math.Sqrt(sum / float64(len(got))); rms > 8 {
		t.Errorf("%.1f levels from the scaled picture", rms)
	}
}

// A PNG is not larger than one of Go's encoder at its best.
func TestPNGBytes(t *testing.T) {
	img := grainy(600, 400)
	p, err := Open(pngOf(t, img), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	d, ok := p.resamplePNG(600, 400)
	if !ok {
		t.Fatal("left to libvips")
	}
	ours, err := d.encodePNG(0)
	if err != nil {
		t.Fatal(err)
	}
	var theirs bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&theirs, img); err != nil {
		t.Fatal(err)
	}
	if len(ours) > theirs.Len() {
		t.Errorf("%d bytes, Go's encoder %d", len(ours), theirs.Len())
	}
}
