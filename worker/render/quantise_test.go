//go:build cgo

package render

import "testing"

// An opaque colour never becomes the transparent entry, however dark it is.
func TestNearestKeepsOpaque(t *testing.T) {
	means := []cluster{{at: [4]float32{0, 0, 0, 0}}, {at: [4]float32{255, 255, 255, 255}}}
	starts := startsOf(means)
	if number, _ := nearest(means, &starts, [4]float32{4, 4, 4, 255}); number != 1 {
		t.Error("black became transparent")
	}
	if number, _ := nearest(means, &starts, [4]float32{0, 0, 0, 0}); number != 0 {
		t.Error("transparent became white")
	}
}

// A picture without a visible pixel has no colours.
func TestSplitNothing(t *testing.T) {
	if means := split(nil, 16); len(means) != 0 {
		t.Errorf("got %v", means)
	}
}
