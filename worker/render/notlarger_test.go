//go:build cgo

package render

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
	"calotype/worker/imageheader"
)

// grainy draws four colours with grain, as in a photo, so that quality affects the bytes.
func grainy(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	q := quadrants(width, height)
	grain := rand.New(rand.NewPCG(1, 2))
	for y := range height {
		for x := range width {
			c, n := q.NRGBAAt(x, y), grain.IntN(24)
			img.SetRGBA(x, y, color.RGBA{c.R - uint8(n), c.G - uint8(n), c.B - uint8(n), 255})
		}
	}
	return img
}

func jpegAt(t testing.TB, img image.Image, quality int) []byte {
	return encodeWith(t, func(b *bytes.Buffer, img image.Image) error {
		return jpeg.Encode(b, img, &jpeg.Options{Quality: quality})
	}, img)
}

func TestJPEGQuality(t *testing.T) {
	for _, want := range []int{1, 10, 25, 49, 50, 51, 75, 80, 90, 95, 100} {
		if got, ok := imageheader.JPEGQuality(jpegAt(t, quadrants(40, 30), want)); got != want || !ok {
			t.Errorf("quality %d of Go's encoder: estimated %d, %v", want, got, ok)
		}
		// libjpeg's quality, under libvips's name.
		r := render(t, pngOf(t, quadrants(40, 30)), sized(40, 30, calotype.JPEG, want))
		if got, ok := imageheader.JPEGQuality(r.Body); got != want || !ok {
			t.Errorf("quality %d of libjpeg: estimated %d, %v", want, got, ok)
		}
	}
	for name, body := range map[string][]byte{
		"nothing": nil, "no table": {0xff, 0xd8, 0xff, 0xda, 0, 2}, "half a table": {0xff, 0xd8, 0xff, 0xdb, 0, 4, 0, 9},
	} {
		if got, ok := imageheader.JPEGQuality(body); ok {
			t.Errorf("%s: quality %d", name, got)
		}
	}
}

// If a rendition in the source's format would not be smaller in bytes, it is the source
// itself.
func TestNeverLarger(t *testing.T) {
	flat := checked(1000, 8)
	poor := render(t, pngOf(t, grainy(600, 400)), sized(600, 400, calotype.JPEG, 60)).Body
	rich := jpegAt(t, grainy(600, 400), 95)
	for name, c := range map[string]struct {
		source []byte
		target Target
		asIs   bool
	}{
		"a PNG that scaling would make larger": {pngOf(t, flat), sized(520, 520, calotype.PNG, 80), true},
		"it, with a quarter of the pixels":     {pngOf(t, flat), sized(480, 480, calotype.PNG, 80), false},
		"the same as another format":           {pngOf(t, flat), sized(520, 520, calotype.JPEG, 80), false},
		"a poor JPEG, not scaled":              {poor, sized(600, 400, calotype.JPEG, 80), true},
		"a poor JPEG, hardly scaled":           {poor, sized(590, 393, calotype.JPEG, 80), true},
		"a poor JPEG, scaled":                  {poor, sized(150, 100, calotype.JPEG, 80), false},
		"a rich JPEG, not scaled":              {rich, sized(600, 400, calotype.JPEG, 80), false},
		"an animated GIF, not scaled":          {animatedGIF(t, 3, 60, 40), sized(60, 40, calotype.GIF, 80), true},
	} {
		r := render(t, c.source, c.target)
		if r.AsIs != c.asIs || bytes.Equal(r.Body, c.source) != c.asIs {
			t.Errorf("%s: %d bytes of %d, as is: %v", name, len(r.Body), len(c.source), r.AsIs)
		}
		if size := look(t, r.Body).Bounds().Size(); r.Format != calotype.GIF && size != image.Pt(r.Width, r.Height) {
			t.Errorf("%s: %v, but it reports %dx%d", name, size, r.Width, r.Height)
		}
	}
	vips.AssertNoLeaks(t)
}

