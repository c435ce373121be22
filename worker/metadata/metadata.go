// Package metadata removes from a picture's file what is not needed to show it: EXIF, XMP,
// comments, thumbnails, profiles of sRGB, and whatever follows the end. Nothing is decoded
// or encoded, so the pixels stay as they are. It reads bytes in memory, without cgo.
//
// It knows four formats: JPEG, PNG, GIF and WebP. It does not turn a picture and converts
// no colours: a file that needs either is left to the engine.
//
//	header, err := imageheader.Parse(file)
//	if smaller, ok := metadata.Remove(file, header); ok { ... }
package metadata

import (
	"calotype"
	"calotype/worker/imageheader"
)

// Remove returns a copy of a file without metadata, which browsers show exactly as the
// file. The header is the file's own. It reports false if there is no such copy: the file
// is damaged, its metadata change how it is shown, or it has parts of unknown meaning.
// [imageheader.Header.NoMetadata] is true for what it returns.
func Remove(file []byte, h *imageheader.Header) ([]byte, bool) {
	if h.Damage != "" || h.Orientation != 1 || h.Natural != (imageheader.Size{}) || convertsColours(h) {
		return nil, false
	}
	switch h.Format {
	case calotype.JPEG:
		return fromJPEG(file)
	case calotype.PNG:
		return fromPNG(file, h.Colour.Source == imageheader.ColourICC)
	case calotype.GIF:
		return fromGIF(file)
	case calotype.WebP:
		return fromWebP(file)
	}
	return nil, false
}

// convertsColours reports whether the picture looks different without its ICC profile.
func convertsColours(h *imageheader.Header) bool {
	if h.JPEG != nil && h.JPEG.Model != imageheader.JPEGGrey && h.JPEG.Model != imageheader.JPEGYCbCr && h.JPEG.Model != imageheader.JPEGRGB {
		return true // Browsers differ in how they show print colours.
	}
	profile, ok := imageheader.ReadProfile(h.Colour.ICC)
	return ok && profile.Fits(colours(h)) && !imageheader.IsSRGB(h.Colour.ICC)
}

// colours counts the colour channels.
func colours(h *imageheader.Header) int {
	n := h.Channels
	if h.Alpha {
		n--
	}
	return n
}
