//go:build cgo

package render

import (
	"bytes"
	"image"
	"image/jpeg"
	"runtime"
	"strings"
	"testing"

	"calotype/worker/imageheader"
)

// picture returns a grainy picture of a number of bands.
func picture(t testing.TB, width, height, bands int) *decoded {
	t.Helper()
	d, err := newDecoded(width, height, bands)
	if err != nil {
		t.Fatal(err)
	}
	drawn := grainy(width, height)
	for i := range width * height {
		copy(d.pixels[i*bands:][:bands], drawn.Pix[i*4:])
		if bands%2 == 0 {
			d.pixels[i*bands+bands-1] = byte(i % 256)
		}
	}
	return d
}

func TestEncodeJPEG(t *testing.T) {
	for bands := 1; bands <= 4; bands++ {
		for quality, ratio := range map[int]image.YCbCrSubsampleRatio{
			1: image.YCbCrSubsampleRatio420, 89: image.YCbCrSubsampleRatio420, 90: image.YCbCrSubsampleRatio444, 100: image.YCbCrSubsampleRatio444,
		} {
			d := picture(t, 67, 41, bands)
			body, err := d.encodeJPEG(quality)
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(bytes.NewReader(body))
			if err != nil || img.Bounds() != image.Rect(0, 0, 67, 41) {
				t.Fatalf("%d bands, quality %d: %v", bands, quality, err)
			}
			switch img := img.(type) {
			case *image.Gray:
				if bands > 2 {
					t.Errorf("%d bands are grey", bands)
				}
			case *image.YCbCr:
				if bands < 3 || img.SubsampleRatio != ratio {
					t.Errorf("%d bands, quality %d: %v", bands, quality, img.SubsampleRatio)
				}
			}
			if header, err := imageheader.Parse(body); err != nil || !header.NoMetadata {
				t.Errorf("%d bands: metadata, %v", bands, err)
			}
			if quality < 100 {
				continue
			}
			for i := range 67 * 41 {
				got, _, _, _ := img.At(i%67, i/67).RGBA()
				want := int(d.pixels[i*bands])
				if bands%2 == 0 {
					alpha := int(d.pixels[i*bands+bands-1])
					want = (want*alpha + 255*(255-alpha)) / 255
				}
				if diff := int(got>>8) - want; diff < -8 || diff > 8 {
					t.Fatalf("%d bands, pixel %d: %d, want %d", bands, i, got>>8, want)
				}
			}
		}
	}
}

// The file may need more memory than is expected of it, but no more than the limit.
func TestEncodeJPEGWithin(t *testing.T) {
	d := picture(t, 300, 200, 3)
	want, err := d.encodeJPEG(95)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 100, len(want) - 1, len(want)} {
		if got, err := d.encodeJPEGWithin(95, size, len(want)+1); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes at first: %d bytes, %v", size, len(got), err)
		}
		if got, err := d.encodeJPEGWithin(95, min(size, 10), len(want)-1); err == nil || !strings.Contains(err.Error(), "memory") {
			t.Errorf("%d bytes at first: %d bytes, %v; want an error", size, len(got), err)
		}
	}
	wide := picture(t, 65501, 1, 1)
	if _, err := wide.encodeJPEG(80); err == nil || !strings.Contains(err.Error(), "65500") {
		t.Errorf("65501 pixels: %v, want an error that names the limit", err)
	}
}

// Whatever the picture, a file is written that has its size.
func FuzzEncodeJPEG(f *testing.F) {
	f.Add(uint8(3), uint8(40), uint8(30), uint8(80), []byte("pixels"))
	f.Add(uint8(4), uint8(1), uint8(255), uint8(100), []byte{0, 255, 7})
	f.Fuzz(func(t *testing.T, bands, width, height, quality uint8, content []byte) {
		d := fuzzedPicture(t, bands, width, height, content)
		body, err := d.encodeJPEG(int(quality%100) + 1)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(body)); err != nil || c.Width != d.width || c.Height != d.height {
			t.Errorf("%dx%d, want %dx%d, %v", c.Width, c.Height, d.width, d.height, err)
		}
	})
}

func fuzzedPicture(t *testing.T, bands, width, height uint8, content []byte) *decoded {
	d, err := newDecoded(int(width)+1, int(height)+1, int(bands%4)+1)
	if err != nil {
		t.Fatal(err)
	}
	clear(d.pixels)
	for i := 0; len(content) > 0 && i < len(d.pixels); i += len(content) {
		copy(d.pixels[i:], content)
	}
	return d
}

// Encoders free their memory, also when they fail.
func TestEncodersFreeMemory(t *testing.T) {
	d := picture(t, 600, 500, 4)
	once := func() {
		for _, encode := range []func() ([]byte, error){
			func() ([]byte, error) { return d.encodeJPEG(80) },
			func() ([]byte, error) { return d.encodeJPEGWithin(80, 64, 128) },
			func() ([]byte, error) { return d.encodeWebP(80, false) },
		} {
			_, _ = encode()
		}
	}
	for range 10 {
		once()
	}
	runtime.GC()
	before := resident(t)
	for range 200 {
		once()
	}
	runtime.GC()
	if grown := resident(t) - before; grown > 50<<20 { // libwebp's copy alone is 750 kB.
		t.Errorf("%d MB more after 200 times", grown>>20)
	}
}
