//go:build cgo

package render

import (
	"bytes"
	"image/color"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"
	"golang.org/x/image/tiff"
)

// Every reader finds the pixels that were put in.
func TestNewTIFF(t *testing.T) {
	const width, height = 7, 37 // The last strip is shorter, and a row is odd.
	for bands := 1; bands <= 4; bands++ {
		file, pixels := newTIFF(width, height, bands)
		for i := range pixels {
			pixels[i] = byte(i*7 + i/5)
		}
		img, err := vips.LoadImageFromBuffer(file, nil)
		if err != nil {
			t.Fatalf("%d bands: %v", bands, err)
		}
		got, err := img.ToBytes()
		alpha := img.HasAlpha()
		img.Close()
		if err != nil || alpha != (bands%2 == 0) || !bytes.Equal(got, pixels) {
			t.Errorf("%d bands: other pixels, %v", bands, err)
		}
		other, err := tiff.Decode(bytes.NewReader(file))
		if bands == 2 { // Which that reader does not know.
			continue
		}
		if err != nil || other.Bounds().Dx() != width || other.Bounds().Dy() != height {
			t.Fatalf("%d bands: %v", bands, err)
		}
		want := color.NRGBA{A: 255}
		switch last := pixels[len(pixels)-bands:]; bands {
		case 1:
			want.R, want.G, want.B = last[0], last[0], last[0]
		case 4:
			want.A = last[3]
			fallthrough
		default:
			want.R, want.G, want.B = last[0], last[1], last[2]
		}
		wantColour(t, other, width-1, height-1, want, 0)
	}
	if file, _ := newTIFF(1<<16, 1<<16, 1); file != nil {
		t.Error("4 GB fit into a TIFF")
	}
	vips.AssertNoLeaks(t)
}
