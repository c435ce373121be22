package animation

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/webp"

	"calotype"
)

// Scenes are drawn as letters, one per pixel, with rows separated by a bar: a dot is
// transparent.
var letters = map[byte]color.NRGBA{
	'R': {220, 30, 30, 255},
	'G': {30, 200, 60, 255},
	'B': {30, 60, 210, 255},
	'W': {250, 250, 250, 255},
	'K': {0, 0, 0, 255},
	'h': {30, 200, 60, 128},  // Half of G.
	'x': {125, 115, 45, 255}, // It over R.
	'.': {},
}

const palette = "RGBW" // The letters in the order of the test files' colour tables.

// scene is what a file should show.
type scene struct {
	file   []byte
	size   image.Point
	plays  int
	delays []int
	frames []string // Of letters.
	damage string   // A part of the error that ends the file or its drawing.
}

// check opens and composes a file.
func (want scene) check(t *testing.T, format calotype.Format) {
	t.Helper()
	r, err := Open(format, want.file)
	if err != nil {
		if want.damage == "" || len(want.frames) > 0 || !strings.Contains(err.Error(), want.damage) {
			t.Errorf("open: %v, want %q", err, want.damage)
		}
		return
	}
	if got := image.Pt(r.Width, r.Height); got != want.size || r.Plays != want.plays {
		t.Errorf("a canvas of %v, played %d times; want %v, %d", got, r.Plays, want.size, want.plays)
	}
	canvas := NewCanvas(r.Width, r.Height)
	var frames []string
	var delays []int
	damage := r.Damage
	for f, err := range r.Frames() {
		if err != nil {
			break
		}
		err = canvas.Draw(f, decodeStill(format))
		frames, delays = append(frames, lettersOf(canvas.Image)), append(delays, f.Delay)
		if err != nil {
			damage = err
			break
		}
	}
	if !slices.Equal(frames, want.frames) {
		t.Errorf("frames\n\t%s\nwant\n\t%s", strings.Join(frames, "\n\t"), strings.Join(want.frames, "\n\t"))
	}
	if want.delays != nil && !slices.Equal(delays, want.delays) {
		t.Errorf("delays %v, want %v", delays, want.delays)
	}
	if damage == nil && want.damage != "" || damage != nil && (want.damage == "" || !strings.Contains(damage.Error(), want.damage)) {
		t.Errorf("damage %v, want %q", damage, want.damage)
	}
}

// lettersOf is the inverse of drawn. A pixel may be off by one for rounding.
func lettersOf(img *image.NRGBA) string {
	var rows []string
	for y := range img.Rect.Dy() {
		row := ""
		for x := range img.Rect.Dx() {
			row += letterOf(img.NRGBAAt(x, y))
		}
		rows = append(rows, row)
	}
	return strings.Join(rows, "|")
}

func letterOf(c color.NRGBA) string {
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 1 }
	for letter, l := range letters {
		if near(c.R, l.R) && near(c.G, l.G) && near(c.B, l.B) && c.A == l.A || c.A == 0 && l.A == 0 {
			return string(letter)
		}
	}
	return fmt.Sprint(c)
}

// drawn makes a picture of letters.
func drawn(scene string) *image.NRGBA {
	rows := strings.Split(scene, "|")
	img := image.NewNRGBA(image.Rect(0, 0, len(rows[0]), len(rows)))
	for y, row := range rows {
		for x := range len(row) {
			img.SetNRGBA(x, y, letters[row[x]])
		}
	}
	return img
}

func decodeStill(format calotype.Format) func([]byte) (*image.NRGBA, error) {
	return func(file []byte) (*image.NRGBA, error) {
		decode := png.Decode
		if format == calotype.WebP {
			decode = webp.Decode
		}
		img, err := decode(bytes.NewReader(file))
		if err != nil {
			return nil, err
		}
		out := image.NewNRGBA(img.Bounds())
		draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
		return out, nil
	}
}
