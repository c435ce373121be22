//go:build cgo

package render

import "testing"

func TestShortcomingNamesTheRemedy(t *testing.T) {
	for version, want := range map[string]string{
		"1.15.1": "libheif 1.15.1 cannot read HEIC of iPhones since iOS 18: 1.18 or newer is needed",
		"1.17.9": "libheif 1.17.9 cannot read HEIC of iPhones since iOS 18: 1.18 or newer is needed",
		"1.18.0": "",
		"1.23.6": "",
		"":       "",
	} {
		if got := iOS18.of(version); got != want {
			t.Errorf("%q: got %q, want %q", version, got, want)
		}
	}
}

// The sentences about this machine's libraries match their versions.
func TestShortcomingsAreOfTheLoadedLibraries(t *testing.T) {
	version := loadedVersion("libheif")
	if version == "" {
		t.Fatal("libheif gives no version")
	}
	said := len(Shortcomings()) > 0
	if want := older(version, iOS18.fixed); said != want {
		t.Errorf("libheif %s: %q", version, Shortcomings())
	}
}
