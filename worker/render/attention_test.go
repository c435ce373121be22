//go:build cgo

package render

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
)

// The place that attracts attention is that of libvips within one pixel of 32, in drawings
// and in the photos of the folder CALOTYPE_CORPUS.
func TestAttentionOfLibvips(t *testing.T) {
	pictures := map[string][]byte{}
	for i, at := range []image.Point{{640, 150}, {200, 90}, {790, 20}, {10, 290}, {400, 150}} {
		pictures[fmt.Sprintf("a face at %v", at)] = jpegOf(t, face(800, 300, at))
		pictures[fmt.Sprintf("stripes at %v", at)] = jpegOf(t, striped(at, i%2 == 0))
	}
	if dir := os.Getenv("CALOTYPE_CORPUS"); dir != "" {
		photos, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
		if err != nil || len(photos) == 0 {
			t.Fatalf("photos in %s: %v, %v", dir, photos, err)
		}
		for _, photo := range photos {
			body, err := os.ReadFile(photo)
			if err != nil {
				t.Fatal(err)
			}
			pictures[filepath.Base(photo)] = body
		}
	}
	parts, apart := 0, 0
	for name, body := range pictures {
		p, err := Open(body, Limits{})
		if err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		const side = calotype.PartScale
		probe := Target{Width: side, Height: side, Format: calotype.PNG, Quality: 80}
		d, err := p.decode([]Target{{Width: p.Width, Height: p.Height}})
		if err != nil {
			t.Fatal(name, err)
		}
		small, err := d.scaled(probe)
		if err != nil {
			t.Fatal(name, err)
		}
		png, err := small.encodePNG(0)
		if err != nil {
			t.Fatal(name, err)
		}
		a, err := d.attention()
		if err != nil {
			t.Fatal(name, err)
		}
		for _, part := range []calotype.Box{{Width: side, Height: 171}, {Width: 171, Height: side}, {Width: 128, Height: 128}, {Width: 64, Height: side}} {
			x, y := a.most(float64(part.Width)/side, float64(part.Height)/side)
			left, top := centred(side, part.Width, x), centred(side, part.Height, y)
			wantLeft, wantTop := cropOfLibvips(t, png, part)
			parts++
			const cell = side / attentionSide
			if max(left-wantLeft, wantLeft-left, top-wantTop, wantTop-top) > cell {
				apart++
				t.Logf("%s, %v: at %d,%d, libvips' is at %d,%d", name, part, left, top, wantLeft, wantTop)
			}
		}
		small.free()
		d.free()
	}
	// Two places may be equally attractive but for the rounding.
	if t.Logf("%d of %d parts are apart", apart, parts); apart*20 > parts {
		t.Errorf("%d of %d parts are apart", apart, parts)
	}
	vips.AssertNoLeaks(t)
}

func cropOfLibvips(t *testing.T, png []byte, part calotype.Box) (left, top int) {
	t.Helper()
	img, err := vips.LoadImageFromBuffer(png, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if err := img.SmartCrop(part.Width, part.Height, vips.InterestingAttention); err != nil {
		t.Fatal(err)
	}
	return -img.OffsetX(), -img.OffsetY()
}

// striped draws a square of stripes, and another, softer one, on a wall with some grain.
func striped(at image.Point, coloured bool) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, 800, 600))
	random := rand.New(rand.NewPCG(3, 4))
	for i := 0; i < len(img.Pix); i += 4 {
		v := 100 + uint8(random.UintN(20))
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = v, v, v, 255
	}
	ink := color.NRGBA{250, 250, 250, 255}
	if coloured {
		ink = color.NRGBA{220, 40, 60, 255}
	}
	for i := range 6 {
		x := at.X + 24*i
		draw.Draw(img, image.Rect(x, at.Y, x+12, at.Y+140), image.NewUniform(ink), image.Point{}, draw.Src)
	}
	draw.Draw(img, image.Rect(100, 400, 220, 520), image.NewUniform(color.NRGBA{60, 90, 60, 255}), image.Point{}, draw.Src)
	return img
}
