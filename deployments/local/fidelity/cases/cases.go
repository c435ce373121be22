// Package cases writes small pictures that browsers show in a known way: one file for each
// way that a format expresses orientation, colour, alpha, animation or damage. Bytes are
// written by hand, except for a few coded pictures (see payloads.go), so that the cases are
// the same on every machine.
package cases

import (
	"cmp"
	"fmt"
	"slices"
)

// Case is a picture of one class.
type Case struct {
	// Name is a file name, with the extension of the format.
	Name string
	// Class names what the picture is about: see [Classes].
	Class string
	Body  []byte
	// Want is what the picture shows, for formats that Chromium does not show.
	Want *Want
}

// Want is a picture of four quadrants.
type Want struct {
	Width, Height int
	// Colours are those of the quadrants: top left, top right, bottom left, bottom right.
	Colours [4]Colour
}

// Colour is red, green, blue and alpha in sRGB, not premultiplied.
type Colour [4]uint8

// Width and Height are those of most cases, before the turn.
const (
	Width  = 160
	Height = 96
)

// Quadrants are the colours of most cases, upright: each picture shows by its quadrants
// how it is turned. Their values mean colours within sRGB in every colour space used.
var Quadrants = [4]Colour{{200, 60, 50, 255}, {60, 160, 70, 255}, {60, 80, 190, 255}, {235, 220, 150, 255}}

// greys are the quadrants of pictures without colour, and softs the alpha values of those
// with alpha.
var (
	greys = [4]uint8{180, 60, 120, 240}
	softs = [4]uint8{255, 190, 62, 0}
)

// All returns every case, ordered by class.
func All() []Case {
	var s set
	for _, add := range []func(*set){
		addPNG, addPNGColour, addPNGDamage, addAPNG,
		addJPEG, addJPEGTurn, addJPEGColour, addJPEGDamage,
		addGIF, addWebP, addBMP, addICO, addAVIF, addHEIC, addTIFF, addJXL,
	} {
		add(&s)
	}
	order := map[string]int{}
	for i, c := range Classes {
		order[c.Name] = i
	}
	slices.SortStableFunc(s.cases, func(a, b Case) int { return cmp.Compare(order[a.Class], order[b.Class]) })
	return s.cases
}

// set collects cases.
type set struct {
	cases []Case
	names map[string]bool
}

func (s *set) add(class, name string, parts ...[]byte) *Case {
	if s.names == nil {
		s.names = map[string]bool{}
	}
	if s.names[name] {
		panic(fmt.Sprintf("two cases are named %s", name))
	}
	s.names[name] = true
	s.cases = append(s.cases, Case{Name: name, Class: class, Body: slices.Concat(parts...)})
	return &s.cases[len(s.cases)-1]
}

// shows sets what a case shows, for a format that browsers do not.
func (c *Case) shows(width, height int, colours [4]Colour) {
	c.Want = &Want{width, height, colours}
}

// quadrant is 0 to 3, for a pixel of a picture.
func quadrant(x, y, width, height int) int {
	q := 0
	if 2*x >= width {
		q = 1
	}
	if 2*y >= height {
		q += 2
	}
	return q
}
