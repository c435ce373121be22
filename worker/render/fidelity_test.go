//go:build cgo

package render

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
)

// exif is an APP1 segment with an orientation and a secret.
func exif(orientation int) []byte {
	var tiff bytes.Buffer
	tiff.WriteString("MM\x00*\x00\x00\x00\x08\x00\x02")
	binary.Write(&tiff, binary.BigEndian, []uint16{0x0112, 3, 0, 1, uint16(orientation), 0})  // Orientation, SHORT
	binary.Write(&tiff, binary.BigEndian, []uint16{0x010e, 2, 0, uint16(len(secret)), 0, 38}) // ImageDescription, ASCII
	tiff.WriteString("\x00\x00\x00\x00" + secret)
	return segment(0xe1, "Exif\x00\x00"+tiff.String())
}

const secret = "48.8584N 2.2945E"

// segment is a JPEG segment with a marker.
func segment(marker byte, body string) []byte {
	return append([]byte{0xff, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
}

// withSegments puts segments after a JPEG's first marker.
func withSegments(jpeg []byte, segments ...[]byte) []byte {
	return append(append(jpeg[:2:2], bytes.Join(segments, nil)...), jpeg[2:]...)
}

// Exif 2.32, 4.6.4.A: which side of the scene the first row and the first column of the
// stored picture show.
func TestOrientations(t *testing.T) {
	tl, tr, bl, br := corners[0][0], corners[0][1], corners[1][0], corners[1][1]
	for orientation, upright := range map[int][2][2]color.NRGBA{
		1: {{tl, tr}, {bl, br}}, // top, left
		2: {{tr, tl}, {br, bl}}, // top, right
		3: {{br, bl}, {tr, tl}}, // bottom, right
		4: {{bl, br}, {tl, tr}}, // bottom, left
		5: {{tl, bl}, {tr, br}}, // left, top
		6: {{bl, tl}, {br, tr}}, // right, top
		7: {{br, tr}, {bl, tl}}, // right, bottom
		8: {{tr, br}, {tl, bl}}, // left, bottom
	} {
		body := withSegments(jpegOf(t, quadrants(800, 600)), exif(orientation))
		p, err := Open(body, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		want := image.Pt(800, 600)
		if orientation >= 5 {
			want = image.Pt(600, 800)
		}
		if got := image.Pt(p.Width, p.Height); got != want {
			t.Errorf("orientation %d: opened as %v, want %v", orientation, got, want)
		}
		for _, f := range []calotype.Format{calotype.JPEG, calotype.WebP, calotype.PNG, calotype.AVIF} {
			img := look(t, render(t, body, sized(want.X/4, want.Y/4, f, 90)).Body)
			if got := img.Bounds().Size(); got != want.Div(4) {
				t.Errorf("orientation %d: %s is %v", orientation, f, got)
			}
			wantQuadrants(t, img, upright, 20)
		}
	}
	vips.AssertNoLeaks(t)
}

// saved is what libvips writes of a picture after an operation.
func saved(t *testing.T, img image.Image, do func(*vips.ImageRef) error, quality int) []byte {
	t.Helper()
	ref, err := vips.LoadImageFromBuffer(pngOf(t, img), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ref.Close()
	if err := do(ref); err != nil {
		t.Fatal(err)
	}
	body, _, err := ref.ExportJpeg(&vips.JpegExportParams{Quality: quality})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

var mutedCorners = [2][2]color.NRGBA{
	{{180, 90, 90, 255}, {110, 160, 110, 255}},
	{{90, 100, 150, 255}, {225, 225, 225, 255}},
}

func TestColours(t *testing.T) {
	opaque := image.NewRGBA(image.Rect(0, 0, 400, 300)) // PNG without alpha.
	wide := image.NewNRGBA64(opaque.Bounds())
	grey, grey16 := image.NewGray(opaque.Bounds()), image.NewGray16(opaque.Bounds())
	q := quadrants(400, 300)
	muted := image.NewRGBA(opaque.Bounds()) // Within the gamut of print.
	for y := range 300 {
		for x := range 400 {
			opaque.Set(x, y, q.At(x, y))
			wide.Set(x, y, q.At(x, y))
			muted.Set(x, y, mutedCorners[y/150][x/200])
			grey.Set(x, y, color.Gray{uint8(x / 2)})
			grey16.Set(x, y, color.Gray16{uint16(x / 2 * 0x101)})
		}
	}
	profile := func(name string) func(*vips.ImageRef) error {
		return func(ref *vips.ImageRef) error { return ref.TransformICCProfile(name) }
	}
	unprofiled := saved(t, muted, func(ref *vips.ImageRef) error {
		if err := ref.TransformICCProfile("cmyk"); err != nil {
			return err
		}
		return ref.RemoveICCProfile()
	}, 98)
	for name, c := range map[string]struct {
		body []byte
		want [2][2]color.NRGBA
	}{
		"16 bits":             {pngOf(t, wide), corners},
		"no profile":          {saved(t, opaque, func(*vips.ImageRef) error { return nil }, 98), corners},
		"Adobe RGB":           {saved(t, muted, profile(adobeRGB(t)), 98), mutedCorners},
		"Display P3":          {saved(t, opaque, profile("p3"), 98), corners},
		"CMYK with a profile": {saved(t, muted, profile("cmyk"), 98), mutedCorners},
		"CMYK without":        {unprofiled, cornersByGo(t, unprofiled)},
		"a broken profile":    {withSegments(jpegOf(t, opaque), segment(0xe2, "ICC_PROFILE\x00\x01\x01broken")), corners},
	} {
		for _, f := range []calotype.Format{calotype.JPEG, calotype.WebP} {
			r := render(t, c.body, sized(200, 150, f, 90))
			t.Run(name+" to "+string(f), func(t *testing.T) { wantQuadrants(t, look(t, r.Body), c.want, 20) })
		}
	}
	// A profile that is ignored would be noticed.
	stored := look(t, saved(t, muted, profile(adobeRGB(t)), 98))
	if got := color.NRGBAModel.Convert(stored.At(100, 75)).(color.NRGBA); max(got.R, mutedCorners[0][0].R)-min(got.R, mutedCorners[0][0].R) < 8 {
		t.Errorf("Adobe RGB stores %v for %v, which makes the test meaningless", got, mutedCorners[0][0])
	}
	for name, body := range map[string][]byte{"8 bits": jpegOf(t, grey), "16 bits": pngOf(t, grey16)} {
		img := look(t, render(t, body, sized(200, 150, calotype.JPEG, 90)).Body)
		if _, ok := img.(*image.Gray); !ok {
			t.Errorf("a grey picture of %s became %T", name, img)
		}
		wantColour(t, img, 100, 75, color.NRGBA{100, 100, 100, 255}, 4)
	}
	vips.AssertNoLeaks(t)
}

// cornersByGo decodes a JPEG in Go, which converts CMYK without a profile as browsers do.
func cornersByGo(t *testing.T, body []byte) (want [2][2]color.NRGBA) {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := img.(*image.CMYK); !ok {
		t.Fatalf("a %T", img)
	}
	size := img.Bounds().Size()
	for y := range 2 {
		for x := range 2 {
			want[y][x] = color.NRGBAModel.Convert(img.At((2*x+1)*size.X/4, (2*y+1)*size.Y/4)).(color.NRGBA)
		}
	}
	return want
}

// A white disc on transparent black gets no dark edge, and on JPEG's white background it
// disappears.
func TestAlpha(t *testing.T) {
	disc := image.NewNRGBA(image.Rect(0, 0, 400, 400))
	for y := range 400 {
		for x := range 400 {
			if (x-200)*(x-200)+(y-200)*(y-200) < 150*150 {
				disc.SetNRGBA(x, y, color.NRGBA{255, 255, 255, 255})
			}
		}
	}
	for _, f := range []calotype.Format{calotype.PNG, calotype.WebP, calotype.AVIF} {
		img := look(t, render(t, pngOf(t, disc), sized(100, 100, f, 90)).Body)
		wantColour(t, img, 50, 50, color.NRGBA{255, 255, 255, 255}, 6)
		for x := range 100 {
			c := color.NRGBAModel.Convert(img.At(x, 50)).(color.NRGBA)
			if c.A > 60 && min(c.R, c.G, c.B) < 225 {
				t.Errorf("%s: a dark edge %v at %d", f, c, x)
			}
		}
		if c := color.NRGBAModel.Convert(img.At(2, 2)).(color.NRGBA); c.A > 4 {
			t.Errorf("%s: the corner is %v, want it transparent", f, c)
		}
	}
	img := look(t, render(t, pngOf(t, disc), sized(100, 100, calotype.JPEG, 90)).Body)
	for x := range 100 {
		wantColour(t, img, x, 50, color.NRGBA{255, 255, 255, 255}, 12)
	}
}

// An animation of more than 100 MB decoded, whose frames need no scaling.
func TestLongAnimation(t *testing.T) {
	r := render(t, animatedGIF(t, 100, 600, 600), sized(600, 600, calotype.WebP, 50))
	p, err := Open(r.Body, Limits{})
	if err != nil || p.Width != 600 || p.Height != 600 || p.Frames < 2 {
		t.Errorf("got %+v, %v", p, err)
	}
	vips.AssertNoLeaks(t)
}

// If there is anything besides what is needed to show the picture, the source is not
// copied.
func TestHasNoMetadata(t *testing.T) {
	jpg, pic, anim := jpegOf(t, quadrants(60, 40)), pngOf(t, quadrants(60, 40)), animatedGIF(t, 2, 20, 20)
	webp := render(t, pic, sized(60, 40, calotype.WebP, 80)).Body
	text := "\x00\x00\x00\x04tEXtnote\x00\x00\x00\x00"
	for name, c := range map[string]struct {
		body []byte
		want bool
	}{
		"jpeg":               {jpg, true},
		"jpeg, comment":      {withSegments(jpg, segment(0xfe, secret)), false},
		"jpeg, exif":         {withSegments(jpg, exif(1)), false},
		"jpeg, jumbf":        {withSegments(jpg, segment(0xeb, secret)), false},
		"jpeg, behind":       {append(bytes.Clone(jpg), secret...), false},
		"jpeg, cut":          {jpg[:len(jpg)-2], false},
		"png":                {pic, true},
		"png, text":          {append(bytes.Clone(pic[:33]), append([]byte(text), pic[33:]...)...), false},
		"png, behind":        {append(bytes.Clone(pic), secret...), false},
		"gif":                {anim, true},
		"gif, comment":       {append(bytes.Clone(anim[:len(anim)-1]), "\x21\xfe\x04note\x00\x3b"...), false},
		"gif, behind":        {append(bytes.Clone(anim), secret...), false},
		"webp":               {webp, true},
		"webp, behind":       {append(bytes.Clone(webp), secret...), false},
		"avif, not read":     {nil, false},
		"jpeg, nothing else": {jpg[:2], false},
	} {
		header, refusal := readHeader(c.body, Limits{})
		if refusal != nil {
			t.Fatalf("%s: %v", name, refusal)
		}
		if header.NoMetadata != c.want {
			t.Errorf("%s: got %v", name, header.NoMetadata)
		}
	}
}

func TestPaletteStays(t *testing.T) {
	paletted := image.NewPaletted(image.Rect(0, 0, 400, 300), color.Palette{corners[0][0], corners[0][1], corners[1][0], corners[1][1]})
	q := quadrants(400, 300)
	for y := range 300 {
		for x := range 400 {
			paletted.Set(x, y, q.At(x, y))
		}
	}
	r := render(t, pngOf(t, paletted), sized(200, 150, calotype.PNG, 80))
	config, err := png.DecodeConfig(bytes.NewReader(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := config.ColorModel.(color.Palette); !ok {
		t.Errorf("a palette became %T", config.ColorModel)
	}
}
