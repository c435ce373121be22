//go:build cgo

package render

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"strings"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"
	"golang.org/x/image/bmp"

	"calotype"
	"calotype/internal/hermetic"
	"calotype/worker/failure"
)

// raceDetector reports whether this process has it.
var raceDetector bool

func TestMain(m *testing.M) {
	hermetic.Isolate()
	if err := Start(); err != nil {
		println(err.Error())
		os.Exit(1)
	}
	setBlocked("VipsForeignLoadNsgif", false) // To look at what is written.
	os.Exit(m.Run())
}

// quadrants draws a picture of four colours: red, green above blue, white.
func quadrants(width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetNRGBA(x, y, corners[y*2/height][x*2/width])
		}
	}
	return img
}

var corners = [2][2]color.NRGBA{
	{{220, 30, 30, 255}, {30, 200, 60, 255}},
	{{30, 60, 210, 255}, {250, 250, 250, 255}},
}

func encodeWith[T any](t testing.TB, encode func(*bytes.Buffer, T) error, img T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	return encodeWith(t, func(b *bytes.Buffer, img image.Image) error {
		return jpeg.Encode(b, img, &jpeg.Options{Quality: 95})
	}, img)
}

func pngOf(t testing.TB, img image.Image) []byte {
	return encodeWith(t, func(b *bytes.Buffer, img image.Image) error { return png.Encode(b, img) }, img)
}

func bmpOf(t testing.TB, img image.Image) []byte {
	return encodeWith(t, func(b *bytes.Buffer, img image.Image) error { return bmp.Encode(b, img) }, img)
}

// animatedGIF draws an animation with frames of one colour each.
func animatedGIF(t testing.TB, frames, width, height int) []byte {
	g := &gif.GIF{LoopCount: 3}
	for i := range frames {
		f := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black, frameColour(i)})
		for j := range f.Pix {
			f.Pix[j] = 1
		}
		g.Image, g.Delay = append(g.Image, f), append(g.Delay, 5+i)
	}
	return encodeWith(t, func(b *bytes.Buffer, g *gif.GIF) error { return gif.EncodeAll(b, g) }, g)
}

func frameColour(i int) color.NRGBA {
	return color.NRGBA{uint8(60 * i), uint8(255 - 60*i), 100, 255}
}

