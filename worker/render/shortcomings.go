//go:build cgo

package render

import (
	"fmt"
	"slices"
	"strings"
)

// shortcoming is a kind of picture that a library cannot read before some version. The
// platform is Debian 13; Debian 12's libraries have some.
type shortcoming struct {
	library string
	fixed   [3]int // The first version that can.
	cannot  string
	phrases []string // Parts of the library's messages about such a picture.
}

// iOS18 is the format that iPhone 15 and later write since iOS 18: the picture and its tone
// map share an auxiliary picture or an EXIF item.
// https://github.com/strukturag/libheif/issues/1190
var iOS18 = shortcoming{
	"libheif", [3]int{1, 18, 0}, "cannot read HEIC of iPhones since iOS 18",
	[]string{"Too many auxiliary image references", "Metadata not correctly assigned to image"},
}

var shortcomings = []shortcoming{iOS18}

// Shortcomings returns a sentence for each kind of picture that the loaded libraries cannot
// read, with the version that can: "libheif 1.15.1 cannot read HEIC of iPhones since iOS
// 18: 1.18 or newer is needed". Call it after [Start].
func Shortcomings() []string {
	var sentences []string
	for _, s := range shortcomings {
		if sentence := s.sentence(loadedVersion(s.library)); sentence != "" {
			sentences = append(sentences, sentence)
		}
	}
	if sentence := jxlLacks(); sentence != "" {
		sentences = append(sentences, sentence)
	}
	return sentences
}

// sentence returns the sentence about a version of the library, or "" if it has no shortcoming or
// its version is unknown.
func (s shortcoming) sentence(version string) string {
	if version == "" || !older(version, s.fixed) {
		return ""
	}
	fixed := fmt.Sprintf("%d.%d", s.fixed[0], s.fixed[1])
	if s.fixed[2] > 0 {
		fixed += fmt.Sprintf(".%d", s.fixed[2])
	}
	return fmt.Sprintf("%s %s %s: %s or newer is needed", s.library, version, s.cannot, fixed)
}

// remedy returns the sentence about the shortcoming of a loaded library that explains a
// decoder's message, or "". Only the message reveals it: libheif has one code for all.
func remedy(detail string) string {
	for _, s := range shortcomings {
		if slices.ContainsFunc(s.phrases, func(part string) bool { return strings.Contains(detail, part) }) {
			return s.sentence(loadedVersion(s.library))
		}
	}
	return ""
}

// loadedVersion returns the version of a library in the list, or "" if it reports none.
func loadedVersion(name string) string {
	for _, l := range libraries {
		if l.name == name {
			return l.version()
		}
	}
	return ""
}
