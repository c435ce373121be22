//go:build cgo

package render

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"os"
	"os/exec"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
)

// The tests in this file contain what a browser shows of files on which decoders disagree.

// withChunk puts a chunk after a PNG's header.
func withChunk(file []byte, name string, body []byte) []byte {
	const behindHeader = 8 + 25
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	chunk = append(append(chunk, name...), body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return append(append(file[:behindHeader:behindHeader], chunk...), file[behindHeader:]...)
}

func plainRGB(width, height int, c color.NRGBA) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		img.Set(i%width, i/width, c)
	}
	return img
}

func TestColourOfPNG(t *testing.T) {
	muted := color.NRGBA{200, 100, 50, 255}
	file := pngOf(t, plainRGB(40, 30, muted))
	gamma := func(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
	for name, c := range map[string]struct {
		body []byte
		want color.NRGBA
	}{
		"nothing":            {file, muted},
		"gamma 1":            {withChunk(file, "gAMA", gamma(100000)), color.NRGBA{229, 168, 122, 255}},
		"sRGB over gamma":    {withChunk(withChunk(file, "gAMA", gamma(100000)), "sRGB", []byte{0}), muted},
		"code points of P3":  {withChunk(file, "cICP", []byte{12, 13, 0, 1}), color.NRGBA{215, 93, 31, 255}},
		"over a gamma":       {withChunk(withChunk(file, "gAMA", gamma(100000)), "cICP", []byte{12, 13, 0, 1}), color.NRGBA{215, 93, 31, 255}},
		"a chunk with a bit": {bytes.Replace(withChunk(file, "gAMA", gamma(100000)), []byte("gAMA"), []byte("gAMB"), 1), muted},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range []calotype.Format{calotype.WebP, calotype.JPEG} {
				wantColour(t, look(t, render(t, c.body, sized(20, 15, f, 95)).Body), 10, 7, c.want, 6)
			}
		})
	}
	vips.AssertNoLeaks(t)
}

