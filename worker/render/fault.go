package render

import (
	"errors"
	"slices"
	"strings"

	"calotype/worker/failure"
)

// corrupt is the failure of a picture that a decoder gave up on, or of a kind that its
// decoder does not support.
func corrupt(err error) *failure.Failure {
	detail := oneLine(err.Error())
	if sentence := remedy(err.Error()); sentence != "" {
		return failure.New(failure.UnsupportedFormat, "%s; %s", detail, sentence)
	}
	switch {
	case detail == "":
		detail = errSilent.Error()
	case slices.ContainsFunc(unsupported, func(phrase string) bool { return strings.Contains(detail, phrase) }):
		return failure.New(failure.UnsupportedFormat, "%s", detail)
	}
	return failure.New(failure.Corrupt, "%s", detail)
}

// unsupported are phrases of decoders about a kind of picture that they do not know. No
// library has a code for it.
var unsupported = []string{"not supported", "not configured", "can not handle"}

var errSilent = errors.New("the decoder gave up without a reason")

// oneLine folds libvips's messages about a picture, one line per layer and often repeated,
// into one line of at most about 200 bytes. It keeps the last one, because the consequence
// is at the end. govips adds a stack.
func oneLine(s string) string {
	const maxBytes = 200
	s, _, _ = strings.Cut(s, "\nStack:")
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(s, "?")), "\n")
	// A decoder that reads beyond the end reports this many times; its conclusion comes
	// last.
	isSeek := func(line string) bool { return strings.HasPrefix(line, "source: bad seek") }
	if len(lines) > 0 && !isSeek(lines[len(lines)-1]) {
		lines = slices.DeleteFunc(lines, isSeek)
	}
	s = strings.Join(slices.Compact(lines), "; ")
	if len(s) > maxBytes {
		s = "…" + strings.ToValidUTF8(s[len(s)-maxBytes:], "")
	}
	return s
}
