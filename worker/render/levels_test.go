//go:build cgo

package render

import (
	"encoding/binary"
	"errors"
	"image/color"
	"math"
	"slices"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
	"calotype/worker/failure"
	"calotype/worker/imageheader"
)

// Floating-point numbers are levels from 0 to 1, unless most are not.
func TestLevelsOf(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	light := sampleScale{1, false}
	for name, c := range map[string]struct {
		values []float32
		bands  int
		scale  sampleScale
		want   []uint16
	}{
		"levels":            {[]float32{0, 0.5, 1}, 1, light, []uint16{0, 32768, 65535}},
		"a highlight":       {[]float32{0, 0.5, 40}, 1, light, []uint16{0, 32768, 65535}},
		"measurements":      {[]float32{1000, 1500, 2000}, 1, light, []uint16{0, 32768, 65535}},
		"not a number":      {[]float32{nan, 0.5, inf}, 1, light, []uint16{0, 32768, 65535}},
		"all the same":      {[]float32{7, 7, 7}, 1, light, []uint16{65535, 65535, 65535}},
		"alpha is no level": {[]float32{1000, 1, 2000, 0.5}, 2, light, []uint16{0, 65535, 65535, 32768}},
		"32 bits":           {[]float32{0, 1 << 31, 1 << 32}, 1, sampleScale{math.MaxUint32, false}, []uint16{0, 32768, 65535}},
		"with a sign":       {[]float32{-100, 0, 100}, 1, sampleScale{math.MaxInt16, true}, []uint16{0, 32768, 65535}},
	} {
		if got := levelsOf(c.values, c.bands, c.scale); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

// A TIFF's extra sample is alpha only if the file says so, and premultiplied if it says so.
func TestExtraSampleOfTIFF(t *testing.T) {
	const unspecified, premultiplied, straight = 0, 1, 2
	for name, c := range map[string]struct {
		meaning uint16
		want    color.NRGBA
	}{
		"unspecified":   {unspecified, color.NRGBA{100, 50, 25, 255}},
		"premultiplied": {premultiplied, color.NRGBA{200, 100, 50, 127}},
		"straight":      {straight, color.NRGBA{100, 50, 25, 127}},
	} {
		file, pixels := newTIFF(8, 8, 4)
		for i := 0; i < len(pixels); i += 4 {
			copy(pixels[i:], []byte{100, 50, 25, 127})
		}
		file = withTIFFEntry(t, file, 338, 338, c.meaning)
		t.Run(name, func(t *testing.T) {
			wantColour(t, look(t, render(t, file, sized(8, 8, calotype.PNG, 80)).Body), 4, 4, c.want, 2)
		})
	}
	vips.AssertNoLeaks(t)
}

// withTIFFEntry gives an entry of newTIFF's directory another tag, and shorts as its values.
func withTIFFEntry(t *testing.T, file []byte, tag, to uint16, values ...uint16) []byte {
	t.Helper()
	at := int(binary.LittleEndian.Uint32(file[4:])) + 2
	for range binary.LittleEndian.Uint16(file[at-2:]) {
		if binary.LittleEndian.Uint16(file[at:]) == tag {
			binary.LittleEndian.PutUint16(file[at:], to)
			binary.LittleEndian.PutUint32(file[at+4:], uint32(len(values)))
			for i, v := range values {
				binary.LittleEndian.PutUint16(file[at+8+2*i:], v)
			}
			return file
		}
		at += 12
	}
	t.Fatalf("no entry %d", tag)
	return nil
}

// Luma and chroma without compression are converted, whether chroma has fewer samples or not.
func TestYCbCrOfTIFF(t *testing.T) {
	const across, down = 1, 1
	file, pixels := newTIFF(8, 8, 3)
	for i := 0; i < len(pixels); i += 3 {
		copy(pixels[i:], []byte{101, 99, 199}) // By ITU-R BT.601: 200, 60, 50.
	}
	file = withTIFFEntry(t, file, 262, 262, imageheader.TIFFYCbCr)
	file = withTIFFEntry(t, file, 284, 530, across, down)
	for _, size := range []int{8, 4} {
		wantColour(t, look(t, render(t, file, sized(size, size, calotype.PNG, 80)).Body), 2, 2, color.NRGBA{200, 60, 50, 255}, 3)
	}
	file = withTIFFEntry(t, file, 259, 259, 5) // Which is LZW, and the pixels are not.
	p, err := Open(file, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range p.Render([]Target{sized(8, 8, calotype.PNG, 80)}) {
		var fault *failure.Failure
		if !errors.As(err, &fault) || fault.Class != failure.Corrupt {
			t.Errorf("broken: got %v", err)
		}
	}
	vips.AssertNoLeaks(t)
}

// Alpha from 16 to 235 becomes alpha from 0 to 255.
func TestStretchAlpha(t *testing.T) {
	file, pixels := newTIFF(4, 1, 2)
	copy(pixels, []byte{9, 16, 9, 179, 9, 235, 9, 3})
	img, err := loadPages(calotype.TIFF, file, loadOptions{failOn: failOnError})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if err := img.stretchAlpha(); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 8)
	if err := img.readInto(got); err != nil {
		t.Fatal(err)
	}
	if want := []byte{9, 0, 9, 190, 9, 255, 9, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
