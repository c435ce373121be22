//go:build cgo

package render

import (
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"testing"

	"calotype"
	"calotype/worker/animation"
)

// pointerRecording is a recording of a screen, as an animated PNG: a pointer moves over a still
// picture. Where it was is transparent for a frame if it clears.
func pointerRecording(t testing.TB, frames int, clears bool) ([]byte, []*image.NRGBA) {
	t.Helper()
	background := image.NewNRGBA(image.Rect(0, 0, 200, 120))
	random := rand.New(rand.NewPCG(5, 6))
	for i := 0; i < len(background.Pix); i += 4 {
		copy(background.Pix[i:], []byte{byte(random.UintN(64) * 4), byte(random.UintN(8) * 32), 80, 255})
	}
	var w animation.PNGWriter
	var shown []*image.NRGBA
	for i := range frames {
		frame := image.NewNRGBA(background.Rect)
		copy(frame.Pix, background.Pix)
		if clears && i > 0 {
			draw.Draw(frame, image.Rect(5*i-5, 4*i-4, 5*i+5, 4*i+6), image.Transparent, image.Point{}, draw.Src)
		}
		draw.Draw(frame, image.Rect(5*i, 4*i, 5*i+10, 4*i+10), image.NewUniform(color.NRGBA{255, 0, uint8(i), 255}), image.Point{}, draw.Src)
		frame.SetNRGBA(199, 0, color.NRGBA{}) // So that all frames have alpha.
		if err := w.Add(pngOf(t, frame), image.Point{}, 40, 0); err != nil {
			t.Fatal(err)
		}
		shown = append(shown, frame)
	}
	return w.Bytes(), shown
}

// A change is seen above a difference, also between the ends of the scale.
func TestIsSeen(t *testing.T) {
	for _, c := range []struct {
		from, to [4]byte
		seen     bool
	}{
		{[4]byte{9, 9, 9, 255}, [4]byte{9, 9, 9, 255}, false},
		{[4]byte{9, 9, 9, 255}, [4]byte{9 + maxUnseen, 9 - maxUnseen, 9, 255}, false},
		{[4]byte{9, 9, 9, 255}, [4]byte{9, 9 + maxUnseen + 1, 9, 255}, true},
		{[4]byte{9, 9, 9, 255}, [4]byte{9, 9, 9 - maxUnseen - 1, 255}, true},
		{[4]byte{0, 0, 0, 255}, [4]byte{255, 0, 0, 255}, true},
		{[4]byte{255, 0, 0, 255}, [4]byte{0, 0, 0, 255}, true},
		{[4]byte{1, 1, 1, 255}, [4]byte{}, true},
	} {
		if isSeen(c.from, c.to) != c.seen {
			t.Errorf("from %v to %v: want %v", c.from, c.to, c.seen)
		}
	}
}

// Colours that change slowly stay within the difference that is not seen, since it does not add
// up.
func TestGIFOfSlowChange(t *testing.T) {
	var frames []image.Image
	for i := range 40 {
		frame := image.NewNRGBA(image.Rect(0, 0, 30, 20))
		draw.Draw(frame, frame.Rect, image.NewUniform(color.NRGBA{uint8(i), 100, uint8(200 - 3*i), 255}), image.Point{}, draw.Src)
		frames = append(frames, frame)
	}
	got := play(t, render(t, apngOf(t, frames...), sized(30, 20, calotype.GIF, 80)).Body)
	if len(got.frames) != len(frames) {
		t.Fatalf("%d frames", len(got.frames))
	}
	for i, frame := range got.frames {
		wantColour(t, frame, 15, 10, frames[i].At(15, 10).(color.NRGBA), maxUnseen)
	}
}

// What does not change is written once. What becomes transparent is cleared.
func TestGIFOfRecording(t *testing.T) {
	const frames = 20
	still, _ := pointerRecording(t, 2, false)
	one := len(render(t, still, sized(200, 120, calotype.GIF, 80)).Body)
	for _, clears := range []bool{false, true} {
		recording, want := pointerRecording(t, frames, clears)
		body := render(t, recording, sized(200, 120, calotype.GIF, 80)).Body
		if !clears && len(body) > one+one/2 { // A frame that clears a part of a whole one clears it all.
			t.Errorf("%d bytes of %d frames, %d of two", len(body), frames, one)
		}
		got := play(t, body)
		if len(got.frames) != frames {
			t.Fatalf("clears: %v: %d frames", clears, len(got.frames))
		}
		for i, frame := range got.frames {
			sum := 0
			for at := 0; at < len(frame.Pix); at += 4 {
				if frame.Pix[at+3] != want[i].Pix[at+3] {
					t.Fatalf("clears: %v: frame %d, pixel %d: alpha %d, want %d", clears, i, at/4, frame.Pix[at+3], want[i].Pix[at+3])
				}
				for j := range 3 {
					d := int(frame.Pix[at+j]) - int(want[i].Pix[at+j])
					sum += d * d
				}
			}
			if mean := sum / (3 * 200 * 120); mean > 100 { // 512 colours in one palette.
				t.Errorf("clears: %v: frame %d: mean squared error %d", clears, i, mean)
			}
		}
	}
}
