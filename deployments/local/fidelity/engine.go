package fidelity

import (
	"context"
	"iter"

	"calotype"
	"calotype/worker"
	"calotype/worker/decoder"
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

// decoders are the processes that render, as in a worker.
var decoders decoder.Engine

// makeAll makes renditions as a worker does, also of damaged pictures. Only this function
// uses the decoders.
func makeAll(ctx context.Context, body []byte) ([]Made, error) {
	limits, grant := worker.Defaults().Limits, decoder.Grant{Bytes: 256 << 20}
	source := decoder.SourceOf(body)
	defer source.Close()
	opened, err := decoders.Open(ctx, source, limits, grant)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	picture := opened.Header()
	largest := calotype.Box{Width: calotype.MaxSide, Height: calotype.MaxSide}
	natural := picture.Target(calotype.Variant{}, calotype.Preset{Wide: largest, Tall: largest}, quality)
	webp, png, half := natural, natural, natural
	webp.Format, png.Format = calotype.WebP, calotype.PNG
	half.Width, half.Height = (half.Width+1)/2, (half.Height+1)/2

	size := [2]int{picture.Width, picture.Height}
	made, err := collect(size, []string{"own", "webp", "png"}, opened.Render(ctx, []render.Target{natural, webp, png}, grant))
	if err != nil {
		return nil, err
	}
	halves, err := collect(size, []string{"half"}, opened.Render(ctx, []render.Target{half}, grant)) // Decoded separately: decoders shrink while loading.
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
