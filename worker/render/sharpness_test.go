//go:build cgo

package render

import (
	"image"
	"image/color"
	"math"
	"testing"
)

// ssim is the mean structural similarity of two pictures' luma, in windows of 8 x 8.
// Wang et al., "Image quality assessment: from error visibility to structural
// similarity", 2004.
func ssim(a, b *decoded) float64 {
	const window, c1, c2 = 8, 6.5025, 58.5225
	luma := func(d *decoded, x, y int) float64 {
		p := d.pixels[(y*d.width+x)*d.bands:]
		if d.bands < 3 {
			return float64(p[0])
		}
		return 0.299*float64(p[0]) + 0.587*float64(p[1]) + 0.114*float64(p[2])
	}
	sum, windows := 0.0, 0.0
	for top := 0; top+window <= a.height; top += window / 2 {
		for left := 0; left+window <= a.width; left += window / 2 {
			var meanA, meanB, squareA, squareB, both float64
			for y := top; y < top+window; y++ {
				for x := left; x < left+window; x++ {
					p, q := luma(a, x, y), luma(b, x, y)
					meanA, meanB, squareA, squareB, both = meanA+p, meanB+q, squareA+p*p, squareB+q*q, both+p*q
				}
			}
			const n = window * window
			meanA, meanB = meanA/n, meanB/n
			varianceA, varianceB, covariance := squareA/n-meanA*meanA, squareB/n-meanB*meanB, both/n-meanA*meanB
			sum += (2*meanA*meanB + c1) * (2*covariance + c2) / ((meanA*meanA + meanB*meanB + c1) * (varianceA + varianceB + c2))
			windows++
		}
	}
	return sum / windows
}

// detailed is a picture with detail of every size, and edges of every direction: rings that
// become finer, lines, and grain.
func detailed(width, height int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	state := uint32(1)
	for y := range height {
		for x := range width {
			dx, dy := float64(x-width/2), float64(y-height/2)
			v := 128 + 60*math.Cos((dx*dx+dy*dy)/float64(width)*0.9)
			if (x/7+y/11)%9 == 0 {
				v += 50
			}
			state = state*1664525 + 1013904223
			v += float64(state>>24)/8 - 16
			g := uint8(min(max(v, 0), 255))
			img.SetRGBA(x, y, color.RGBA{g, uint8(min(255, int(g)+y*40/height)), uint8(int(g) * 3 / 4), 255})
		}
	}
	return img
}

// A JPEG that is shrunk while it is decoded is as sharp as one that is not.
func TestShrunkJPEGIsSharp(t *testing.T) {
	const width, height = 1200, 900
	body := jpegAt(t, detailed(width, height), 92)
	for ratio, least := range map[float64]float64{
		1.05: 1, 1.95: 1, 2.05: 1, 2.5: 1, 3.05: 0.997, 3.5: 0.997, 4.05: 0.998, 5: 0.998, 6.05: 0.99, 7: 0.994, 8.05: 0.996, 9: 0.997,
	} {
		w, h := int(width/ratio), int(height/ratio)
		whole, err := resampleJPEG(body, 1, w, h)
		if err != nil {
			t.Fatal(err)
		}
		by := jpegShrink(min(width/float64(w), height/float64(h)))
		shrunk, err := resampleJPEG(body, by, w, h)
		if err != nil {
			t.Fatal(err)
		}
		if got := ssim(whole, shrunk); got < least-1e-6 {
			t.Errorf("%.2f times smaller, shrunk by %d: SSIM %.4f, want %.4f", ratio, by, got, least)
		}
		whole.free()
		shrunk.free()
	}
}