// A source that is small enough but for its metadata loses them, and nothing else.
func TestOnlyMetadataIsRemoved(t *testing.T) {
	drawing := render(t, pngOf(t, checked(1000, 8)), sized(1000, 1000, calotype.PNG, 80)).Body
	animated := animatedGIF(t, 3, 60, 40)
	poor := jpegAt(t, grainy(600, 400), 30)
	webp := render(t, pngOf(t, grainy(600, 400)), sized(600, 400, calotype.WebP, 30)).Body
	for name, c := range map[string]struct {
		source, want []byte
		target       Target
	}{
		"a screenshot that names its program": {withChunk(drawing, "tEXt", []byte("Software\x00"+secret)), drawing, sized(520, 520, calotype.PNG, 80)},
		"a GIF with a comment":                {append(animated[:len(animated)-1:len(animated)-1], "\x21\xfe\x10"+secret+"\x00;"...), animated, sized(60, 40, calotype.GIF, 80)},
		"a poor JPEG with EXIF":               {withSegments(poor, exif(1)), poor, sized(590, 393, calotype.JPEG, 80)},
		"a poor WebP with XMP":                {withWebPMetadata(webp), webp, sized(600, 400, calotype.WebP, 80)},
	} {
		r := render(t, c.source, c.target)
		if !bytes.Equal(r.Body, c.want) || r.AsIs {
			t.Errorf("%s: %d bytes of %d, as is: %v; want %d", name, len(r.Body), len(c.source), r.AsIs, len(c.want))
		}
		if h, err := imageheader.Parse(r.Body); err != nil || h.Width != r.Width || h.Height != r.Height || !h.NoMetadata {
			t.Errorf("%s: %+v, %v, reported as %dx%d", name, h, err, r.Width, r.Height)
		}
	}
	vips.AssertNoLeaks(t)
}

// A drawing that has too many pixels to be passed through, and is larger once it is scaled,
// gets fewer colours.
func TestFewerColours(t *testing.T) {
	const side, scaled = 1200, 530
	rings := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			v := uint8(math.Hypot(float64(x-side/2), float64(y-side/3))/7) % 2 * 255
			rings.SetNRGBA(x, y, color.NRGBA{v, v, v, 255})
		}
	}
	p, err := Open(pngOf(t, rings), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	d, ok := p.resamplePNG(scaled, scaled)
	if !ok {
		t.Fatal("left to libvips")
	}
	lossless, err := d.encodePNG(0)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		source, width int
		fewer         bool
	}{
		"as large as the source":           {len(lossless), side, false},
		"larger":                           {len(lossless) * 2 / 3, side, true},
		"larger, and it is passed through": {len(lossless) * 2 / 3, side / 2, false},
	} {
		of := &Picture{Format: calotype.PNG, Frames: 1, Width: c.width, Height: c.width, body: make([]byte, c.source)}
		got, err := of.fewerColours(d, sized(scaled, scaled, calotype.PNG, 80), lossless)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(got, lossless) == c.fewer || c.fewer && len(got) > c.source {
			t.Errorf("%s: %d bytes of %d, without loss %d", name, len(got), c.source, len(lossless))
		}
		img := look(t, got)
		for i := 0; i < scaled*scaled; i += 97 {
			level := d.pixels[i*d.bands]
			wantColour(t, img, i%scaled, i/scaled, color.NRGBA{level, level, level, 255}, 255/16)
		}
	}
	vips.AssertNoLeaks(t)
}

