//go:build cgo

package render

import (
	"bytes"
	"image"
	"testing"

	"calotype"
	"calotype/worker/thumbhash"
)

// described renders targets of a picture together, and returns what they were answered with.
func described(t *testing.T, body []byte, targets func(p *Picture) []Target) []Rendition {
	t.Helper()
	p, err := Open(body, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var renditions []Rendition
	for r, err := range p.Render(targets(p)) {
		if err != nil {
			t.Fatal(err)
		}
		renditions = append(renditions, r)
	}
	return renditions
}

// The description is the same by itself and with renditions.
func TestDescribe(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 80, 60)) // Not scaled, so that the hash's input is known.
	copy(img.Pix, quadrants(80, 60).Pix)
	for y := range 60 {
		for x := range 50 { // More than a half.
			img.SetNRGBA(x, y, corners[1][0])
		}
	}
	for name, others := range map[string][]Target{"alone": nil, "with others": {sized(40, 30, calotype.WebP, 80), sized(80, 60, calotype.PNG, 80)}} {
		renditions := described(t, pngOf(t, img), func(p *Picture) []Target { return append(others, p.Describe(calotype.Box{})) })
		d := renditions[len(others)].Description
		if d == nil || len(renditions[len(others)].Body) > 0 {
			t.Fatalf("%s: got %+v", name, renditions[len(others)])
		}
		if want := thumbhash.Encode(80, 60, img.Pix); !bytes.Equal(d.ThumbHash, want) {
			t.Errorf("%s: ThumbHash %x, want %x", name, d.ThumbHash, want)
		}
		if d.Colour != "#1e3cd2" {
			t.Errorf("%s: the main colour is %s", name, d.Colour)
		}
		for _, r := range renditions[:len(others)] {
			if r.Description != nil || len(r.Body) == 0 {
				t.Errorf("%s: got %+v", name, r)
			}
		}
	}
	clear := described(t, pngOf(t, image.NewNRGBA(image.Rect(0, 0, 30, 20))), func(p *Picture) []Target { return []Target{p.Describe(calotype.Box{})} })
	if d := clear[0].Description; d.Colour != "" || len(d.ThumbHash) == 0 {
		t.Errorf("a transparent picture: got %+v", d)
	}
	animated := described(t, animatedGIF(t, 3, 300, 200), func(p *Picture) []Target { return []Target{p.Describe(calotype.Box{})} })
	first := described(t, animatedGIF(t, 1, 300, 200), func(p *Picture) []Target { return []Target{p.Describe(calotype.Box{})} })
	if !bytes.Equal(animated[0].Description.ThumbHash, first[0].Description.ThumbHash) {
		t.Error("an animation is not described by its first frame")
	}
}

// A crop around the point that was found before is the crop by itself, byte for byte, also
// when the picture is decoded in another size. Without the point, jobs that decode it in
// different sizes may crop it differently.
func TestAttention(t *testing.T) {
	body := jpegOf(t, face(1600, 600, image.Pt(960, 300)))
	target := targetFor(t, body, `{"box": "400x300", "fit": "cover", "gravity": "smart"}`, calotype.WebP)
	part := calotype.Layout{Rendition: calotype.Box{Width: target.Width, Height: target.Height}, Scaled: target.whole()}.Part()
	if part != (calotype.Box{Width: 128, Height: 256}) {
		t.Fatalf("the part is %v", part)
	}
	renditions := described(t, body, func(p *Picture) []Target { return []Target{target, p.Describe(part)} })
	around := target
	around.Focal = renditions[1].Description.Attention
	if x, _, ok := around.Focal.Point(); !ok || x < 0.5 || x > 0.7 {
		t.Fatalf("the point is %q", around.Focal)
	}
	if again := render(t, body, around); !bytes.Equal(again.Body, renditions[0].Body) {
		t.Error("the crop around the point is another one")
	}
	alone := described(t, body, func(p *Picture) []Target { return []Target{p.Describe(part)} })
	if x, _, ok := alone[0].Description.Attention.Point(); !ok || x < 0.5 || x > 0.7 {
		t.Errorf("by itself, the point is %q", alone[0].Description.Attention)
	}
}
