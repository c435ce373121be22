package samples

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	_ "image/jpeg"
	_ "image/png"
	"testing"

	_ "golang.org/x/image/bmp"
)

// small keeps the tests fast: an eighth of each side.
const small = 0.125

func TestPictures(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range All() {
		if seen[p.Key] {
			t.Errorf("%s is there twice", p.Key)
		}
		seen[p.Key] = true
		t.Run(p.Key, func(t *testing.T) {
			t.Parallel()
			img, format := decode(t, draw(t, p))
			if got, want := img.Bounds().Size(), scaled(p.Size, small); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
			if got, want := "image/"+format, p.ContentType; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestSameBytesEachTime(t *testing.T) {
	for _, key := range []string{"tiny.png", "turned.jpg", "clock.gif"} {
		if p := named(t, key); !bytes.Equal(draw(t, p), draw(t, p)) {
			t.Errorf("%s: two drawings differ", key)
		}
	}
}

func TestFullSize(t *testing.T) {
	p := named(t, "tiny.png")
	file, err := p.Draw()
	if err != nil {
		t.Fatal(err)
	}
	if img, _ := decode(t, file); img.Bounds().Size() != p.Size {
		t.Errorf("got %v, want %v", img.Bounds().Size(), p.Size)
	}
}

func TestTurned(t *testing.T) {
	file := draw(t, named(t, "turned.jpg"))
	tag := []byte{0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, turnRight, 0, 0}
	if !bytes.HasPrefix(file[6:], []byte("Exif\x00\x00MM")) || !bytes.Equal(file[22:34], tag) {
		t.Errorf("no EXIF orientation of %d in % x", turnRight, file[:38])
	}
	img, _ := decode(t, file)
	middle := img.Bounds().Dy() / 2
	sky, forest := grey(img.At(4, middle)), grey(img.At(img.Bounds().Max.X-5, middle))
	if sky <= forest+20 {
		t.Errorf("the sky should lie at the left: it has %d, the right %d", sky, forest)
	}
}

func TestClock(t *testing.T) {
	day, err := gif.DecodeAll(bytes.NewReader(draw(t, named(t, "clock.gif"))))
	if err != nil {
		t.Fatal(err)
	}
	if len(day.Image) != 48 || day.LoopCount != 0 {
		t.Errorf("got %d frames and loop count %d, want 48 for ever", len(day.Image), day.LoopCount)
	}
	if _, _, _, a := day.Image[0].At(0, 0).RGBA(); a != 0 {
		t.Error("the corners should be transparent")
	}
}

func TestLogo(t *testing.T) {
	img, _ := decode(t, draw(t, named(t, "logo.png")))
	var clear, half, solid int
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			switch _, _, _, a := img.At(x, y).RGBA(); a {
			case 0:
				clear++
			case 0xffff:
				solid++
			default:
				half++
			}
		}
	}
	if clear == 0 || half == 0 || solid == 0 {
		t.Errorf("got %d clear, %d half and %d solid pixels, want some of each", clear, half, solid)
	}
}

func TestPalette(t *testing.T) {
	img, _ := decode(t, draw(t, named(t, "palette.png")))
	if _, ok := img.(*image.Paletted); !ok {
		t.Errorf("got %T, want a palette", img)
	}
}

func named(t *testing.T, key string) Picture {
	t.Helper()
	for _, p := range All() {
		if p.Key == key {
			return p
		}
	}
	t.Fatalf("no picture is named %s", key)
	return Picture{}
}

func draw(t *testing.T, p Picture) []byte {
	t.Helper()
	file, err := p.draw(small)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func decode(t *testing.T, file []byte) (image.Image, string) {
	t.Helper()
	img, format, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return img, format
}

func grey(c color.Color) uint8 { return color.GrayModel.Convert(c).(color.Gray).Y }
