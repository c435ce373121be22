//go:build cgo

package render

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"math"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"calotype"
	"calotype/worker/imageheader"
)

// screenshot draws a window with a title, a sidebar and lines of text.
func screenshot() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 640, 400))
	fill := func(r image.Rectangle, c color.NRGBA) {
		draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
	}
	fill(img.Rect, color.NRGBA{250, 250, 250, 255})
	fill(image.Rect(0, 0, 640, 28), color.NRGBA{45, 50, 62, 255})
	fill(image.Rect(0, 28, 150, 400), color.NRGBA{232, 235, 240, 255})
	fill(image.Rect(10, 60, 140, 82), color.NRGBA{60, 120, 220, 255})
	write := func(x, y int, text string, c color.NRGBA) {
		pen := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
		pen.DrawString(text)
	}
	write(12, 19, "Report - 3 pages", color.NRGBA{255, 255, 255, 255})
	for i := range 15 {
		write(16, 54+22*i, fmt.Sprintf("Chapter %d", i+1), color.NRGBA{70, 70, 80, 255})
		write(170, 60+22*i, fmt.Sprintf("%2d. The quick brown fox jumps over the lazy dog, %d times", i+1, i*i), color.NRGBA{30, 30, 30, 255})
	}
	return img
}

// lineArt draws circles and rays with smooth edges in black on white.
func lineArt() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 480, 480))
	for y := range 480 {
		for x := range 480 {
			dx, dy := float64(x-240), float64(y-200)
			radius, angle := math.Hypot(dx, dy), math.Atan2(dy, dx)
			circle := math.Abs(math.Remainder(radius, 40))
			ray := math.Abs(math.Remainder(angle, math.Pi/6)) * radius
			edge := min(max(min(circle, ray)-1, 0), 1)
			img.Pix[y*img.Stride+x] = uint8(255 * edge)
		}
	}
	return img
}

