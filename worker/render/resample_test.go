//go:build cgo

package render

import (
	"bytes"
	"image"
	"image/draw"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
)

// resample equals libvips's scaling, except for rounding.
func TestResampleIsLibvips(t *testing.T) {
	for _, c := range []struct{ width, height, toWidth, toHeight int }{
		{300, 200, 299, 200}, {300, 200, 150, 100}, {300, 200, 211, 140}, {200, 300, 37, 56}, {70, 500, 10, 71}, {500, 30, 166, 10},
	} {
		drawn := grainy(c.width, c.height)
		for _, bands := range []int{1, 2, 3, 4} {
			d, err := newDecoded(c.width, c.height, bands)
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.width * c.height {
				copy(d.pixels[i*bands:][:bands], drawn.Pix[i*4:])
			}
			ours, err := d.scaled(sized(c.toWidth, c.toHeight, calotype.JPEG, 80))
			if err != nil {
				t.Fatal(err)
			}
			theirs := scaledByLibvips(t, d, c.toWidth, c.toHeight)
			if len(ours.pixels) != len(theirs.pixels) || len(ours.pixels) != c.toWidth*c.toHeight*bands {
				t.Fatalf("%+v: %d bytes, %d of libvips", c, len(ours.pixels), len(theirs.pixels))
			}
			sum := 0.0
			for i := range ours.pixels {
				d := float64(ours.pixels[i]) - float64(theirs.pixels[i])
				sum += d * d
			}
			// libvips scales in two steps if the ratio is above 4. With alpha it cuts fractions off.
			limit := 2.5
			if bands%2 == 0 {
				limit = 3.5
			}
			if rms := math.Sqrt(sum / float64(len(ours.pixels))); rms > limit {
				t.Errorf("%+v, %d bands: %.2f levels apart", c, bands, rms)
			}
		}
	}
	vips.AssertNoLeaks(t)
}

func scaledByLibvips(t testing.TB, d *decoded, width, height int) *decoded {
	t.Helper()
	to, err := newDecoded(width, height, d.bands)
	if err != nil {
		t.Fatal(err)
	}
	in, err := d.pages()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.resize(width, height); err != nil {
		t.Fatal(err)
	}
	if err := in.readInto(to.pixels); err != nil {
		t.Fatal(err)
	}
	return to
}

// Scaling while decoding gives the same bytes as decoding first and scaling then.
func TestResampleJPEG(t *testing.T) {
	drawn := grainy(701, 403)
	grey := image.NewGray(drawn.Rect)
	draw.Draw(grey, grey.Rect, drawn, image.Point{}, draw.Src)
	for bands, img := range map[int]image.Image{1: grey, 3: drawn} {
		for _, c := range []struct{ shrink, width, height int }{
			{1, 701, 403}, {1, 700, 403}, {1, 30, 17}, {1, 1, 1}, {2, 300, 201}, {4, 176, 101}, {8, 60, 40},
		} {
			body := jpegOf(t, img)
			ours, err := resampleJPEG(body, c.shrink, c.width, c.height)
			if err != nil {
				t.Fatal(err)
			}
			in, err := loadPages(calotype.JPEG, body, loadOptions{failOn: failOnError, shrink: c.shrink})
			if err != nil {
				t.Fatal(err)
			}
			whole, err := newDecoded(in.width(), in.height(), in.bands())
			if err == nil {
				err = in.readInto(whole.pixels)
			}
			in.Close()
			if err != nil || whole.bands != bands || ours.bands != bands {
				t.Fatalf("%d and %d bands, %v", whole.bands, ours.bands, err)
			}
			scaled, err := whole.scaled(sized(c.width, c.height, calotype.JPEG, 80))
			if err != nil || !bytes.Equal(ours.tiff, scaled.tiff) {
				t.Errorf("%+v, %d bands: not the same, %v", c, bands, err)
			}
		}
	}
	vips.AssertNoLeaks(t)
}

// Weights add up to 1, and reach nothing outside the picture. A picture of one colour stays
// so.
func TestLanczos(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		to := 1 + random.IntN(300)
		from := to + random.IntN(3000)
		first, weights, taps := lanczos(from, to)
		for i := range to {
			sum := float32(0)
			for _, w := range weights[i*taps : (i+1)*taps] {
				sum += w
			}
			if first[i] < 0 || int(first[i])+taps > from || math.Abs(float64(sum)-1) > 1e-4 {
				t.Fatalf("%d to %d, sample %d: from %d, %d taps, sum %v", from, to, i, first[i], taps, sum)
			}
		}
	}
	flat := make([]byte, 40*30*3)
	for i := range flat {
		flat[i] = []byte{200, 0, 255}[i%3]
	}
	out := make([]byte, 13*9*3)
	resample(flat, 40, 30, 3, out, 13, 9)
	for i, v := range out {
		if v != flat[i%3] {
			t.Fatalf("sample %d is %d, want %d", i, v, flat[i%3])
		}
	}
}

// A part equals what is cut out of the whole.
func TestResamplePart(t *testing.T) {
	for bands := 1; bands <= 4; bands++ {
		d := picture(t, 131, 97, bands)
		for _, whole := range []calotype.Box{{Width: 60, Height: 44}, {Width: 131, Height: 20}, {Width: 200, Height: 150}} {
			target := sized(whole.Width, whole.Height, calotype.PNG, 80)
			want, err := d.scaled(target)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []image.Rectangle{image.Rect(0, 0, 1, 1), image.Rect(7, 3, 59, 19), image.Rect(whole.Width-9, whole.Height-6, whole.Width, whole.Height)} {
				got, err := d.scaledPart(target, part)
				if err != nil {
					t.Fatal(err)
				}
				for y := range got.height {
					row := want.pixels[((part.Min.Y+y)*want.width+part.Min.X)*bands:][:part.Dx()*bands]
					if !bytes.Equal(got.pixels[y*part.Dx()*bands:][:part.Dx()*bands], row) {
						t.Errorf("%d bands, %v of %v: row %d differs", bands, part, whole, y)
						break
					}
				}
			}
		}
	}
}

// Scaling a wide picture with alpha takes memory for a few rows.
func TestScalingMemory(t *testing.T) {
	for _, c := range []struct{ from, to, limit int }{{120, 22, 10}, {3000, 1, 1}, {500, 499, 10}, {7, 3, 3}, {1, 50, 50}, {90, 180, 18}} {
		if got := newScaling(10, c.from, 10, c.to).slots(); got > c.limit || got < 1 {
			t.Errorf("%d rows to %d: %d at once, want at most %d", c.from, c.to, got, c.limit)
		}
	}
}
