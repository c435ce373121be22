//go:build cgo

package render

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"testing"

	"calotype"
)

// targetFor returns the target for a preset object of a presets file.
func targetFor(t testing.TB, body []byte, preset string, format calotype.Format) Target {
	t.Helper()
	presets, err := calotype.ParsePresets([]byte(`{"p": ` + preset + `}`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(body, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Target(calotype.Variant{Preset: "p", Format: format}, presets[0], 90)
}

// Each corner of the quadrants' picture is one gravity's part.
func TestCoverByCompass(t *testing.T) {
	wide, tall := pngOf(t, quadrants(400, 100)), pngOf(t, quadrants(100, 400))
	for gravity, want := range map[string][2]int{ // The row and the column of the colour in the part's top left.
		"west": {0, 0}, "northwest": {0, 0}, "southwest": {0, 0}, "east": {0, 1}, "northeast": {0, 1}, "southeast": {0, 1},
	} {
		target := targetFor(t, wide, `{"box": "50x50", "fit": "cover", "gravity": "`+gravity+`"}`, "")
		r := render(t, wide, target)
		if r.Width != 50 || r.Height != 50 {
			t.Errorf("%s: %dx%d", gravity, r.Width, r.Height)
		}
		img := look(t, r.Body)
		wantColour(t, img, 5, 5, corners[want[0]][want[1]], 3)
		wantColour(t, img, 45, 45, corners[1][want[1]], 3)
	}
	for gravity, row := range map[string]int{"north": 0, "northeast": 0, "south": 1, "southwest": 1} {
		img := look(t, render(t, tall, targetFor(t, tall, `{"box": "50x50", "fit": "cover", "gravity": "`+gravity+`"}`, "")).Body)
		wantColour(t, img, 5, 25, corners[row][0], 3)
		wantColour(t, img, 45, 25, corners[row][1], 3)
	}
	wantQuadrants(t, look(t, render(t, wide, targetFor(t, wide, `{"box": "50x50", "fit": "cover"}`, "")).Body), corners, 3)
}

func TestCoverByFocalPoint(t *testing.T) {
	body := pngOf(t, quadrants(400, 100))
	target := targetFor(t, body, `{"box": "50x50", "fit": "cover", "gravity": "focal"}`, "")
	for focal, right := range map[calotype.Focal]int{"0,0": 0, "0.2,0.5": 0, "0.8,0.5": 1, "1,1": 1} {
		target.Focal = focal
		wantColour(t, look(t, render(t, body, target).Body), 25, 10, corners[0][right], 3)
	}
	target.Focal = "0.5,0.5"
	wantQuadrants(t, look(t, render(t, body, target).Body), corners, 3)
}

func TestPad(t *testing.T) {
	body := pngOf(t, quadrants(200, 100))
	white, clear, dark := color.NRGBA{255, 255, 255, 255}, color.NRGBA{}, color.NRGBA{16, 32, 48, 255}
	for name, c := range map[string]struct {
		preset string
		format calotype.Format
		top    color.NRGBA // Of the padding.
		y      int         // Of the picture's middle.
	}{
		"transparent":  {`{"box": "60x60", "fit": "pad"}`, "", clear, 30},
		"white":        {`{"box": "60x60", "fit": "pad"}`, calotype.JPEG, white, 30},
		"of a colour":  {`{"box": "60x60", "fit": "pad", "background": "#102030"}`, "", dark, 30},
		"at the south": {`{"box": "60x60", "fit": "pad", "background": "#102030", "gravity": "south"}`, calotype.WebP, dark, 45},
	} {
		r := render(t, body, targetFor(t, body, c.preset, c.format))
		img := look(t, r.Body)
		if size := img.Bounds().Size(); size != image.Pt(60, 60) {
			t.Fatalf("%s: %v", name, size)
		}
		_, _, _, alpha := img.At(30, 5).RGBA()
		if c.top == clear && alpha != 0 {
			t.Errorf("%s: the padding has alpha %d", name, alpha)
		} else if c.top != clear {
			wantColour(t, img, 30, 5, c.top, 8)
		}
		wantColour(t, img, 10, c.y-8, corners[0][0], 12)
		wantColour(t, img, 50, c.y+8, corners[1][1], 12)
	}
}

// A small picture stays as large as it is in the middle of its padding, unless it may be enlarged.
func TestEnlarge(t *testing.T) {
	body := pngOf(t, quadrants(20, 10))
	img := look(t, render(t, body, targetFor(t, body, `{"box": "60x60", "fit": "pad", "background": "#000"}`, "")).Body)
	wantColour(t, img, 15, 30, color.NRGBA{0, 0, 0, 255}, 0)
	wantColour(t, img, 22, 27, corners[0][0], 3)
	img = look(t, render(t, body, targetFor(t, body, `{"box": "60x60", "fit": "pad", "background": "#000", "enlarge": true}`, "")).Body)
	wantColour(t, img, 10, 20, corners[0][0], 3)
	for preset, want := range map[string]image.Point{
		`{"box": "60x60", "enlarge": true}`:                 {60, 30},
		`{"box": "60x60", "fit": "cover", "enlarge": true}`: {60, 60},
		`{"box": "60x60", "fit": "cover"}`:                  {10, 10},
		`{"box": "60x60"}`:                                  {20, 10},
	} {
		if got := look(t, render(t, body, targetFor(t, body, preset, "")).Body).Bounds().Size(); got != want {
			t.Errorf("%s: %v, want %v", preset, got, want)
		}
	}
}

// A background shows through what is transparent, also in grey.
func TestBackground(t *testing.T) {
	clear := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	grey := image.NewGray(image.Rect(0, 0, 40, 20))
	want := color.NRGBA{16, 32, 48, 255}
	body := pngOf(t, clear)
	wantColour(t, look(t, render(t, body, targetFor(t, body, `{"box": "20x20", "background": "#102030"}`, "")).Body), 10, 10, want, 0)
	body = pngOf(t, grey)
	img := look(t, render(t, body, targetFor(t, body, `{"box": "20x20", "fit": "pad", "background": "#102030"}`, "")).Body)
	wantColour(t, img, 10, 2, want, 0)
	wantColour(t, img, 10, 10, color.NRGBA{0, 0, 0, 255}, 0)
	img = look(t, render(t, body, targetFor(t, body, `{"box": "20x20", "fit": "pad"}`, "")).Body)
	if _, _, _, alpha := img.At(10, 2).RGBA(); alpha != 0 {
		t.Errorf("the padding of a grey picture has alpha %d", alpha)
	}
	wantColour(t, img, 10, 10, color.NRGBA{0, 0, 0, 255}, 0)
}

// face draws something that attracts attention on a plain wall.
func face(width, height int, at image.Point) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetNRGBA(x, y, color.NRGBA{120, 125, 130, 255})
			if d := image.Pt(x, y).Sub(at); d.X*d.X+d.Y*d.Y < width*width/400 {
				img.SetNRGBA(x, y, color.NRGBA{230, 170, 130, 255})
			}
		}
	}
	return img
}

