//go:build cgo

package render

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"testing"
	"time"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
	"calotype/worker/animation"
	"calotype/worker/failure"
)

// apngOf makes an animated PNG that is played forever, 50 ms a frame. The frames must be of
// one colour type.
func apngOf(t testing.TB, frames ...image.Image) []byte {
	t.Helper()
	var w animation.PNGWriter
	for _, frame := range frames {
		if err := w.Add(pngOf(t, frame), image.Point{}, 50, 0); err != nil {
			t.Fatal(err)
		}
	}
	return w.Bytes()
}

// rendered makes targets, up to a number of them.
func rendered(t testing.TB, body []byte, limits Limits, n int, targets ...Target) (all []Rendition) {
	t.Helper()
	p, err := Open(body, limits)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range p.Render(targets) {
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, r); len(all) == n {
			break
		}
	}
	return all
}

// Animated renditions and others come in the order of the targets, and a caller may stop
// after each. Those of one target are the same.
func TestAnimatorKeepsTheOrder(t *testing.T) {
	body := animationsOf(t, []int{50, 60, 70}, 0)[calotype.PNG]
	gifs, webp, jpeg := sized(100, 50, calotype.GIF, 80), sized(50, 25, calotype.WebP, 80), sized(100, 50, calotype.JPEG, 80)
	cropped := Target{Width: 40, Height: 40, Format: calotype.PNG, Quality: 80, Whole: calotype.Box{Width: 80, Height: 40}, Gravity: calotype.GravitySmart}
	for _, targets := range [][]Target{{gifs, webp, jpeg, gifs, cropped}, {jpeg, cropped, webp, jpeg, gifs}, {cropped}, {webp, gifs}} {
		for stop := 1; stop <= len(targets); stop++ {
			all := rendered(t, body, Limits{}, stop, targets...)
			for i, r := range all {
				if r.Format != targets[i].Format || r.Width != targets[i].Width || r.Height != targets[i].Height {
					t.Errorf("%v: rendition %d is %s of %dx%d", targets, i, r.Format, r.Width, r.Height)
				}
				if animates(r.Format) {
					if got := play(t, r.Body); len(got.frames) != 3 || got.frames[0].Rect.Size() != image.Pt(r.Width, r.Height) {
						t.Errorf("%v: rendition %d has %d frames of %v", targets, i, len(got.frames), got.frames[0].Rect)
					}
				}
			}
		}
	}
	alone := rendered(t, body, Limits{}, 1, cropped)[0].Body
	if among := rendered(t, body, Limits{}, 5, cropped, jpeg, cropped); !bytes.Equal(among[0].Body, alone) || !bytes.Equal(among[2].Body, alone) {
		t.Error("a target's bytes depend on the others")
	}
	vips.AssertNoLeaks(t)
}

// An animation whose frames look the same becomes a still.
func TestAnimatorOfEqualFrames(t *testing.T) {
	frame := quadrants(200, 100)
	for _, r := range rendered(t, apngOf(t, frame, frame, frame), Limits{}, 3, sized(100, 50, calotype.WebP, 80), sized(100, 50, calotype.GIF, 80), sized(50, 25, calotype.PNG, 80)) {
		p, err := Open(r.Body, Limits{})
		if err != nil || p.Frames != 1 || p.Width != r.Width {
			t.Errorf("%s: %d frames of %d pixels, %v", r.Format, p.Frames, p.Width, err)
		}
	}
	vips.AssertNoLeaks(t)
}

