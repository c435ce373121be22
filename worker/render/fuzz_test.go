//go:build cgo

package render

import (
	"bytes"
	"errors"
	"image"
	"testing"

	"github.com/jsummers/gobmp"

	"calotype"
	"calotype/worker/failure"
)

func seeds(f *testing.F) {
	f.Add(jpegOf(f, quadrants(40, 30)))
	f.Add(pngOf(f, quadrants(40, 30)))
	f.Add(bmpOf(f, quadrants(40, 30)))
	f.Add(animatedGIF(f, 3, 40, 30))
	for _, format := range []calotype.Format{calotype.WebP, calotype.AVIF} {
		f.Add(render(f, pngOf(f, quadrants(40, 30)), sized(40, 30, format, 80)).Body)
	}
	f.Add([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"))
}

// Arbitrary bytes end as renditions or as a failure.
func FuzzOpen(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := Open(body, Limits{Pixels: 1 << 20, Frames: 20})
		if err == nil {
			w, h := calotype.Box{Width: 64, Height: 64}.Fit(p.Width, p.Height)
			for _, renderErr := range p.Render([]Target{sized(w, h, calotype.WebP, 80)}) {
				err = renderErr
			}
		}
		var fault *failure.Failure
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("got %v, want a fault", err)
		}
	})
}

// Any bitmap of an icon decodes within its picture, in whatever state the memory was.
func FuzzIcon(f *testing.F) {
	f.Add(iconBitmap(32, "\x1e\x1e\xdc\x80\x3c\xc8\x1e\xff", "\x80\x00\x00\x00"))
	f.Add(iconBitmap(24, "\x1e\x1e\xdc\x3c\xc8\x1e\x00\x00", "\x80\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		i, err := readIcon(data)
		if err != nil || i.width*i.height > 1<<20 {
			return
		}
		one, two := make([]byte, i.width*i.height*4), bytes.Repeat([]byte{0xaa}, i.width*i.height*4)
		i.decode(one)
		i.decode(two)
		if !bytes.Equal(one, two) {
			t.Error("pixels are left as they were")
		}
	})
}

// Rows of 24 bits equal what gobmp reads.
func FuzzRowsOfBMP(f *testing.F) {
	f.Add(bmpOf(f, quadrants(41, 30)))
	f.Add(render(f, pngOf(f, grainy(9, 7)), sized(9, 7, calotype.BMP, 80)).Body)
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := readBMP(file)
		if err != nil || b.bits != 24 || b.compression != bmpRGB || b.width*b.height > 1<<20 || !b.whole() {
			return
		}
		img, err := gobmp.Decode(bytes.NewReader(file))
		if err != nil || img.Bounds().Size() != image.Pt(b.width, b.height) {
			return
		}
		rows, swapped, theirs := make([]byte, b.width*b.height*4), make([]byte, b.width*b.height*3), make([]byte, b.width*b.height*4)
		b.decode(4, rows)
		b.swapRows(swapped)
		copyNRGBA(img, theirs)
		for i := range b.width * b.height {
			if !bytes.Equal(rows[4*i:][:3], swapped[3*i:][:3]) || !bytes.Equal(rows[4*i:][:4], theirs[4*i:][:4]) {
				t.Fatalf("pixel %d: %v, %v, gobmp has %v", i, rows[4*i:][:4], swapped[3*i:][:3], theirs[4*i:][:4])
			}
		}
	})
}

func FuzzMemory(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		header, refusal := readHeader(body, Limits{})
		if refusal != nil {
			return
		}
		for _, format := range []calotype.Format{calotype.JPEG, calotype.PNG, calotype.WebP, calotype.BMP, calotype.TIFF} {
			p := &Picture{Format: format, Width: 4000, Height: 3000, Frames: 1, body: body, header: header}
			low, high := int64(len(body)), int64(len(body))+4000*3000*100
			if got := p.Memory([]Target{sized(400, 300, calotype.WebP, 80)}); got < low || got > high {
				t.Errorf("%s: %d bytes", format, got)
			}
		}
	})
}
