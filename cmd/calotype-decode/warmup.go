package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"calotype"
	"calotype/worker/render"
)

// warmUp encodes and decodes a small picture in every format. Afterwards every codec and
// plug-in is loaded and needs no files.
func warmUp(unfit error) error {
	if unfit != nil {
		return nil
	}
	const width, height = 48, 32
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, color.NRGBA{uint8(x * 5), uint8(y * 7), uint8(x ^ y), uint8(255 - x)})
		}
	}
	var source bytes.Buffer
	if err := png.Encode(&source, img); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	var targets []render.Target
	for _, format := range []calotype.Format{calotype.JPEG, calotype.PNG, calotype.GIF, calotype.WebP, calotype.AVIF, calotype.JXL} {
		targets = append(targets, render.Target{Width: width / 2, Height: height / 2, Format: format, Quality: 80})
	}
	made, err := renderAll(source.Bytes(), targets)
	if err != nil {
		return fmt.Errorf("warm up: encode: %w", err)
	}
	for _, r := range made {
		again := []render.Target{{Width: width / 4, Height: height / 4, Format: calotype.WebP, Quality: 80}}
		if _, err := renderAll(r.Body, again); err != nil {
			return fmt.Errorf("warm up: decode %s: %w", r.Format, err)
		}
	}
	return nil
}

func renderAll(source []byte, targets []render.Target) (made []render.Rendition, err error) {
	picture, err := render.Open(source, render.Limits{})
	if err != nil {
		return nil, err
	}
	for r, err := range picture.Render(targets) {
		if err != nil {
			return nil, err
		}
		made = append(made, r)
	}
	return made, nil
}