// An animated PNG has alpha from the first frame if a later one needs it.
func TestAnimatorWithLaterAlpha(t *testing.T) {
	var frames []image.Image
	for i := range 3 {
		frame := image.NewNRGBA(image.Rect(0, 0, 80, 40))
		draw.Draw(frame, frame.Rect, image.NewUniform(frameColour(i)), image.Point{}, draw.Src)
		if i == 1 {
			draw.Draw(frame, image.Rect(20, 0, 60, 40), image.Transparent, image.Point{}, draw.Src)
		}
		frames = append(frames, frame)
	}
	// A still encoder drops alpha that is opaque everywhere, so the file is a GIF.
	g := &gif.GIF{}
	for i, frame := range frames {
		indexed := image.NewPaletted(frame.Bounds(), color.Palette{color.Transparent, frameColour(i)})
		draw.Draw(indexed, indexed.Rect, frame, image.Point{}, draw.Src)
		g.Image, g.Delay, g.Disposal = append(g.Image, indexed), append(g.Delay, 5), append(g.Disposal, gif.DisposalBackground)
	}
	body := encodeWith(t, func(b *bytes.Buffer, g *gif.GIF) error { return gif.EncodeAll(b, g) }, g)
	for _, r := range rendered(t, body, Limits{}, 3, sized(80, 40, calotype.PNG, 80), sized(40, 20, calotype.WebP, 90), sized(40, 20, calotype.PNG, 80)) {
		got := play(t, r.Body)
		if len(got.frames) != len(frames) {
			t.Fatalf("%s: %d frames", r.Format, len(got.frames))
		}
		for i, frame := range got.frames {
			wantColour(t, frame, 2, r.Height/2, frameColour(i), 12)
			middle := frameColour(i)
			if i == 1 {
				middle = color.NRGBA{}
			}
			if got := frame.NRGBAAt(r.Width/2, r.Height/2); got.A != middle.A {
				t.Errorf("%s: frame %d has alpha %d in its middle, want %d", r.Format, i, got.A, middle.A)
			}
		}
	}
	vips.AssertNoLeaks(t)
}

// What is no smaller than the source is encoded again with a lower quality, or is the source.
func TestAnimatorIsNotLarger(t *testing.T) {
	g := &gif.GIF{}
	for i := range 3 {
		frame := image.NewPaletted(image.Rect(0, 0, 200, 120), color.Palette{color.White, color.Black})
		for j := range frame.Pix {
			frame.Pix[j] = byte(j%200/8+j/200/8+i) % 2
		}
		g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 5)
	}
	source := encodeWith(t, func(b *bytes.Buffer, g *gif.GIF) error { return gif.EncodeAll(b, g) }, g)
	target := sized(190, 114, calotype.WebP, 90)
	p, err := Open(source, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	results, err := p.newAnimator([]Target{target}).encode([]Target{target})
	if err != nil || len(results[0].body) < len(source) {
		t.Fatalf("%d bytes of %d at once, %v: there is nothing to lower", len(results[0].body), len(source), err)
	}
	all := rendered(t, source, Limits{}, 2, target, sized(190, 114, calotype.GIF, 90))
	if r := all[0]; len(r.Body) >= len(results[0].body)*2/3 || r.AsIs || len(play(t, r.Body).frames) != 3 {
		t.Errorf("%d bytes, at once %d, as is: %v", len(r.Body), len(results[0].body), r.AsIs)
	}
	if r := all[1]; !r.AsIs || !bytes.Equal(r.Body, source) {
		t.Errorf("%d bytes of %d: not the source", len(r.Body), len(source))
	}
	vips.AssertNoLeaks(t)
}

// Only animated renditions are damaged by a later frame, and they end where the damage is.
// Without leniency it is a fault, as is an animation that takes too long.
func TestAnimatorFaults(t *testing.T) {
	body := animationsOf(t, []int{50, 60, 70, 80}, 0)[calotype.GIF]
	cut := body[:len(body)-40]
	targets := []Target{sized(100, 50, calotype.GIF, 80), sized(100, 50, calotype.WebP, 80), sized(100, 50, calotype.JPEG, 80)}
	for i, r := range rendered(t, cut, Limits{Lenient: true}, 3, targets...) {
		if r.Damaged != animates(targets[i].Format) || r.AsIs {
			t.Errorf("%s: damaged %v, as is %v", r.Format, r.Damaged, r.AsIs)
		}
		if animates(r.Format) {
			if got := play(t, r.Body); len(got.frames) != 3 {
				t.Errorf("%s: %d frames, want the three before the damage", r.Format, len(got.frames))
			}
		}
	}
	for class, c := range map[string]struct {
		body   []byte
		limits Limits
	}{
		failure.Corrupt: {cut, Limits{}},
		failure.TooSlow: {body, Limits{Time: time.Nanosecond}},
	} {
		p, err := Open(c.body, c.limits)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range p.Render(targets) {
			var fault *failure.Failure
			if n++; !errors.As(err, &fault) || fault.Class != class {
				t.Errorf("got %v, want %s", err, class)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d results", class, n)
		}
	}
	vips.AssertNoLeaks(t)
}
