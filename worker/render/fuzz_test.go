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
	f.Add(moving(f, 3, 40, 30))
	for _, format := range []calotype.Format{calotype.WebP, calotype.AVIF} {
		f.Add(render(f, pngOf(f, quadrants(40, 30)), Target{40, 30, format, 80}).Body)
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
			for _, renderErr := range p.Render([]Target{{w, h, calotype.WebP, 80}}) {
				err = renderErr
			}
		}
		var fault *failure.Failure
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("got %v, want a fault", err)
		}
	})
}

func FuzzWithoutWebPMetadata(f *testing.F) {
	f.Add(render(f, pngOf(f, quadrants(40, 30)), Target{40, 30, calotype.WebP, 80}).Body)
	f.Fuzz(func(t *testing.T, body []byte) {
		out, err := withoutWebPMetadata(body)
		if err != nil {
			return
		}
		again, err := withoutWebPMetadata(out)
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("a second time: %v", err)
		}
	})
}

func TestWithoutWebPMetadata(t *testing.T) {
	chunk := func(name, body string) string {
		padded := body
		if len(body)%2 == 1 {
			padded += "\x00"
		}
		return name + string([]byte{byte(len(body)), 0, 0, 0}) + padded
	}
	file := func(flags byte, chunks ...string) []byte {
		body := "WEBP" + chunk("VP8X", string([]byte{flags})+"\x00\x00\x00\x09\x00\x00\x09\x00\x00")
		for _, c := range chunks {
			body += c
		}
		return []byte("RIFF" + string([]byte{byte(len(body)), 0, 0, 0}) + body)
	}
	got, err := withoutWebPMetadata(file(0x1c, chunk("ALPH", "a"), chunk("VP8 ", "pixels"), chunk("EXIF", "odd"), chunk("XMP ", "xmp!")))
	if want := file(0x10, chunk("ALPH", "a"), chunk("VP8 ", "pixels")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for name, body := range map[string][]byte{
		"no RIFF": []byte("WEBP"), "cut": file(0, "VP8 \xff\x00\x00\x00"), "cut header": file(0, "VP8"), "empty": nil,
	} {
		if _, err := withoutWebPMetadata(body); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
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
	f.Add(render(f, pngOf(f, grainy(9, 7)), Target{9, 7, calotype.BMP, 80}).Body)
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
		header, refusal := readHeader(body)
		if refusal != nil {
			return
		}
		for _, format := range []calotype.Format{calotype.JPEG, calotype.PNG, calotype.WebP, calotype.BMP, calotype.TIFF} {
			p := &Picture{Format: format, Width: 4000, Height: 3000, Frames: 1, body: body, header: header}
			least, most := int64(len(body)), int64(len(body))+4000*3000*100
			if got := p.Memory([]Target{{400, 300, calotype.WebP, 80}}); got < least || got > most {
				t.Errorf("%s: %d bytes", format, got)
			}
		}
	})
}
