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
	"time"

	"calotype"
	"calotype/worker/animation"
)

// Limits bound one picture; a zero is no limit. All but Time are checked against its
// header, before anything is decoded.
type Limits struct {
	// Pixels bounds width x height x frames.
	Pixels int64
	// Frames bounds an animation.
	Frames int
	// Lenient renders what can be decoded of a damaged picture, and marks the
	// renditions as [Rendition.Damaged]. Otherwise such a picture is a fault.
	Lenient bool
	// Time bounds how long one picture is worked on. A step of that cannot be
	// interrupted, so it is looked at between steps.
	Time time.Duration
}

// Picture is a source whose header has been read.
type Picture struct {
	// Format is what the bytes are, whatever the key says.
	Format calotype.Format
	// Width and Height are what a browser shows: turned by the orientation, and scaled by
	// an EXIF resolution that browsers honour.
	Width, Height int
	// Frames is above 1 for an animation.
	Frames int

	body          []byte
	coded         []byte // What is decoded: the body, or a copy that says less.
	limits        Limits
	stored        size              // Before the turn, in pixels.
	orientation   int               // EXIF's, 1 to 8
	palette       bool              // a PNG of palette colours
	plain         bool              // nothing to remove, turn or convert
	inSRGB        bool              // no colours to convert, and no alpha
	profile       []byte            // the ICC profile to convert from, or nil
	conversion    *conversion       // the other colours to convert from, or nil
	premultiplied bool              // colours are multiplied by alpha
	damaged       bool              // known once it is decoded
	animation     *animation.Reader // nil for a still, unless it is a GIF
	sequence      *sequence         // of an AVIF that is animated
}

// Target is a rendition that is wanted.
type Target struct {
	// Width and Height are in pixels, at most the picture's own and of its aspect,
	// as [calotype.Box.Fit] gives them.
	Width, Height int
	// Format is what to write.
	Format calotype.Format
	// Quality is from 1 to 100, on the scale of JPEG's.
	Quality int
}

// Target returns what a variant of this picture is: the preset's box for its shape, in
// the variant's format or its own. An animation in AVIF is not written: it becomes WebP,
// which moves wherever AVIF is shown.
func (p *Picture) Target(v calotype.Variant, preset calotype.Preset, quality int) Target {
	t := Target{Format: v.Format, Quality: quality}
	if t.Format == "" {
		t.Format = p.Format.Own()
	}
	if t.Format == calotype.AVIF && p.Frames > 1 {
		t.Format = calotype.WebP
	}
	t.Width, t.Height = preset.BoxFor(p.Width, p.Height).Fit(p.Width, p.Height)
	return t
}

// Rendition is an encoded picture.
type Rendition struct {
	Body []byte
	// Format is what the bytes are.
	Format        calotype.Format
	Width, Height int
	// Damaged says that the source is broken, and that this is as much of it as could be
	// decoded: what is missing is transparent, or white.
	Damaged bool
	// AsIs says that the bytes are the source's own, and so are Width and Height, which
	// may be beyond the target's: it is no heavier than what would have been made of
	// it, and there is nothing to remove, turn or convert.
	AsIs bool
	// Undecoded says of a source that is passed through as it is that it is an animation
	// which the libraries here cannot decode.
	Undecoded bool
}

// moves reports whether animations are written in a format.
func moves(f calotype.Format) bool {
	return f == calotype.GIF || f == calotype.WebP || f == calotype.PNG
}

// turned reports whether an orientation swaps width and height.
func turned(orientation int) bool { return orientation >= 5 }

// recoverFault turns a panic of a decoder written in Go into a fault.
func recoverFault(err *error) {
	if r := recover(); r != nil {
		*err = faultf(ClassCorrupt, "decoder panic: %v", r)
	}
}
