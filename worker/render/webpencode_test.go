//go:build cgo

package render

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/image/webp"

	"calotype"
	"calotype/worker/imageheader"
)

func TestEncodeWebP(t *testing.T) {
	for bands := 1; bands <= 4; bands++ {
		d := picture(t, 67, 41, bands)
		for _, lossless := range []bool{false, true} {
			body, err := d.encodeWebP(80, lossless)
			if err != nil {
				t.Fatal(err)
			}
			header, err := imageheader.Parse(body)
			if err != nil || !header.NoMetadata || header.Width != 67 || header.Height != 41 || header.WebP.Lossless != lossless {
				t.Errorf("%d bands, lossless %v: %+v, %v", bands, lossless, header, err)
			}
			img, err := loadPages(calotype.WebP, body, loadOptions{failOn: failOnError})
			if err != nil {
				t.Fatal(err)
			}
			shown := make([]byte, 67*41*img.bands())
			if err := img.readInto(shown); err != nil {
				t.Fatal(err)
			}
			img.Close()
			want := make([]byte, len(shown))
			widen(want, len(shown)/(67*41), d.pixels, bands)
			for i := 0; lossless && i < len(want); i++ {
				transparent := bands%2 == 0 && want[i|3] == 0 // Its colour is free.
				if shown[i] != want[i] && !transparent {
					t.Fatalf("%d bands: sample %d is %d, want %d", bands, i, shown[i], want[i])
				}
			}
			if _, err := webp.Decode(bytes.NewReader(body)); err != nil {
				t.Errorf("%d bands, lossless %v: %v", bands, lossless, err)
			}
		}
	}
	if _, err := picture(t, 16384, 1, 3).encodeWebP(80, false); err == nil || !strings.Contains(err.Error(), "16383") {
		t.Errorf("16384 pixels: %v, want an error that names the limit", err)
	}
}

// What was imported once gives the same files as what was imported for each.
func TestWebPIsImportedOnce(t *testing.T) {
	for bands := 1; bands <= 4; bands++ {
		d := picture(t, 67, 41, bands)
		w, err := d.importWebP(false)
		if err != nil {
			t.Fatal(err)
		}
		defer w.free()
		for _, quality := range []int{80, 30, 80, 100, 1} {
			want, err := d.encodeWebP(quality, false)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := w.encode(quality); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bands, quality %d: %d bytes, want %d, %v", bands, quality, len(got), len(want), err)
			}
		}
	}
}

// Whatever the picture, a file is written that has its size.
func FuzzEncodeWebP(f *testing.F) {
	f.Add(uint8(3), uint8(40), uint8(30), uint8(80), false, []byte("pixels"))
	f.Add(uint8(4), uint8(1), uint8(255), uint8(100), true, []byte{0, 255, 7})
	f.Fuzz(func(t *testing.T, bands, width, height, quality uint8, lossless bool, content []byte) {
		d := fuzzedPicture(t, bands, width, height, content)
		body, err := d.encodeWebP(int(quality%100)+1, lossless)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := webp.DecodeConfig(bytes.NewReader(body)); err != nil || c.Width != d.width || c.Height != d.height {
			t.Errorf("%dx%d, want %dx%d, %v", c.Width, c.Height, d.width, d.height, err)
		}
	})
}
