//go:build cgo

package render

import (
	"bytes"
	"image/color"
	"runtime"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"
	"golang.org/x/image/tiff"
)

// A file never shows earlier content of its memory.
func TestBufferPool(t *testing.T) {
	file, pixels := newTIFF(300, 200, 3)
	clear(pixels)
	want := bytes.Clone(file)
	used := bytes.Repeat([]byte{0xff}, cap(file)+1000)
	all := bufferPool
	defer func() { bufferPool = all }()
	bufferPool = &buffers{}
	bufferPool.put(bytes.Clone(used[:cap(used)-2000]))
	bufferPool.put(used)
	bufferPool.put(make([]byte, 2*cap(file)))
	file, pixels = newTIFF(300, 200, 3)
	if &file[0] != &used[0] {
		t.Error("the buffer that fits was not used")
	}
	clear(pixels)
	if !bytes.Equal(file, want) {
		t.Error("another file in memory that was used before")
	}
	kept := len(bufferPool.free)
	for _, size := range []int{0, minPooled - 1, maxPooled + 1} {
		if bufferPool.put(make([]byte, size)); len(bufferPool.free) > kept {
			t.Errorf("a buffer of %d bytes was kept", size)
		}
	}
	for range 3 * runtime.GOMAXPROCS(0) {
		bufferPool.put(make([]byte, maxPooled))
	}
	sum := 0
	for _, b := range bufferPool.free {
		sum += cap(b)
	}
	if sum != bufferPool.bytes || sum > maxPooled*runtime.GOMAXPROCS(0) || sum == 0 {
		t.Errorf("%d bytes are kept, %d are counted", sum, bufferPool.bytes)
	}
}

// Every reader finds the pixels that were stored.
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
		if bands == 2 { // That reader does not know it.
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