// Every size of an aspect ratio shows the same part, whatever else is rendered with it.
func TestSmartCrop(t *testing.T) {
	for name, at := range map[string]image.Point{"right": {640, 150}, "left": {200, 150}, "at the edge": {790, 20}} {
		body := jpegOf(t, face(800, 300, at))
		var parts []float64
		for _, box := range []string{"60x60", "200x200", "300x300"} {
			target := targetFor(t, body, `{"box": "`+box+`", "fit": "cover", "gravity": "smart"}`, "")
			img := look(t, render(t, body, target).Body)
			sum, n := 0.0, 0.0
			for x := range target.Width {
				for y := range target.Height {
					if r, _, b, _ := img.At(x, y).RGBA(); r > b+0x3000 {
						sum, n = sum+float64(x), n+1
					}
				}
			}
			if n == 0 {
				t.Fatalf("%s, %s: the face is cut off", name, box)
			}
			parts = append(parts, sum/n/float64(target.Width))
		}
		for _, part := range parts {
			if part-parts[0] > 0.02 || parts[0]-part > 0.02 {
				t.Errorf("%s: the face is at %v of the width", name, parts)
			}
		}
	}
}

func TestCropOfAnimation(t *testing.T) {
	frames := []*image.NRGBA{face(80, 30, image.Pt(60, 15)), face(80, 30, image.Pt(10, 15))}
	g := &gif.GIF{}
	for _, frame := range frames {
		paletted := image.NewPaletted(frame.Rect, color.Palette{color.NRGBA{120, 125, 130, 255}, color.NRGBA{230, 170, 130, 255}})
		for i := range paletted.Pix {
			paletted.Pix[i] = uint8(paletted.Palette.Index(frame.At(i%80, i/80)))
		}
		g.Image, g.Delay = append(g.Image, paletted), append(g.Delay, 10)
	}
	body := encodeWith(t, func(b *bytes.Buffer, g *gif.GIF) error { return gif.EncodeAll(b, g) }, g)
	r := render(t, body, targetFor(t, body, `{"box": "30x30", "fit": "cover", "gravity": "smart"}`, ""))
	got, err := gif.DecodeAll(bytes.NewReader(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	if got.Config.Width != 30 || got.Config.Height != 30 || len(got.Image) != 2 {
		t.Fatalf("%dx%d in %d frames, want 30x30 in 2", got.Config.Width, got.Config.Height, len(got.Image))
	}
	wantColour(t, got.Image[0], 15, 15, color.NRGBA{230, 170, 130, 255}, 12)
	for _, x := range []int{2, 15, 27} { // The first frame's part of the second frame.
		if r, _, b, _ := got.Image[1].At(x, 15).RGBA(); got.Image[1].Bounds().Overlaps(image.Rect(x, 15, x+1, 16)) && r > b+0x3000 {
			t.Errorf("the second frame is cropped by itself: it has a face at %d", x)
		}
	}
}

// A rendition that shows a part of the source, or puts it on a background, is never the
// source itself.
func TestCropIsNotTheSource(t *testing.T) {
	body := jpegAt(t, grainy(64, 48), 5)
	for preset, asIs := range map[string]bool{
		`{"box": "64x48", "fit": "cover"}`: true,
		`{"box": "48x48", "fit": "cover"}`: false,
		`{"box": "64x64", "fit": "pad"}`:   false,
		`{"box": "64x48", "quality": 95}`:  true,
	} {
		if r := render(t, body, targetFor(t, body, preset, "")); r.AsIs != asIs {
			t.Errorf("%s: as is %v, want %v", preset, r.AsIs, asIs)
		}
	}
}

func TestBackgroundIsNotTheSource(t *testing.T) {
	img := checked(64, 1).(*image.NRGBA)
	img.SetNRGBA(0, 0, color.NRGBA{})
	body := pngOf(t, img)
	if r := render(t, body, targetFor(t, body, `{"box": "60x60", "background": "#f00"}`, "")); r.AsIs {
		t.Error("the source itself has no background")
	}
}

// What is cut out is in memory beside the picture that it is cut out of.
func TestMemoryOfCrops(t *testing.T) {
	p, err := Open(jpegOf(t, quadrants(400, 300)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	whole, part := sized(400, 300, calotype.JPEG, 80), sized(300, 300, calotype.JPEG, 80)
	part.Whole = calotype.Box{Width: 400, Height: 300}
	if got, want := p.Memory([]Target{part}), p.Memory([]Target{whole})+300*300*4; got != want {
		t.Errorf("predicted are %d bytes, want %d", got, want)
	}
}
