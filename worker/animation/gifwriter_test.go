package animation

import (
	"bytes"
	"image"
	"image/gif"
	"testing"

	"calotype"
)

// Go's decoder reads what is written, for every number of colours.
func TestGIFWriter(t *testing.T) {
	for _, colours := range []int{1, 2, 3, 4, 17, 255, 256} {
		palette := make([][4]byte, colours)
		for i := range palette {
			palette[i] = [4]byte{byte(i), byte(3 * i), 9, 255}
		}
		whole := image.Rect(0, 0, 40, 30)
		indices := make([]byte, 40*30)
		for i := range indices {
			indices[i] = byte(i * i % colours)
		}
		w := NewGIFWriter(whole.Max, 3)
		parts := []GIFPart{
			{whole, indices, palette, -1, 70, Keep},
			{image.Rect(5, 6, 25, 16), indices[:200], palette, 0, 655350, Clear},
			{image.Rect(39, 29, 40, 30), indices[:1], [][4]byte{{200, 100, 50, 255}}, -1, 20, Restore},
		}
		for _, p := range parts {
			if err := w.Add(p); err != nil {
				t.Fatal(err)
			}
		}
		file := w.Bytes()
		got, err := gif.DecodeAll(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("%d colours: %v", colours, err)
		}
		if len(got.Image) != len(parts) || got.LoopCount != 2 {
			t.Fatalf("%d colours: %d frames, repeated %d times", colours, len(got.Image), got.LoopCount)
		}
		for i, p := range parts {
			img := got.Image[i]
			if img.Rect != p.Bounds || !bytes.Equal(img.Pix, p.Indices) || got.Delay[i]*10 != p.Delay {
				t.Errorf("%d colours, frame %d: %v, %d pixels, delay %d", colours, i, img.Rect, len(img.Pix), got.Delay[i])
			}
			if want := map[Dispose]byte{Keep: gif.DisposalNone, Clear: gif.DisposalBackground, Restore: gif.DisposalPrevious}[p.Dispose]; got.Disposal[i] != want {
				t.Errorf("%d colours, frame %d: disposal %d, want %d", colours, i, got.Disposal[i], want)
			}
			for n, c := range p.Palette {
				r, g, b, a := img.Palette[n].RGBA()
				if want := n != p.Transparent; (a != 0) != want || want && [3]byte{byte(r), byte(g), byte(b)} != [3]byte(c[:3]) {
					t.Errorf("%d colours, frame %d: colour %d is %v, want %v", colours, i, n, img.Palette[n], c)
				}
			}
		}
		r, err := Open(calotype.GIF, file)
		if err != nil || r.Plays != 3 || r.Count != 3 || r.Damage != nil {
			t.Errorf("%d colours: %+v, %v", colours, r, err)
		}
	}
	w := NewGIFWriter(image.Pt(4, 4), 1)
	for name, p := range map[string]GIFPart{
		"no colours":      {Bounds: image.Rect(0, 0, 1, 1), Indices: []byte{0}},
		"too few indices": {Bounds: image.Rect(0, 0, 2, 1), Indices: []byte{0}, Palette: make([][4]byte, 2)},
		"no pixels":       {Palette: make([][4]byte, 2)},
	} {
		if w.Add(p) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
