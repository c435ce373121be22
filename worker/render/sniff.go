package render

import (
	"calotype"
	"calotype/worker/failure"
	"calotype/worker/imageheader"
)

// Sniff returns a picture's format by its first bytes, whatever its file name is.
func Sniff(body []byte) (calotype.Format, bool) { return imageheader.Sniff(body) }

// refused returns why a picture's header alone rules out decoding, or nil. Headers that
// cannot be parsed are left to the decoder.
func refused(body []byte) *failure.Failure {
	header, err := imageheader.Parse(body)
	if err != nil {
		return nil
	}
	refusal := header.Refusal(imageheader.DefaultLimits)
	if refusal == nil {
		return nil
	}
	return faultf(refusal.Class, "%s", refusal.Detail)
}

// hasNoMetadata reports whether a file holds only what is needed to show the picture: no
// EXIF, XMP, profile, comment, thumbnail, nor anything after its end.
func hasNoMetadata(format calotype.Format, file []byte) bool {
	header, err := imageheader.Parse(file)
	return err == nil && header.Format == format && header.NoMetadata
}
