//go:build !cgo

package render

import (
	"errors"
	"iter"
)

var errNoLibvips = errors.New("this program was built without libvips: build it with CGO_ENABLED=1")

// Start returns an error: this build makes no renditions. The rest of the program, such as
// calotype edge, works without.
func Start() error { return errNoLibvips }

// Stop does nothing.
func Stop() {}

// Libraries returns none.
func Libraries() string { return "no libvips" }

// Shortcomings returns none.
func Shortcomings() []string { return nil }

func usesJXL() bool { return false }

func remedy(string) string { return "" }

// Encoder returns no name.
func Encoder() string { return "none" }

// NativeMemory returns zero.
func NativeMemory() Native { return Native{} }

// KeepMemory does nothing.
func KeepMemory() {}

// ReturnMemory does nothing.
func ReturnMemory() {}

// Open returns an error.
func Open([]byte, Limits) (*Picture, error) { return nil, errNoLibvips }

// Render yields an error.
func (p *Picture) Render([]Target) iter.Seq2[Rendition, error] {
	return func(yield func(Rendition, error) bool) { yield(Rendition{}, errNoLibvips) }
}

// size and sequence are fields of a picture, which is never opened here.
type (
	size     struct{}
	sequence struct{}
)
