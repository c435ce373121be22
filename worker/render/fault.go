package render

import (
	"errors"
	"slices"
	"strings"

	"calotype"
	"calotype/worker/failure"
	"calotype/worker/imageheader"
)

// The classes of faults: at most 64 ASCII characters, for people and for metadata.
const (
	ClassUnsupported   = failure.UnsupportedFormat
	ClassCorrupt       = failure.Corrupt
	ClassTooManyBytes  = failure.TooManyBytes
	ClassTooManyPixels = failure.TooManyPixels
	ClassTooManyFrames = failure.TooManyFrames
	ClassTooSlow       = failure.TooSlow
)

// The classes of what a header alone shows to be too costly.
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

// corrupt is the fault of a picture that a decoder gave up on, or that is of a kind
// which its decoder does not know.
func corrupt(format calotype.Format, err error) *failure.Failure {
	detail := oneLine(err.Error())
	switch {
	case detail == "":
		detail = errSilent.Error()
	case strings.Contains(detail, "not supported"):
		return faultf(ClassUnsupported, "%s", detail) // Only the text says so.
	}
	return faultf(ClassCorrupt, "%s", detail)
}

var errSilent = errors.New("the decoder gave up and did not say why")

// oneLine folds what libvips says of a picture, a line for each of its layers and often
// the same one again, into one line of at most about 200 bytes: the last, since what
// comes of it is at the end. govips adds a stack.
func oneLine(s string) string {
	const most = 200
	s, _, _ = strings.Cut(s, "\nStack:")
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(s, "?")), "\n")
	// A decoder that looks for something beyond the end says so many times; what it
	// made of that comes last.
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
