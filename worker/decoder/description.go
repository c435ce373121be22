package decoder

import (
	"errors"

	"calotype"
	"calotype/worker/render"
)

// maxThumbHash is the length of the longest ThumbHash, in bytes.
const maxThumbHash = 25

var (
	errNoBytes     = errors.New("a rendition without bytes")
	errDescription = errors.New("a description that was not asked for, or is none")
)

// checkAnswer checks what a process sent for a target. A picture may control it, and a
// description is stored where viewers see it.
func checkAnswer(t render.Target, r render.Rendition) error {
	d := r.Description
	if !t.Describe {
		switch {
		case d != nil:
			return errDescription
		case len(r.Body) == 0:
			return errNoBytes
		}
		return nil
	}
	if d == nil || len(r.Body) > 0 || len(d.ThumbHash) > maxThumbHash {
		return errDescription
	}
	if d.Colour != "" {
		if colour, err := calotype.ParseColour(string(d.Colour)); err != nil || colour != d.Colour {
			return errDescription
		}
	}
	if d.Attention != "" {
		if x, y, ok := d.Attention.Point(); !ok || d.Attention != calotype.FocalAt(x, y) || !(x >= 0 && x <= 1 && y >= 0 && y <= 1) {
			return errDescription
		}
	}
	return nil
}