// render makes one target.
func render(t testing.TB, body []byte, target Target) Rendition {
	t.Helper()
	p, err := Open(body, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range p.Render([]Target{target}) {
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Fatal("no rendition")
	return Rendition{}
}

// look decodes a rendition, with several frames one below the other.
func look(t testing.TB, body []byte) image.Image {
	t.Helper()
	params := vips.NewImportParams()
	if f, _ := Sniff(body); animates(f) {
		params.NumPages.Set(-1)
	}
	if f, _ := Sniff(body); f == calotype.BMP {
		img, err := bmp.Decode(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	ref, err := vips.LoadImageFromBuffer(body, params)
	if err != nil {
		t.Fatal(err)
	}
	defer ref.Close()
	img, err := ref.ToGoImage()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// wantColour compares one pixel, each channel of 8 bits within a tolerance.
func wantColour(t testing.TB, img image.Image, x, y int, want color.NRGBA, tolerance int) {
	t.Helper()
	got := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
	for _, d := range []int{int(got.R) - int(want.R), int(got.G) - int(want.G), int(got.B) - int(want.B), int(got.A) - int(want.A)} {
		if d < -tolerance || d > tolerance {
			t.Errorf("at %d,%d: got %v, want %v", x, y, got, want)
			return
		}
	}
}

// wantQuadrants compares the four corners' colours, a little inside.
func wantQuadrants(t testing.TB, img image.Image, want [2][2]color.NRGBA, tolerance int) {
	t.Helper()
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	for y := range 2 {
		for x := range 2 {
			wantColour(t, img, w/4+x*w/2, h/4+y*h/2, want[y][x], tolerance)
		}
	}
}

func TestEveryFormatToEveryFormat(t *testing.T) {
	sources := map[calotype.Format][]byte{
		calotype.JPEG: jpegOf(t, quadrants(800, 600)),
		calotype.PNG:  pngOf(t, quadrants(800, 600)),
		calotype.BMP:  bmpOf(t, quadrants(800, 600)),
		calotype.GIF: encodeWith(t, func(b *bytes.Buffer, img image.Image) error {
			return gif.Encode(b, img, &gif.Options{NumColors: 256})
		}, image.Image(quadrants(800, 600))),
	}
	for _, f := range []calotype.Format{calotype.WebP, calotype.AVIF} {
		sources[f] = render(t, sources[calotype.PNG], sized(800, 600, f, 95)).Body
	}
	for from, body := range sources {
		for _, to := range []calotype.Format{calotype.JPEG, calotype.PNG, calotype.GIF, calotype.WebP, calotype.AVIF, calotype.BMP} {
			r := render(t, body, sized(320, 240, to, 90))
			if got, _ := Sniff(r.Body); got != to || r.Format != to {
				t.Errorf("%s to %s: got %s", from, to, got)
				continue
			}
			img := look(t, r.Body)
			if s := img.Bounds().Size(); s != image.Pt(320, 240) || r.Width != 320 || r.Height != 240 {
				t.Errorf("%s to %s: got %v", from, to, s)
			}
			wantQuadrants(t, img, corners, 24)
		}
	}
	vips.AssertNoLeaks(t)
}

func TestOneDecodeManyTargets(t *testing.T) {
	p, err := Open(jpegOf(t, quadrants(1600, 1200)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var targets []Target
	for _, preset := range calotype.DefaultPresets() {
		for _, f := range []calotype.Format{calotype.JPEG, calotype.WebP} {
			w, h := preset.BoxFor(p.Width, p.Height).Fit(p.Width, p.Height)
			targets = append(targets, sized(w, h, f, 80))
		}
	}
	i := 0
	for r, err := range p.Render(targets) {
		if err != nil {
			t.Fatal(err)
		}
		img := look(t, r.Body)
		if s := img.Bounds().Size(); s != image.Pt(targets[i].Width, targets[i].Height) {
			t.Errorf("%d: got %v, want %+v", i, s, targets[i])
		}
		wantQuadrants(t, img, corners, 16)
		i++
	}
	if i != len(targets) {
		t.Errorf("%d renditions, want %d", i, len(targets))
	}
	vips.AssertNoLeaks(t)
}

func TestLimits(t *testing.T) {
	still, animation := jpegOf(t, quadrants(400, 300)), animatedGIF(t, 4, 40, 30)
	sixChannels, _ := newTIFF(4, 3, 6)
	for name, c := range map[string]struct {
		body   []byte
		limits Limits
		class  string
	}{
		"pixels":              {still, Limits{Pixels: 119_999}, failure.TooManyPixels},
		"pixels enough":       {still, Limits{Pixels: 120_000}, ""},
		"frames":              {animation, Limits{Frames: 3}, failure.TooManyFrames},
		"frames enough":       {animation, Limits{Frames: 4}, ""},
		"pixels of all":       {animation, Limits{Pixels: 4799}, failure.TooManyPixels},
		"pixels of a BMP":     {bmpOf(t, quadrants(40, 30)), Limits{Pixels: 1199}, failure.TooManyPixels},
		"channels":            {sixChannels, Limits{}, failure.TooManyChannels},
		"no picture":          {[]byte("GIF is a format"), Limits{}, failure.UnsupportedFormat},
		"svg":                 {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`), Limits{}, failure.UnsupportedFormat},
		"pdf":                 {[]byte("%PDF-1.4\n"), Limits{}, failure.UnsupportedFormat},
		"nothing":             {nil, Limits{}, failure.UnsupportedFormat},
		"a JPEG's first word": {[]byte{0xff, 0xd8, 0xff}, Limits{}, failure.Corrupt},
		"BMP that promises":   {bmpOf(t, quadrants(400, 300))[:60], Limits{}, failure.Corrupt},
	} {
		_, err := Open(c.body, c.limits)
		var fault *failure.Failure
		errors.As(err, &fault)
		if (c.class == "") != (err == nil) || (c.class != "" && (fault == nil || fault.Class != c.class)) {
			t.Errorf("%s: got %v, want %q", name, err, c.class)
		}
	}
	vips.AssertNoLeaks(t)
}

// A cut picture does not count as intact.
func TestTruncated(t *testing.T) {
	noisy := quadrants(600, 400)
	for i := range noisy.Pix {
		noisy.Pix[i] ^= byte(i * i >> 7 & 31)
		if i%4 == 3 {
			noisy.Pix[i] = 255
		}
	}
	for name, body := range map[string][]byte{
		"jpeg": jpegOf(t, noisy),
		"png":  pngOf(t, noisy),
		"bmp":  bmpOf(t, noisy),
		"webp": render(t, pngOf(t, noisy), sized(600, 400, calotype.WebP, 90)).Body,
		"avif": render(t, pngOf(t, noisy), sized(600, 400, calotype.AVIF, 90)).Body,
		"gif":  render(t, pngOf(t, noisy), sized(600, 400, calotype.GIF, 90)).Body,
	} {
		cut := body[:len(body)*6/10]
		var fault *failure.Failure
		p, err := Open(cut, Limits{})
		if err == nil {
			for _, renderErr := range p.Render([]Target{sized(300, 200, calotype.JPEG, 80)}) {
				err = renderErr
			}
		}
		if !errors.As(err, &fault) || fault.Class != failure.Corrupt {
			t.Errorf("%s: got %v, want %s", name, err, failure.Corrupt)
		} else if strings.Contains(fault.Detail, "to memory") {
			t.Errorf("%s: %q is no reason", name, fault.Detail)
		}
	}
	vips.AssertNoLeaks(t)
}

// Only formats that Sniff accepts have a loader at all.
func TestOtherLoadersAreBlocked(t *testing.T) {
	for name, body := range map[string]string{
		"svg": `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>`,
		"ppm": "P3 1 1 255 1 2 3",
	} {
		if img, err := vips.NewImageFromBuffer([]byte(body)); err == nil {
			img.Close()
			t.Errorf("%s was loaded", name)
		}
	}
}

// sized returns a target that is the whole picture.
func sized(width, height int, format calotype.Format, quality int) Target {
	return Target{Width: width, Height: height, Format: format, Quality: quality}
}
