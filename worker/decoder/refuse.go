package decoder

import (
	"calotype/worker/failure"
	"calotype/worker/imageheader"
	"calotype/worker/render"
)

// refuse reads the header in pure Go and says what is not worth a decoder's time, before
// a native library sees a byte. What it cannot read is left to the decoder.
func refuse(source []byte, limits render.Limits) error {
	header, err := imageheader.Parse(source)
	if err != nil {
		return nil //nolint:nilerr // The decoder says what is wrong.
	}
	bounds := imageheader.DefaultLimits
	bounds.Frames = limits.Frames
	if r := header.Refusal(bounds); r != nil {
		return failure.New(r.Class, "%s", r.Detail)
	}
	return nil
}
