package render

import (
	"calotype"
	"calotype/worker/failure"
	"calotype/worker/imageheader"
)

// Sniff returns a picture's format by its first bytes, whatever its file name is.
func Sniff(body []byte) (calotype.Format, bool) { return imageheader.Sniff(body) }

// readHeader reads a picture's header, and refuses a picture whose header rules out
// decoding, or declares more frames than the limit. A header that cannot be parsed is
// empty: its picture is left to the decoder.
func readHeader(body []byte, limits Limits) (*imageheader.Header, *failure.Failure) {
	header, err := imageheader.Parse(body)
	if err != nil {
		return &imageheader.Header{Orientation: 1}, nil
	}
	bounds := imageheader.DefaultLimits
	bounds.Frames = limits.Frames
	if refusal := header.Refusal(bounds); refusal != nil {
		return nil, refusal
	}
	return header, nil
}
