//go:build !cgo

package render

import (
	"errors"
	"iter"
)

var errNoLibvips = errors.New("this program was built without libvips: build it with CGO_ENABLED=1")

// Start says that this build makes no renditions. The rest of the program, such as
// the HTTP edge, works without.
func Start() error { return errNoLibvips }

// Stop has nothing to end.
func Stop() {}

// Libraries says that there are none.
func Libraries() string { return "no libvips" }

// Shortcomings has no library to speak of.
func Shortcomings() []string { return nil }

// Encoder names no library.
func Encoder() string { return "none" }

// NativeMemory holds nothing.
func NativeMemory() Native { return Native{} }

// Open opens nothing.
func Open([]byte, Limits) (*Picture, error) { return nil, errNoLibvips }

// Render renders nothing.
func (p *Picture) Render([]Target) iter.Seq2[Rendition, error] {
	return func(yield func(Rendition, error) bool) { yield(Rendition{}, errNoLibvips) }
}

// size and sequence are fields of a picture, which is never opened here.
type (
	size     struct{}
	sequence struct{}
)
