// Package imageheader parses the headers of pictures: format, size, frames, orientation,
// colour, and the cost of decoding. It reads bytes in memory, without cgo and without
// decoding a pixel.
//
// It does not judge whether a picture can be decoded: [Header.Refusal] only refuses a
// picture whose header alone shows that it is over a limit.
//
//	header, err := imageheader.Parse(file)
//	if refusal := header.Refusal(imageheader.DefaultLimits); refusal != nil { ... }
//
// Every parser takes time linear in the file's size, and memory of at most a few times
// that size. One walk of each container is exported, for code that rewrites files:
// [JPEGSegments], [PNGChunks], [RIFFChunks] and [Boxes].
package imageheader

import (
	"errors"
	"fmt"
	"time"

	"calotype"
)

// ErrFormat is returned for content that is not a picture of a known format.
var ErrFormat = errors.New("the content is not a picture of a known format")

// Header is what a picture's file declares about the picture.
type Header struct {
	Format calotype.Format
	// Width and Height are in pixels as stored, before a crop and a turn. For an animation
	// they are the canvas's.
	Width, Height int
	// Crop is the part of the stored picture that browsers show: all of it in most files.
	Crop Rect
	// Orientation is the turn that a browser applies, from 1 to 8, with the meanings of the
	// EXIF tag (CIPA DC-008, 4.6.4.A). It is 1 if browsers ignore the file's value.
	Orientation int
	// Natural is the size in CSS pixels if the file has one of its own (an EXIF resolution
	// of JPEG that browsers honour), after the turn; zero otherwise.
	Natural Size
	// Depth is in bits per sample; for a palette picture it is the depth of its colours.
	Depth int
	// Float means that the samples are floating-point numbers.
	Float bool
	// Channels counts colour and alpha as decoded: a palette picture has 3, or 4 with
	// alpha.
	Channels int
	// Alpha means that the picture has an alpha channel or a transparent colour.
	Alpha bool
	// Premultiplied means that the colours were multiplied by alpha.
	Premultiplied bool
	// Chroma is the subsampling of the colour channels, or empty if it does not apply.
	Chroma Chroma
	// Frames is above 1 for an animation.
	Frames int
	// Animation is set if the file holds an animation, even one of a single frame.
	Animation *Animation
	// Colour is what the file declares about its colours.
	Colour Colour
	// NoMetadata means that the file holds only what is needed to show the picture: no
	// EXIF, XMP, profile, comment, thumbnail, nor anything after its end. Unknown content
	// counts as metadata.
	NoMetadata bool
	// Damage describes what is broken after the header, if the container shows it; it is
	// empty if nothing was found. A damaged file may still be shown.
	Damage string

	// The fields of one format; only one of these is set. HEIC and AVIF share one.
	JPEG *JPEG
	PNG  *PNG
	WebP *WebP
	GIF  *GIF
	HEIF *HEIF
	TIFF *TIFF
	BMP  *BMP
	JXL  *JXL
	ICO  *ICO
}

// Size is a size in pixels.
type Size struct{ Width, Height int }

// Rect is a part of a picture, in pixels.
type Rect struct{ X, Y, Width, Height int }

// Chroma names the subsampling of the colour channels.
type Chroma string

// The subsamplings. Formats of three equally sampled channels that are not luma and
// chroma, such as PNG, have none.
const (
	Chroma444   Chroma = "4:4:4"
	Chroma422   Chroma = "4:2:2"
	Chroma420   Chroma = "4:2:0"
	Chroma440   Chroma = "4:4:0"
	Chroma411   Chroma = "4:1:1"
	Chroma410   Chroma = "4:1:0"
	Chroma400   Chroma = "4:0:0"
	ChromaOther Chroma = "other"
)

// chromaBy names the subsampling by the factors across and down.
func chromaBy(across, down int) Chroma {
	switch [2]int{across, down} {
	case [2]int{1, 1}:
		return Chroma444
	case [2]int{2, 1}:
		return Chroma422
	case [2]int{2, 2}:
		return Chroma420
	case [2]int{1, 2}:
		return Chroma440
	case [2]int{4, 1}:
		return Chroma411
	case [2]int{4, 2}:
		return Chroma410
	}
	return ChromaOther
}

// Animation is a picture's frames and how they are played.
type Animation struct {
	// Plays is how many times a browser plays the frames; zero is forever.
	Plays int
	// Frames are in order. A file without a frame table, such as a still that is marked as
	// an animation, has none.
	Frames []Frame
	// Background is the colour that the file requests (WebP, GIF), as RGBA. Browsers ignore
	// it and show transparency.
	Background [4]byte
}

// Frame is one picture of an animation.
type Frame struct {
	// X, Y, Width and Height are its area on the canvas.
	X, Y, Width, Height int32
	// Delay is the file's value. Browsers play delays of 10 ms and less as 100 ms.
	Delay time.Duration
	// Dispose is what happens to the frame's area before the next one is drawn.
	Dispose Dispose
	// Replace means that the frame replaces what is below it, alpha included; otherwise it
	// is drawn over it.
	Replace bool
	// Alpha means that the frame may have transparent pixels.
	Alpha bool
}

// Dispose is what happens to a frame's area when its time is over.
type Dispose uint8

// The kinds of disposal.
const (
	DisposeNone       Dispose = iota // It stays.
	DisposeBackground                // It becomes transparent.
	DisposePrevious                  // The former content is restored.
)

// parsers maps each format to its parser.
var parsers = map[calotype.Format]func(*Header, []byte) error{
	calotype.JPEG: parseJPEG,
	calotype.PNG:  parsePNG,
	calotype.WebP: parseWebP,
	calotype.GIF:  parseGIF,
	calotype.AVIF: parseHEIF,
	calotype.HEIC: parseHEIF,
	calotype.TIFF: parseTIFF,
	calotype.BMP:  parseBMP,
	calotype.JXL:  parseJXL,
	calotype.ICO:  parseICO,
}

// Parse reads the header of a picture. It returns [ErrFormat] for content of no known
// format, and another error if not even the size can be read. Damage after the header is
// not an error: see [Header.Damage].
func Parse(file []byte) (*Header, error) {
	format, ok := Sniff(file)
	if !ok {
		return nil, ErrFormat
	}
	h := &Header{Format: format, Orientation: 1, Frames: 1, Depth: 8}
	if err := parsers[format](h, file); err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	if h.Width < 1 || h.Height < 1 {
		return nil, fmt.Errorf("%s: a picture of %dx%d pixels", format, h.Width, h.Height)
	}
	if h.Crop == (Rect{}) {
		h.Crop = Rect{0, 0, h.Width, h.Height}
	}
	return h, nil
}

// Display returns the size in pixels of what a browser shows: cropped and turned.
func (h *Header) Display() Size {
	size := Size{h.Crop.Width, h.Crop.Height}
	if h.Orientation >= 5 {
		size.Width, size.Height = size.Height, size.Width
	}
	return size
}

// damaged records the first damage that was found.
func (h *Header) damaged(format string, args ...any) {
	if h.Damage == "" {
		h.Damage = fmt.Sprintf(format, args...)
	}
}
