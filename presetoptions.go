package calotype

import (
	"fmt"
	"slices"
	"strings"
)

// Options are what a preset says besides its boxes. The zero Options scale the whole picture
// down into the box, in its own format. They are comparable.
type Options struct {
	Fit Fit
	// Gravity is the part of the picture that cover keeps, or where pad places it.
	Gravity Gravity
	// Background is what pad fills the box with, and what transparent pixels are shown on.
	// Without one, both stay transparent where the format allows it, and are white elsewhere.
	Background Colour
	// Enlarge scales small pictures up.
	Enlarge bool
	// Format is the format of the plain variant. The zero Format is the source's own.
	Format Format
	// Quality replaces the quality of jobs and workers.
	Quality Qualities
}

// String returns the options that a rendition records with its boxes, each after a space.
// Qualities are recorded by themselves.
func (o Options) String() string {
	var words []string
	if o.Fit != FitInside {
		words = append(words, string(o.Fit))
	}
	if o.Gravity != GravityCentre {
		words = append(words, string(o.Gravity))
	}
	if o.Enlarge {
		words = append(words, "enlarge")
	}
	if o.Background != "" {
		words = append(words, string(o.Background))
	}
	if o.Format != "" {
		words = append(words, string(o.Format))
	}
	if len(words) == 0 {
		return ""
	}
	return " " + strings.Join(words, " ")
}

// WithoutQuality returns the options without Quality, to compare how two presets show a
// picture.
func (o Options) WithoutQuality() Options {
	o.Quality = Qualities{}
	return o
}

// Fit is how a picture is brought into a preset's box.
type Fit string

const (
	// FitInside scales the whole picture to be no larger than the box.
	FitInside Fit = ""
	// FitCover fills the box and cuts off what exceeds it.
	FitCover Fit = "cover"
	// FitPad puts the whole picture into the box and fills the rest with the background.
	FitPad Fit = "pad"
)

func parseFit(s string) (Fit, error) {
	switch s {
	case "inside":
		return FitInside, nil
	case "cover", "pad":
		return Fit(s), nil
	}
	return "", fmt.Errorf("fit %q: want inside, cover or pad", s)
}

// tall returns the box for tall pictures if there is only one box. Inside a box, a tall
// picture is as large as a wide one. A rendition that fills the box always has the box's
// aspect ratio.
func (f Fit) tall(wide Box) Box {
	if f == FitInside {
		return Box{wide.Height, wide.Width}
	}
	return wide
}

// Gravity says which part a crop keeps, or where padding places the picture.
type Gravity string

const (
	// GravityCentre is the middle.
	GravityCentre Gravity = ""
	// GravitySmart is what attracts attention: detail, skin and saturated colours.
	GravitySmart Gravity = "smart"
	// GravityFocal is the source's [Focal] point, or what attracts attention if it has none.
	GravityFocal Gravity = "focal"
)

// compass maps the other gravities to their column and row: 0, 1 or 2.
var compass = map[Gravity][2]int{
	"northwest": {0, 0}, "north": {1, 0}, "northeast": {2, 0},
	"west": {0, 1}, GravityCentre: {1, 1}, "east": {2, 1},
	"southwest": {0, 2}, "south": {1, 2}, "southeast": {2, 2},
}

// Compass returns the column and the row of a compass point: 0, 1 or 2. It reports false
// for gravities that depend on the picture.
func (g Gravity) Compass() (column, row int, ok bool) {
	at, ok := compass[g]
	return at[0], at[1], ok
}

// gravityNames are the gravities of the presets file.
var gravityNames = []string{"centre", "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest", "smart", "focal"}

func parseGravity(s string) (Gravity, error) {
	switch {
	case s == "centre", s == "center":
		return GravityCentre, nil
	case slices.Contains(gravityNames, s):
		return Gravity(s), nil
	}
	return "", fmt.Errorf("gravity %q: want a compass point such as north or southwest, or centre, smart or focal", s)
}

// Colour is an opaque colour, written "#rrggbb" in lower case, or none if it is empty.
type Colour string

// ParseColour parses "#fff" or "#ffffff", in upper or lower case.
func ParseColour(s string) (Colour, error) {
	digits, ok := strings.CutPrefix(strings.ToLower(s), "#")
	if !ok || len(digits) != 3 && len(digits) != 6 || strings.Trim(digits, "0123456789abcdef") != "" {
		return "", fmt.Errorf("background %q: want a colour such as #fff or #ffffff", s)
	}
	if len(digits) == 3 {
		digits = strings.Join([]string{digits[:1], digits[:1], digits[1:2], digits[1:2], digits[2:], digits[2:]}, "")
	}
	return Colour("#" + digits), nil
}

// RGB returns the colour's parts. The empty colour counts as white.
func (c Colour) RGB() (rgb [3]uint8) {
	if _, err := fmt.Sscanf(string(c), "#%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2]); err != nil {
		return [3]uint8{255, 255, 255}
	}
	return rgb
}

// Qualities are the qualities of formats that have one, 1 to 100; 0 leaves a format's to the
// job and the worker.
type Qualities struct {
	JPEG, WebP, AVIF, JXL uint8
}

// qualityFormats are the formats that have a quality.
var qualityFormats = []Format{JPEG, WebP, AVIF, JXL}

// of returns where a format's quality is stored, or nil if the format has none.
func (q *Qualities) of(f Format) *uint8 {
	switch f {
	case JPEG:
		return &q.JPEG
	case WebP:
		return &q.WebP
	case AVIF:
		return &q.AVIF
	case JXL:
		return &q.JXL
	}
	return nil
}

// For returns the quality for a format, or else other.
func (q Qualities) For(f Format, other int) int {
	if own := q.of(f); own != nil && *own != 0 {
		return int(*own)
	}
	return other
}