// What a decoder only warns about is shown.
func TestWarnings(t *testing.T) {
	file := withSegments(jpegOf(t, quadrants(160, 96)), segment(0xe0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"))
	scan := bytes.Index(file, []byte{0xff, 0xda})
	length := int(binary.BigEndian.Uint16(file[scan+2:]))
	wrongEnd := bytes.Clone(file)
	wrongEnd[scan+2+length-2] = 0 // Se of a sequential scan.
	version2 := bytes.Replace(file, []byte("JFIF\x00\x01"), []byte("JFIF\x00\x02"), 1)
	tables := bytes.Index(file, []byte{0xff, 0xdb})
	stray := append(append(file[:tables:tables], 0x12, 0x34), file[tables:]...)
	for name, body := range map[string][]byte{"end of spectral selection": wrongEnd, "JFIF 2": version2, "stray bytes": stray} {
		t.Run(name, func(t *testing.T) {
			r := render(t, body, sized(80, 48, calotype.PNG, 80))
			wantQuadrants(t, look(t, r.Body), corners, 20)
			if r.Damaged {
				t.Error("damaged")
			}
		})
	}
}

// An EXIF orientation counts if it is one SHORT from 1 to 8, and in JPEG and PNG only.
func TestOrientationTag(t *testing.T) {
	tag := func(kind, count, value uint16) []byte {
		b := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12")
		for _, v := range []uint16{kind, 0, count, value, 0, 0, 0} {
			b = binary.BigEndian.AppendUint16(b, v)
		}
		return b
	}
	file := jpegOf(t, quadrants(160, 96))
	for name, c := range map[string]struct {
		exif   []byte
		turned bool
	}{
		"SHORT":     {tag(3, 1, 6), true},
		"two":       {tag(3, 2, 6), false},
		"SSHORT":    {tag(8, 1, 6), false},
		"BYTE":      {tag(1, 1, 6<<8), false},
		"ASCII":     {tag(2, 1, '6'<<8), false},
		"beyond":    {tag(3, 1, 9), false},
		"LONG, two": {tag(4, 2, 6), false},
	} {
		p, err := Open(withSegments(file, segment(0xe1, "Exif\x00\x00"+string(c.exif))), Limits{})
		if err != nil || (p.Width == 96) != c.turned {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	body := withChunk(pngOf(t, quadrants(160, 96)), "eXIf", tag(3, 1, 6))
	if p, err := Open(body, Limits{}); err != nil || p.Width != 96 {
		t.Errorf("png: %+v, %v", p, err)
	}
	webp := render(t, file, sized(160, 96, calotype.WebP, 80)).Body
	if p, err := Open(webpWithEXIF(webp, tag(3, 1, 6), 160, 96), Limits{}); err != nil || p.Width != 160 {
		t.Errorf("webp: %+v, %v", p, err)
	}
}

// webpWithEXIF puts the picture of a lossy WebP into an extended container with an EXIF
// chunk.
func webpWithEXIF(file, exif []byte, width, height int) []byte {
	chunk := func(name string, body []byte) []byte {
		b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
		return append(append(b, body...), make([]byte, len(body)%2)...)
	}
	flags := []byte{0x08, 0, 0, 0, byte(width - 1), byte((width - 1) >> 8), 0, byte(height - 1), byte((height - 1) >> 8), 0}
	body := bytes.Join([][]byte{[]byte("WEBP"), chunk("VP8X", flags), file[bytes.Index(file, []byte("VP8 ")):], chunk("EXIF", exif)}, nil)
	return chunk("RIFF", body)
}

// A profile for pictures of another colour space is ignored.
func TestForeignProfiles(t *testing.T) {
	grey, err := vips.GetGenericGrayGamma22ICCProfilePath()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.ReadFile(grey)
	if err != nil {
		t.Fatal(err)
	}
	app2 := segment(0xe2, "ICC_PROFILE\x00\x01\x01"+string(profile))
	for _, f := range []calotype.Format{calotype.JPEG, calotype.WebP, calotype.PNG, calotype.AVIF} {
		img := look(t, render(t, withSegments(jpegOf(t, quadrants(160, 96)), app2), sized(80, 48, f, 90)).Body)
		wantQuadrants(t, img, corners, 20)
	}
	vips.AssertNoLeaks(t)
}

// damagedFiles are cut in the middle. Each has the row, of 96, at which missing pixels
// begin at the latest.
func damagedFiles(t testing.TB) map[string][]byte {
	half := func(b []byte) []byte { return b[:len(b)/2] }
	img := grainy(160, 96)
	interlaced := saveInterlaced(t, img)
	flipped := bytes.Clone(pngOf(t, img))
	flipped[len(flipped)*2/3] ^= 0x55
	return map[string][]byte{
		"jpeg":            half(jpegOf(t, img)),
		"png":             half(pngOf(t, img)),
		"png, interlaced": half(interlaced),
		"png, wrong byte": flipped,
		"bmp":             half(bmpOf(t, img)),
	}
}

func saveInterlaced(t testing.TB, img image.Image) []byte {
	ref, err := vips.LoadImageFromBuffer(pngOf(t, img), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ref.Close()
	body, _, err := ref.ExportPng(&vips.PngExportParams{Interlace: true, Compression: 6})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// A damaged picture is a failure, unless the intact part is requested: missing pixels are
// transparent.
func TestDamaged(t *testing.T) {
	for name, body := range damagedFiles(t) {
		t.Run(name, func(t *testing.T) {
			target := sized(160, 96, calotype.PNG, 80)
			if p, err := Open(body, Limits{}); err == nil {
				for _, err = range p.Render([]Target{target}) {
				}
				if err == nil {
					t.Error("it counts as intact")
				}
			}
			p, err := Open(body, Limits{Lenient: true})
			if err != nil {
				t.Fatal(err)
			}
			for r, err := range p.Render([]Target{target, sized(80, 48, calotype.JPEG, 80)}) {
				if err != nil {
					t.Fatal(err)
				}
				if !r.Damaged || r.AsIs {
					t.Errorf("not marked: %+v", r)
				}
				if r.Format != calotype.PNG {
					continue
				}
				img := look(t, r.Body)
				whole, missing := 0, 0
				for y := range 96 {
					for x := range 160 {
						switch _, _, _, a := img.At(x, y).RGBA(); a {
						case 0:
							missing++
						case 0xffff:
							whole++
						}
					}
				}
				if whole < 160*16 || missing < 160*8 && name != "png, interlaced" || whole+missing != 160*96 {
					t.Errorf("%d pixels are there, %d are not", whole, missing)
				}
			}
		})
	}
	vips.AssertNoLeaks(t)
}

// The rendition of a damaged picture does not depend on earlier content of the memory.
func TestDamagedIsDefined(t *testing.T) {
	const variable = "CALOTYPE_TEST_DAMAGED"
	if os.Getenv(variable) != "" {
		for _, name := range []string{"jpeg", "png", "png, interlaced", "png, wrong byte", "bmp"} {
			p, err := Open(damagedFiles(t)[name], Limits{Lenient: true})
			if err != nil {
				t.Fatal(err)
			}
			for r, err := range p.Render([]Target{sized(120, 72, calotype.PNG, 80)}) {
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(os.Getenv(variable)+"/"+name, r.Body, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		return
	}
	var dirs []string
	for _, perturb := range []string{"1", "170"} {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0], "-test.run=^TestDamagedIsDefined$")
		cmd.Env = append(os.Environ(), variable+"="+dir, "MALLOC_PERTURB_="+perturb)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		dirs = append(dirs, dir)
	}
	for name := range damagedFiles(t) {
		a, err := os.ReadFile(dirs[0] + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(dirs[1] + "/" + name); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: other bytes in other memory, %v", name, err)
		}
	}
}