// A picture of few colours is lossless where that takes fewer bytes.
func TestFlatIsLossless(t *testing.T) {
	const side = 200
	flat := checked(side, 8).(*image.NRGBA)
	for name, c := range map[string]struct {
		source image.Image
		size   int
		flat   bool
	}{
		"a drawing":           {flat, side, true},
		"a drawing, scaled":   {flat, side / 2, true},
		"a picture of grains": {grainy(side, side), side, false},
	} {
		source := pngOf(t, c.source)
		r := render(t, source, Target{Width: c.size, Height: c.size, Format: calotype.WebP, Quality: 80})
		h, err := imageheader.Parse(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if h.WebP.Lossless != c.flat || c.size == side && len(r.Body) >= len(source) {
			t.Errorf("%s: lossless: %v, %d bytes of %d", name, h.WebP.Lossless, len(r.Body), len(source))
		}
		if c.size == side && c.flat {
			got := look(t, r.Body)
			for i := range side * side {
				x, y := i%side, i/side
				wantColour(t, got, x, y, flat.NRGBAAt(x, y), 0)
			}
		}
	}
	vips.AssertNoLeaks(t)
}

// The number of colours decides, up to the limit itself.
func TestIsFlat(t *testing.T) {
	for bands, limit := range map[int]int{1: maxFlatGrey, 2: maxFlatGrey, 3: maxFlat, 4: maxFlat} {
		for _, colours := range []int{1, limit, limit + 1} {
			d, err := newDecoded(64, 64, bands)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 64 * 64 {
				n := i % colours
				for b := range bands {
					d.pixels[i*bands+b] = byte(n >> (8 * b))
				}
			}
			if got, want := d.isFlat(), colours <= limit; got != want {
				t.Errorf("%d colours in %d bands: %v", colours, bands, got)
			}
			d.free()
		}
	}
}

// Formats that browsers are given of themselves are not larger than the source.
func TestNotLargerInAnotherFormat(t *testing.T) {
	poor := jpegAt(t, grainy(600, 400), 12)
	for _, f := range []calotype.Format{calotype.WebP, calotype.AVIF} {
		r := render(t, poor, Target{Width: 600, Height: 400, Format: f, Quality: 90})
		if len(r.Body) >= len(poor) || r.Format != f {
			t.Errorf("%s: %d bytes of %d", r.Format, len(r.Body), len(poor))
		}
	}
	vips.AssertNoLeaks(t)
}

// checked draws squares of a number of pixels, whose edges become grey when they are scaled.
func checked(side, square int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			img.SetNRGBA(x, y, color.NRGBA{uint8((x/square + y/square) % 2 * 255), 200, 30, 255})
		}
	}
	return img
}

// A source that cannot be passed through is encoded again at no higher quality than it has.
func TestEncodedAgainAtItsOwnQuality(t *testing.T) {
	const quality = 30
	poor := jpegAt(t, grainy(600, 400), quality)
	wideGamut := saved(t, grainy(600, 400), func(ref *vips.ImageRef) error { return ref.TransformICCProfile("p3") }, quality)
	for name, c := range map[string]struct {
		source []byte
		size   image.Point
	}{
		"metadata": {withSegments(poor, exif(1)), image.Pt(600, 400)},
		"a turn":   {withSegments(poor, exif(6)), image.Pt(400, 600)},
		"colours":  {wideGamut, image.Pt(600, 400)},
	} {
		r := render(t, c.source, sized(c.size.X, c.size.Y, calotype.JPEG, 80))
		if got, ok := imageheader.JPEGQuality(r.Body); r.AsIs || !ok || got != quality {
			t.Errorf("%s: encoded at %d, was encoded at %d, as is: %v", name, got, quality, r.AsIs)
		}
		if bytes.Contains(r.Body, []byte(secret)) {
			t.Errorf("%s: metadata are left", name)
		}
		// At a fraction of the size, the requested quality is smaller in bytes than the
		// source.
		r = render(t, c.source, sized(c.size.X/4, c.size.Y/4, calotype.JPEG, 80))
		if got, _ := imageheader.JPEGQuality(r.Body); got != 80 || len(r.Body) >= len(c.source) {
			t.Errorf("%s, scaled: encoded at %d, asked for 80; %d bytes of %d", name, got, len(r.Body), len(c.source))
		}
	}
	for _, f := range []calotype.Format{calotype.WebP, calotype.AVIF} {
		source := render(t, pngOf(t, grainy(600, 400)), sized(600, 400, f, 40)).Body
		if f == calotype.WebP {
			source = withWebPMetadata(source)
		}
		if r := render(t, source, sized(600, 400, f, 80)); r.AsIs || len(r.Body) >= len(source) {
			t.Errorf("%s: %d bytes of %d, as is: %v", f, len(r.Body), len(source), r.AsIs)
		}
	}
	vips.AssertNoLeaks(t)
}

// withWebPMetadata puts XMP after the pixels of a WebP file. Decoders find it without a
// flag.
func withWebPMetadata(webp []byte) []byte {
	body := append(bytes.Clone(webp), "XMP \x10\x00\x00\x00"+secret...)
	body[4], body[5], body[6] = byte(len(body)-8), byte((len(body)-8)>>8), byte((len(body)-8)>>16)
	return body
}
