package imageheader

import "testing"

func TestOrientationAfter(t *testing.T) {
	for o := 1; o <= 8; o++ {
		if got := orientationAfter(o, 1); got != o {
			t.Errorf("%d, then none: got %d", o, got)
		}
		if got := orientationAfter(1, o); got != o {
			t.Errorf("none, then %d: got %d", o, got)
		}
	}
	for c, want := range map[[2]int]int{{6, 6}: 3, {6, 8}: 1, {6, 2}: 5, {2, 6}: 7, {5, 5}: 1, {7, 7}: 1, {3, 4}: 2} {
		if got := orientationAfter(c[0], c[1]); got != want {
			t.Errorf("%d, then %d: got %d, want %d", c[0], c[1], got, want)
		}
	}
}

// A part of the shown picture is the same pixel in the stored one: here the upper left
// corner, which the tables of the EXIF tag name.
func TestStoredRect(t *testing.T) {
	size := Size{4, 3}
	corner := Rect{0, 0, 1, 1}
	for o, want := range map[int]Rect{
		1: {0, 0, 1, 1}, 2: {3, 0, 1, 1}, 3: {3, 2, 1, 1}, 4: {0, 2, 1, 1},
		5: {0, 0, 1, 1}, 6: {0, 2, 1, 1}, 7: {3, 2, 1, 1}, 8: {3, 0, 1, 1},
	} {
		if got := corner.stored(size, o); got != want {
			t.Errorf("%d: got %v, want %v", o, got, want)
		}
	}
	if got, want := (Rect{1, 1, 1, 2}).stored(size, 6), (Rect{1, 1, 2, 1}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
