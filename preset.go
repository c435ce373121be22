package calotype

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxSide is the maximum side of a preset's box in pixels. It is WebP's maximum, the
// smallest of the written formats.
const MaxSide = 16383

// Box is a maximum for a picture's size, in pixels.
type Box struct {
	Width, Height int
}

// Fit returns the size of a width x height picture scaled down to fit into the box with
// its aspect ratio preserved. The size is rounded to the nearest pixel, is at least 1x1,
// and never exceeds the original size.
func (b Box) Fit(width, height int) (int, int) {
	if width <= b.Width && height <= b.Height {
		return width, height
	}
	if b.Width*height <= b.Height*width {
		return b.Width, max(1, (2*height*b.Width+width)/(2*width))
	}
	return max(1, (2*width*b.Height+height)/(2*height)), b.Height
}

func (b Box) String() string {
	return strconv.Itoa(b.Width) + "x" + strconv.Itoa(b.Height)
}

func parseBox(s string) (Box, error) {
	w, h, ok := strings.Cut(s, "x")
	if !ok {
		return Box{}, fmt.Errorf("box %q is not WIDTHxHEIGHT", s)
	}
	var sides [2]int
	for i, side := range []string{w, h} {
		n, err := strconv.Atoi(side)
		if err != nil || n < 1 || n > MaxSide || strconv.Itoa(n) != side {
			return Box{}, fmt.Errorf("box %q: %q is not a number of pixels from 1 to %d", s, side, MaxSide)
		}
		sides[i] = n
	}
	return Box{sides[0], sides[1]}, nil
}

// Preset is a named box, in one size for wide pictures and one for tall and square
// pictures, and how a picture is shown in it.
type Preset struct {
	Name       string
	Wide, Tall Box
	Options
}

// BoxFor returns the box for a picture of the given size, after its orientation has been
// applied.
func (p Preset) BoxFor(width, height int) Box {
	if width > height {
		return p.Wide
	}
	return p.Tall
}

// boxes returns both boxes in the form of the presets file: "1200x628" if one follows from
// the other, otherwise "1200x628/600x900".
func (p Preset) boxes() string {
	if p.Tall == p.Fit.tall(p.Wide) {
		return p.Wide.String()
	}
	return p.Wide.String() + "/" + p.Tall.String()
}

// Signature returns what decides about the size, the crop and the format of the preset's
// renditions: its boxes in the form of the presets file, and its options. "1200x628" is a
// preset without options, "600x400 cover smart webp" one with some. Qualities are not
// included.
func (p Preset) Signature() string {
	return p.boxes() + p.Options.String()
}

// isPresetName reports whether s is a valid name. It does not use package regexp:
// compiling an expression takes a fifth of the decision's start-up time at the edge.
func isPresetName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return 1 <= len(s) && len(s) <= 32
}

// parseBoxes sets both boxes. A single one is for wide pictures, and rotated for the others;
// or for all pictures, if the renditions have its aspect ratio.
func (p *Preset) parseBoxes(boxes string) (err error) {
	wide, tall, both := strings.Cut(boxes, "/")
	if p.Wide, err = parseBox(wide); err != nil {
		return err
	}
	p.Tall = p.Fit.tall(p.Wide)
	if both {
		p.Tall, err = parseBox(tall)
	}
	return err
}

// Presets is a table of presets, in the order of its file.
type Presets []Preset

//go:embed presets.json
var defaultPresets []byte

//go:embed presets-web.json
var webPresets []byte

// DefaultPresets returns the built-in table, used unless an operator names another: four
// boxes for wide and tall pictures (L, M, S, XS) and four square ones.
func DefaultPresets() Presets {
	p, err := ParsePresets(defaultPresets)
	if err != nil {
		panic("embedded presets.json: " + err.Error())
	}
	return p
}

// WebPresets returns the other built-in table: widths from 320 to 3840 pixels, of any
// height, for pages that let the browser choose by srcset.
func WebPresets() Presets {
	p, err := ParsePresets(webPresets)
	if err != nil {
		panic("embedded presets-web.json: " + err.Error())
	}
	return p
}

// Widths returns the presets that limit a picture's width only, from narrow to wide.
func (p Presets) Widths() Presets {
	var widths Presets
	for _, preset := range p {
		if preset.Fit == FitInside && preset.Wide == preset.Tall && preset.Wide.Height == MaxSide {
			widths = append(widths, preset)
		}
	}
	slices.SortStableFunc(widths, func(a, b Preset) int { return cmp.Compare(a.Wide.Width, b.Wide.Width) })
	return widths
}

// Lookup returns the preset with a name.
func (p Presets) Lookup(name string) (Preset, bool) {
	for _, preset := range p {
		if preset.Name == name {
			return preset, true
		}
	}
	return Preset{}, false
}
