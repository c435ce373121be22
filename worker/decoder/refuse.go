package decoder

import (
	"calotype/worker/failure"
	"calotype/worker/imageheader"
	"calotype/worker/render"
)

// refuse reads the header in pure Go and refuses pictures that would cost too much, before
// a native library sees a byte. It leaves headers that it cannot read to the decoder.
func refuse(source []byte, limits render.Limits) error {
	bounds := imageheader.DefaultLimits
	bounds.Frames = limits.Frames
	if header, err := imageheader.Parse(source); err == nil { // Otherwise the decoder says what is wrong.
		if r := header.Refusal(bounds); r != nil {
			return failure.New(r.Class, "%s", r.Detail)
		}
	}
	return nil
}
