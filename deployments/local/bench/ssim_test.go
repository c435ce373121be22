package main

import (
	"image"
	"image/color"
	"math"
	"testing"

	"calotype/internal/hermetic"
)

func TestMain(m *testing.M) { hermetic.Main(m) }

func checks(size, square int) grey {
	img := image.NewGray(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			img.SetGray(x, y, color.Gray{uint8(60 + 100*((x/square+y/square)%2))})
		}
	}
	return toGrey(img)
}

func TestSSIM(t *testing.T) {
	a := checks(64, 8)
	if got := ssim(a, a); math.Abs(got-1) > 1e-9 {
		t.Errorf("of itself: %v", got)
	}
	noisy, flat := checks(64, 8), checks(64, 64)
	for i := range noisy.pixels {
		noisy.pixels[i] += float64(i*7919%11) - 5
	}
	if slight, all := ssim(a, noisy), ssim(a, flat); slight < 0.9 || slight > 0.999 || all > 0.5 {
		t.Errorf("a little noise: %v; another picture: %v", slight, all)
	}
}

func TestLanczos(t *testing.T) {
	// Squares of 8 pixels become squares of 4 at half the size, exact except at their
	// edges.
	got, want := checks(64, 8).lanczos(32, 32), checks(32, 4)
	for _, at := range []int{1*32 + 1, 1*32 + 5, 5*32 + 1, 17*32 + 30} {
		if d := math.Abs(got.pixels[at] - want.pixels[at]); d > 12 {
			t.Errorf("at %d: got %v, want %v", at, got.pixels[at], want.pixels[at])
		}
	}
	flat := checks(64, 64).lanczos(20, 33)
	for i, p := range flat.pixels {
		if math.Abs(p-60) > 1e-9 {
			t.Fatalf("a flat picture is %v at %d", p, i)
		}
	}
	if flat.width != 20 || flat.height != 33 {
		t.Errorf("got %dx%d", flat.width, flat.height)
	}
}
