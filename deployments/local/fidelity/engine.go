package fidelity

import (
	"iter"

	"calotype"
	"calotype/worker/render"
)

// Made is a rendition of a source.
type Made struct {
	// Kind names the rendition: own, webp and png have the source's natural size, or the
	// largest that presets have; half has half that size in the source's own format.
	Kind   string
	Format calotype.Format
	// Width and Height are the engine's figures for the rendition.
	Width, Height int
	Body          []byte

	natural [2]int
}

// quality is the worker's default.
const quality = 80

// engine makes renditions as a worker does. It is the only place that calls the engine.
func engine(body []byte) ([]Made, error) {
	picture, err := render.Open(body, render.Limits{})
	if err != nil {
		return nil, err
	}
	natural := render.Target{Format: picture.Format.Own(), Quality: quality}
	natural.Width, natural.Height = calotype.Box{Width: calotype.MaxSide, Height: calotype.MaxSide}.Fit(picture.Width, picture.Height)
	webp, png, half := natural, natural, natural
	webp.Format, png.Format = calotype.WebP, calotype.PNG
	half.Width, half.Height = (half.Width+1)/2, (half.Height+1)/2

	size := [2]int{picture.Width, picture.Height}
	made, err := collect(size, []string{"own", "webp", "png"}, picture.Render([]render.Target{natural, webp, png}))
	if err != nil {
		return nil, err
	}
	halves, err := collect(size, []string{"half"}, picture.Render([]render.Target{half})) // Decoded separately: decoders shrink while loading.
	return append(made, halves...), err
}

func collect(natural [2]int, kinds []string, renditions iter.Seq2[render.Rendition, error]) ([]Made, error) {
	var made []Made
	for r, err := range renditions {
		if err != nil {
			return nil, err
		}
		made = append(made, Made{kinds[len(made)], r.Format, r.Width, r.Height, r.Body, natural})
	}
	return made, nil
}
