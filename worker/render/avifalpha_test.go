//go:build cgo

package render

import (
	"image"
	"testing"

	"calotype"
	"calotype/worker/imageheader"
)

// An AVIF's alpha has all values, and is marked so.
func TestAlphaOfAVIF(t *testing.T) {
	soft := image.NewNRGBA(image.Rect(0, 0, 80, 60))
	for i := range soft.Pix {
		soft.Pix[i] = 190
	}
	body := render(t, pngOf(t, soft), sized(80, 60, calotype.AVIF, 80)).Body
	header, err := imageheader.Parse(body)
	if err != nil || !header.Alpha || !header.HEIF.AlphaFullRange {
		t.Errorf("%+v, %v", header, err)
	}
}
