//go:build cgo

package render

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"slices"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
	"calotype/worker/animation"
)

// played is what an animation shows.
type played struct {
	frames []*image.NRGBA
	delays []int // As browsers play them.
	plays  int
}

// play decodes an animation.
func play(t testing.TB, body []byte) played {
	t.Helper()
	p, err := Open(body, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if p.animation == nil {
		t.Fatalf("a still %s", p.Format)
	}
	f := played{plays: p.animation.Plays}
	canvas := animation.NewCanvas(p.animation.Width, p.animation.Height)
	for frame, err := range p.animation.Frames() {
		if err == nil {
			err = canvas.Draw(frame, func(file []byte) (*image.NRGBA, error) { return p.decodeStill(file, nil) })
		}
		if err != nil {
			t.Fatal(err)
		}
		shown := image.NewNRGBA(canvas.Image.Rect)
		copy(shown.Pix, canvas.Image.Pix)
		f.frames, f.delays = append(f.frames, shown), append(f.delays, animation.Played(frame.Delay))
	}
	return f
}

// animationsOf makes an animation of every animated format, from frames of one colour each.
func animationsOf(t testing.TB, delays []int, plays int) map[calotype.Format][]byte {
	t.Helper()
	g := &gif.GIF{LoopCount: plays}
	if plays == 1 {
		g.LoopCount = -1
	} else if plays > 0 {
		g.LoopCount--
	}
	var w animation.PNGWriter
	for i, delay := range delays {
		f := image.NewPaletted(image.Rect(0, 0, 200, 100), color.Palette{color.Black, frameColour(i)})
		for j := range f.Pix {
			f.Pix[j] = 1
		}
		g.Image, g.Delay = append(g.Image, f), append(g.Delay, delay/10)
		still := image.NewNRGBA(f.Rect)
		for j := range f.Pix {
			still.SetNRGBA(j%200, j/200, frameColour(i))
		}
		still.SetNRGBA(0, 0, color.NRGBA{}) // So that all frames have alpha.
		if err := w.Add(pngOf(t, still), image.Point{}, delay, plays); err != nil {
			t.Fatal(err)
		}
	}
	asGIF := encodeWith(t, func(b *bytes.Buffer, g *gif.GIF) error { return gif.EncodeAll(b, g) }, g)
	return map[calotype.Format][]byte{
		calotype.GIF:  asGIF,
		calotype.PNG:  w.Bytes(),
		calotype.WebP: render(t, asGIF, sized(200, 100, calotype.WebP, 95)).Body,
	}
}

func TestAnimationStaysOne(t *testing.T) {
	delays := []int{50, 60, 70, 80}
	for _, plays := range []int{0, 1, 2, 5} {
		for from, body := range animationsOf(t, delays, plays) {
			for _, to := range []calotype.Format{calotype.GIF, calotype.WebP, calotype.PNG} {
				name := fmt.Sprintf("%s to %s, played %d times", from, to, plays)
				r := render(t, body, sized(90, 45, to, 90)) // Too small for the source to be passed through.
				if format, _ := Sniff(r.Body); r.Format != to || format != to || r.AsIs {
					t.Fatalf("%s: got %s, %s, as it is %v", name, r.Format, format, r.AsIs)
				}
				got := play(t, r.Body)
				if !slices.Equal(got.delays, delays) || got.plays != plays {
					t.Errorf("%s: played %d times, delays %v", name, got.plays, got.delays)
				}
				for i, frame := range got.frames {
					// No frame shows anything of another one, up to its edges.
					for _, y := range []int{1, 22, 44} {
						wantColour(t, frame, 45, y, frameColour(i), 12)
					}
				}
			}
		}
	}
	vips.AssertNoLeaks(t)
}

// A GIF ends before a later frame whose pixels are damaged, as in Chromium. Of the first
// frame the rows before the damage are shown.
func TestGIFEndsBeforeADamagedFrame(t *testing.T) {
	body := animationsOf(t, []int{50, 60, 70, 80}, 1)[calotype.GIF]
	at := 0
	for range 3 {
		at += bytes.Index(body[at:], []byte{0x2c, 0, 0, 0, 0, 200, 0}) + 1
	}
	code := at + 9
	if body[code-1]&0x80 != 0 {
		code += 3 << (body[code-1]&7 + 1) // A palette of its own.
	}
	body[code] = 12 // More bits than a code may have.
	p, err := Open(body, Limits{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	for result, err := range p.Render([]Target{sized(100, 50, calotype.GIF, 90)}) {
		if err != nil {
			t.Fatal(err)
		}
		if got := play(t, result.Body); !result.Damaged || !slices.Equal(got.delays, []int{50, 60}) {
			t.Errorf("delays %v, damaged %v; want the two frames before", got.delays, result.Damaged)
		}
	}
	vips.AssertNoLeaks(t)
}

// Delays that browsers play as 100 ms are written as 100 ms. Hundredths of a second are
// rounded so that no frame is late, and never to a delay that browsers do not play.
func TestDelays(t *testing.T) {
	body := animationsOf(t, []int{0, 11, 10, 25, 33, 33, 33, 14, 1000}, 0)[calotype.PNG]
	asPlayed := []int{100, 11, 100, 25, 33, 33, 33, 14, 1000}
	for to, want := range map[calotype.Format][]int{
		calotype.PNG:  asPlayed,
		calotype.WebP: asPlayed,
		calotype.GIF:  {100, 20, 90, 30, 30, 30, 40, 20, 990},
	} {
		if got := play(t, render(t, body, sized(100, 50, to, 80)).Body).delays; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", to, got, want)
		}
	}
}

// AVIF is not written as an animation, and JPEG cannot hold one.
func TestFormatsThatDoNotMove(t *testing.T) {
	for from, body := range animationsOf(t, []int{50, 60}, 0) {
		p, err := Open(body, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		preset, ok := calotype.DefaultPresets().Lookup("S")
		if !ok {
			t.Fatal("no preset S")
		}
		if got := p.Target(calotype.Variant{Preset: "S", Format: calotype.AVIF}, preset, 80).Format; got != calotype.WebP {
			t.Errorf("%s as AVIF becomes %s, want webp", from, got)
		}
		img := look(t, render(t, body, sized(100, 50, calotype.JPEG, 90)).Body)
		if img.Bounds().Size() != image.Pt(100, 50) {
			t.Errorf("%s as JPEG: %v, want the first frame", from, img.Bounds())
		}
		wantColour(t, img, 50, 25, frameColour(0), 12)
	}
}