// disc draws a disc with a smooth, transparent edge.
func disc() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 128, 128))
	for y := range 128 {
		for x := range 128 {
			radius := math.Hypot(float64(x)-63.5, float64(y)-63.5)
			c := color.NRGBA{230, 90, 40, uint8(255 * min(max(60-radius, 0), 1))}
			if x > 44 && x < 84 && y > 30 && y < 98 {
				c.R, c.G, c.B = 255, 255, 255
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

// recording is a GIF of a screen on which text is typed.
func recording(t testing.TB) []byte {
	still := screenshot()
	colours := color.Palette{color.NRGBA{45, 50, 62, 255}, color.NRGBA{232, 235, 240, 255}, color.NRGBA{60, 120, 220, 255},
		color.NRGBA{250, 250, 250, 255}, color.NRGBA{255, 255, 255, 255}, color.NRGBA{70, 70, 80, 255}, color.NRGBA{30, 30, 30, 255}}
	animation := &gif.GIF{}
	for i := range 12 {
		pen := font.Drawer{Dst: still, Src: image.NewUniform(color.NRGBA{30, 30, 30, 255}), Face: basicfont.Face7x13, Dot: fixed.P(170+7*i, 392)}
		pen.DrawString("typed letters"[i : i+1])
		frame := image.NewPaletted(still.Rect, colours)
		draw.Draw(frame, frame.Rect, still, image.Point{}, draw.Src)
		animation.Image, animation.Delay = append(animation.Image, frame), append(animation.Delay, 10)
	}
	return encodeWith(t, func(b *bytes.Buffer, animation *gif.GIF) error { return gif.EncodeAll(b, animation) }, animation)
}

// Pictures of the kinds that scaling makes larger, at their own size, slightly smaller, and at
// half of it: no rendition in their own format, in WebP or in AVIF is larger in bytes than the
// source. Metadata change nothing in a rendition of their own format.
func TestDrawingsAreNotHeavier(t *testing.T) {
	animation := recording(t)
	note := []byte("Comment\x00" + secret)
	for name, c := range map[string]struct {
		source, noted []byte
	}{
		"screenshot":            {source: pngOf(t, screenshot())},
		"screenshot of a phone": {source: jpegAt(t, screenshot(), 60)},
		"line art":              {source: pngOf(t, lineArt())},
		"line art with loss":    {source: jpegAt(t, lineArt(), 40)},
		"icon":                  {source: pngOf(t, disc())},
		"screen recording":      {source: animation, noted: append(animation[:len(animation)-1:len(animation)-1], "\x21\xfe\x10"+secret+"\x00;"...)},
	} {
		p, err := Open(c.source, Limits{})
		if err != nil {
			t.Fatal(name, err)
		}
		if c.noted == nil {
			if c.noted = withChunk(c.source, "tEXt", note); p.Format == calotype.JPEG {
				c.noted = withSegments(c.source, exif(1))
			}
		}
		log := fmt.Sprintf("%s, %s, %d bytes:", name, p.Format, len(c.source))
		for _, tenths := range []int{10, 9, 5} {
			for _, f := range []calotype.Format{p.Format, calotype.WebP, calotype.AVIF} {
				if f == calotype.AVIF && p.Frames > 1 {
					continue
				}
				target := sized(p.Width*tenths/10, p.Height*tenths/10, f, 80)
				plain, noted := render(t, c.source, target).Body, render(t, c.noted, target).Body
				log += fmt.Sprintf(" %s at %.1f: %d,", f, float64(tenths)/10, len(plain))
				if len(plain) > len(c.source) {
					t.Errorf("%s at %d tenths as %s: %d bytes of %d", name, tenths, f, len(plain), len(c.source))
				}
				if f == p.Format && !bytes.Equal(noted, plain) || len(noted) > len(c.noted) {
					t.Errorf("%s at %d tenths as %s: %d bytes, with metadata %d", name, tenths, f, len(plain), len(noted))
				}
			}
		}
		t.Log(log)
	}
	vips.AssertNoLeaks(t)
}

// The WebP of a screen recording is made at its own size, without loss, where the lossy one would
// be larger in bytes than the GIF.
func TestRecordingAsWebP(t *testing.T) {
	film := recording(t)
	small := render(t, film, sized(640, 400, calotype.GIF, 80)).Body // Written with less than Go's encoder needs.
	p, err := Open(small, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := play(t, small)
	for _, width := range []int{640, 600, 400} {
		r := render(t, small, sized(width, width*400/640, calotype.WebP, 80))
		t.Logf("%d pixels wide: %d bytes of %d, at %dx%d", width, len(r.Body), len(small), r.Width, r.Height)
		if len(r.Body) > len(small) || r.Width != p.Width || r.Height != p.Height {
			t.Errorf("%d pixels wide: %d bytes of %d, at %dx%d", width, len(r.Body), len(small), r.Width, r.Height)
		}
		got := play(t, r.Body)
		if len(got.frames) != len(want.frames) {
			t.Fatalf("%d frames, want %d", len(got.frames), len(want.frames))
		}
		for i, frame := range got.frames {
			if !bytes.Equal(frame.Pix, want.frames[i].Pix) {
				t.Errorf("%d pixels wide: frame %d differs", width, i)
			}
		}
	}
	r := render(t, small, sized(200, 125, calotype.WebP, 80)) // More than four times the pixels.
	if r.Width != 200 {
		t.Errorf("%dx%d, want 200 pixels wide", r.Width, r.Height)
	}
	vips.AssertNoLeaks(t)
}

// The JPEG of a TIFF or HEIC is not larger than it, down to a quality of 50.
func TestJPEGIsNotLargerThanItsSource(t *testing.T) {
	poor := render(t, pngOf(t, grainy(600, 400)), sized(600, 400, calotype.JPEG, 65)).Body
	p, err := Open(poor, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for format, want := range map[calotype.Format]int{calotype.TIFF: 65, calotype.HEIC: 65, calotype.PNG: 80} {
		of := &Picture{Format: format, Frames: 1, Width: 600, Height: 400, body: make([]byte, len(poor)+1)}
		d, err := p.decode([]Target{sized(600, 400, calotype.JPEG, 80)})
		if err != nil {
			t.Fatal(err)
		}
		r, err := of.rendition(d, sized(600, 400, calotype.JPEG, 80), true)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := imageheader.JPEGQuality(r.Body); got > want || got < 50 {
			t.Errorf("%s of %d bytes: %d bytes of quality %d", format, len(of.body), len(r.Body), got)
		}
		d.free()
	}
	vips.AssertNoLeaks(t)
}
