//go:build cgo

package render

import (
	"strings"
	"testing"
)

func TestOlder(t *testing.T) {
	floor := [3]int{8, 14, 1}
	for version, want := range map[string]bool{
		"8.14.0": true, "8.13.9": true, "7.99.99": true, "8.14.x": true, "": true,
		"8.14.1": false, "8.14.10": false, "8.15.0": false, "8.100.0": false, "9.0": false, "8.14": false,
	} {
		if got := older(version, floor); got != want {
			t.Errorf("%q: got %v", version, got)
		}
	}
}

// The loaded libraries report their versions, and are new enough.
func TestLibraries(t *testing.T) {
	if err := checkLibraries(); err != nil {
		t.Error(err)
	}
	list := Libraries()
	if !strings.HasPrefix(list, "libvips 8.") {
		t.Errorf("got %q", list)
	}
	// These have the same file names everywhere; the others may not.
	for _, name := range []string{"libwebp", "libpng", "lcms"} {
		if !strings.Contains(list, ", "+name+" ") {
			t.Errorf("no version of %s in %q", name, list)
		}
	}
	if hasOperation("VipsForeignLoad", "no_such_thing") {
		t.Error("a non-existing library was found")
	}
}
