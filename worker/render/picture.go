// Package render turns a source's bytes into encoded renditions with libvips: one
// decode, then every size and format from what was decoded. It is the only
// package that knows libvips and the only one that needs cgo. It knows nothing of
// buckets, keys or jobs.
//
//	picture, err := render.Open(body, limits)     // reads the header, refuses what is over a limit
//	for rendition, err := range picture.Render(targets) { ... }
//
// An error of type [*failure.Failure] is the picture's own; every other one is the machine's.
package render

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"calotype"
	"calotype/worker/animation"
	"calotype/worker/failure"
	"calotype/worker/imageheader"
	"calotype/worker/thumbhash"
)

// Limits bound one picture; zero means no limit. All but Time are checked against its
// header, before anything is decoded.
type Limits struct {
	// Pixels bounds width x height x frames.
	Pixels int64
	// Frames bounds an animation.
	Frames int
	// Lenient renders what can be decoded of a damaged picture, and marks the
	// renditions as [Rendition.Damaged]. Otherwise such a picture is a fault.
	Lenient bool
	// Time bounds the processing time of one picture. It is checked between steps, because
	// a step cannot be interrupted.
	Time time.Duration
}

// Picture is a source whose header has been read.
type Picture struct {
	// Format is the format of the bytes, whatever the key's extension is.
	Format calotype.Format
	// Width and Height are the size that a browser shows: turned by the orientation, and
	// scaled by an EXIF resolution that browsers honour.
	Width, Height int
	// Frames is above 1 for an animation.
	Frames int

	body          []byte
	coded         []byte // What is decoded: the body, or a copy with fewer properties.
	header        *imageheader.Header
	limits        Limits
	stored        calotype.Box      // Before the turn, in pixels.
	orientation   int               // EXIF's, 1 to 8
	palette       bool              // a PNG of palette colours
	plain         bool              // nothing to remove, turn or convert
	clean         sync.Once         // Sets cleaned.
	cleaned       []byte            // The body without metadata, or nil.
	inRows        bool              // the samples are grey or RGB of 8 bits, without alpha
	profile       []byte            // the ICC profile to convert from, or nil
	conversion    *conversion       // the other colours to convert from, or nil
	premultiplied bool              // colours are multiplied by alpha
	damaged       atomic.Bool       // known once it is decoded
	animation     *animation.Reader // nil for a still, unless it is a GIF
	sequence      *sequence         // of an AVIF or a JPEG XL that is animated
}

// Target is a requested rendition.
type Target struct {
	// Width and Height are the rendition's, in pixels.
	Width, Height int
	// Format is the format to write.
	Format calotype.Format
	// Quality is from 1 to 100, on JPEG's scale.
	Quality int
	// Whole is the size of the whole picture, if the rendition shows a part of it, or puts it
	// on a background. The zero Box means that the rendition is the whole picture.
	Whole calotype.Box
	// Gravity is the part, or the place on the background. Focal is the point for gravities
	// that are not of the compass; without one it is searched for.
	Gravity calotype.Gravity
	Focal   calotype.Focal
	// Background is what transparent pixels are shown on, and what is around the picture.
	Background calotype.Colour
	// Describe asks for a description instead of a rendition: see [Picture.Describe].
	Describe bool

	lossless bool // Animated WebP is encoded without loss.
}

// Target returns the target for a variant of this picture: the preset's layout for its size,
// in the variant's format, the preset's, or its own. The focal point is the caller's to add.
// Animations are not written as AVIF or JPEG XL: they
// become WebP, which is animated wherever those are shown.
func (p *Picture) Target(v calotype.Variant, preset calotype.Preset, quality int) Target {
	t := Target{Format: v.Format, Background: preset.Background}
	if t.Format == "" {
		t.Format = cmp.Or(preset.Format, p.Format.Own())
	}
	if (t.Format == calotype.AVIF || t.Format == calotype.JXL) && p.Frames > 1 {
		t.Format = calotype.WebP
	}
	t.Quality = preset.Quality.For(t.Format, quality)
	layout := preset.Layout(p.Width, p.Height)
	t.Width, t.Height = layout.Rendition.Width, layout.Rendition.Height
	if layout.Scaled != layout.Rendition {
		t.Whole, t.Gravity = layout.Scaled, preset.Gravity
	}
	return t
}

// Describe returns the target for the picture's ThumbHash and main colour. With a part other
// than the zero Box, it is that for the [Description.Attention] of smart crops of this part.
func (p *Picture) Describe(part calotype.Box) Target {
	if part != (calotype.Box{}) {
		whole := calotype.Box{Width: calotype.PartScale, Height: calotype.PartScale}
		return Target{Describe: true, Width: part.Width, Height: part.Height, Whole: whole, Gravity: calotype.GravitySmart}
	}
	box := calotype.Box{Width: thumbhash.MaxSide, Height: thumbhash.MaxSide}
	width, height := box.Fit(p.Width, p.Height)
	return Target{Describe: true, Width: width, Height: height}
}

// Description is what a target with [Target.Describe] asks for. It is zero for an animation
// that the libraries cannot decode.
type Description struct {
	// ThumbHash is the hash of the first frame, see package thumbhash.
	ThumbHash []byte
	// Colour is the most frequent one, or none if every pixel is transparent.
	Colour calotype.Colour
	// Attention is the point that a smart crop has in its middle, where possible.
	Attention calotype.Focal
}

// withoutJXL returns the targets with WebP in place of JPEG XL, if that is not written here.
// Browsers that show JPEG XL show WebP too.
func withoutJXL(targets []Target) []Target {
	if usesJXL() {
		return targets
	}
	some := slices.Clone(targets)
	for i := range some {
		if some[i].Format == calotype.JXL {
			some[i].Format = calotype.WebP
		}
	}
	return some
}

// Rendition is an encoded picture.
type Rendition struct {
	Body []byte
	// Description is set in place of all other fields but Damaged if the target asks for it.
	Description *Description
	// Format is the format of the bytes.
	Format        calotype.Format
	Width, Height int
	// Damaged means that the source is broken, and that the rendition shows what could be
	// decoded: missing parts are transparent, or white.
	Damaged bool
	// AsIs means that the bytes are the source itself, and so are Width and Height, which
	// may exceed the target's. The source is no larger in bytes than a rendition would be,
	// and there is nothing to remove, turn or convert. If there is only metadata to remove,
	// the rendition is the rest of the source, with its size, and AsIs is false.
	AsIs bool
	// Undecoded means that a source is passed through because it is an animation that the
	// libraries cannot decode.
	Undecoded bool
}

// animates reports whether animations are written in a format.
func animates(f calotype.Format) bool {
	return f == calotype.GIF || f == calotype.WebP || f == calotype.PNG
}

// animated returns those of the targets whose renditions are animated, each once.
func (p *Picture) animated(targets []Target) (animated []Target) {
	for _, t := range targets {
		if p.Frames > 1 && animates(t.Format) && !t.Describe && !slices.Contains(animated, t) {
			animated = append(animated, t)
		}
	}
	return animated
}

// swapsSides reports whether an orientation swaps width and height.
func swapsSides(orientation int) bool { return orientation >= 5 }

// recoverFault turns a panic of a decoder written in Go into a failure.
func recoverFault(err *error) {
	if r := recover(); r != nil {
		*err = failure.New(failure.Corrupt, "decoder panic: %v", r)
	}
}
