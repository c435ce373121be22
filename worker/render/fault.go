package render

import (
	"errors"
	"slices"
	"strings"

	"calotype/worker/failure"
	"calotype/worker/imageheader"
)

// The classes of failures: at most 64 ASCII characters, for people and for metadata.
const (
	ClassUnsupported   = failure.UnsupportedFormat
	ClassCorrupt       = failure.Corrupt
	ClassTooManyBytes  = failure.TooManyBytes
	ClassTooManyPixels = failure.TooManyPixels
	ClassTooManyFrames = failure.TooManyFrames
	ClassTooSlow       = failure.TooSlow
)

// The classes of pictures whose header alone shows that they cost too much.
const (
	ClassTooManyScans    = imageheader.ClassTooManyScans
	ClassTooManyChunks   = imageheader.ClassTooManyChunks
	ClassTooManyChannels = imageheader.ClassTooManyChannels
	ClassDerivedImages   = imageheader.ClassDerivedImages
	ClassSizeMismatch    = imageheader.ClassSizeMismatch
)

func faultf(class, format string, args ...any) *failure.Failure {
	return failure.New(class, format, args...)
}

// corrupt is the failure of a picture that a decoder gave up on, or of a kind that its
// decoder does not support.
func corrupt(err error) *failure.Failure {
	detail := oneLine(err.Error())
	if sentence := remedy(err.Error()); sentence != "" {
		return faultf(ClassUnsupported, "%s; %s", detail, sentence)
	}
	switch {
	case detail == "":
		detail = errSilent.Error()
	case slices.ContainsFunc(unsupported, func(words string) bool { return strings.Contains(detail, words) }):
		return faultf(ClassUnsupported, "%s", detail)
	}
	return faultf(ClassCorrupt, "%s", detail)
}

// unsupported are the words of decoders for a kind of picture that they do not know. No
// library has a code for it.
var unsupported = []string{"not supported", "not configured", "can not handle"}

var errSilent = errors.New("the decoder gave up without a reason")

// oneLine folds libvips's messages about a picture, one line per layer and often repeated,
// into one line of at most about 200 bytes. It keeps the last one, because the consequence
// is at the end. govips adds a stack.
func oneLine(s string) string {
	const most = 200
	s, _, _ = strings.Cut(s, "\nStack:")
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(s, "?")), "\n")
	// A decoder that reads beyond the end reports this many times; its conclusion comes
	// last.
	isSeek := func(line string) bool { return strings.HasPrefix(line, "source: bad seek") }
	if len(lines) > 0 && !isSeek(lines[len(lines)-1]) {
		lines = slices.DeleteFunc(lines, isSeek)
	}
	s = strings.Join(slices.Compact(lines), "; ")
	if len(s) > most {
		s = "…" + strings.ToValidUTF8(s[len(s)-most:], "")
	}
	return s
}
