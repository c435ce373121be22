package animation

import (
	"image"
	"testing"

	"calotype"
)

// Arbitrary bytes end in an error or in frames that match the result of Open.
func FuzzAnimation(f *testing.F) {
	f.Add(join(gifHead(4, 4, 4), loop(netsc, 3), control(3, 1), picture(1, 1, twoG, 2), control(2, -1), picture(9, 0, twoG, 0), gifEnd))
	f.Add(pngOf(3, 1, "", part{scene: ".R|RR"}, part{scene: ".G", y: 1, blend: 1, dispose: 2}, part{scene: "."}))
	f.Add(pngOf(2, 1, ".W|WW", part{scene: ".R|RR"}, part{scene: "."}))
	f.Add(webpOf(4, 4, 1, webpFrameOf(0, 0, 4, 4, 'R', 40, 0), webpFrameOf(2, 2, 1, 1, 'B', 40, 3)))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, format := range []calotype.Format{calotype.GIF, calotype.PNG, calotype.WebP} {
			r, err := Open(format, file)
			if err != nil {
				continue
			}
			if r.Pixels > 1<<20 {
				continue // Over a limit.
			}
			canvas, n := NewCanvas(r.Width, r.Height), 0
			for frame, err := range r.Frames() {
				if err != nil {
					break
				}
				n++
				if frame.Bounds.Dx() < 0 || frame.Bounds.Dy() < 0 {
					t.Fatalf("%s: bounds %v", format, frame.Bounds)
				}
				_ = canvas.Draw(frame, func([]byte) (*image.NRGBA, error) {
					return image.NewNRGBA(image.Rectangle{Max: frame.Bounds.Size()}), nil
				})
			}
			if n != r.Count {
				t.Fatalf("%s: %d frames, counted %d", format, n, r.Count)
			}
		}
	})
}
