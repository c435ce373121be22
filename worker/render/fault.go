package render

import (
	"fmt"
	"slices"
	"strings"
)

// The classes of faults: at most 64 ASCII characters, for people and for metadata.
const (
	ClassUnsupported   = "unsupported-format"
	ClassCorrupt       = "corrupt"
	ClassTooManyBytes  = "too-many-bytes"
	ClassTooManyPixels = "too-many-pixels"
	ClassTooManyFrames = "too-many-frames"
)

// Fault is what is wrong with a picture, so that no other attempt will end
// otherwise.
type Fault struct {
	Class  string
	Detail string
}

func (f *Fault) Error() string { return f.Class + ": " + f.Detail }

func faultf(class, format string, args ...any) *Fault {
	return &Fault{class, fmt.Sprintf(format, args...)}
}

// corrupt is the fault of a picture that a decoder gave up on.
func corrupt(err error) *Fault {
	detail := oneLine(err.Error())
	if detail == "" {
		detail = "the decoder gave up and did not say why"
	}
	return faultf(ClassCorrupt, "%s", detail)
}

// oneLine folds what libvips says, a line for each of its layers and often the
// same one again, into one line of at most 200 bytes. govips adds a stack.
func oneLine(s string) string {
	const most = 200
	s, _, _ = strings.Cut(s, "\nStack:")
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(s, "?")), "\n")
	// A decoder that looks for something beyond the end says so many times; what it
	// made of that comes last.
	isSeek := func(line string) bool { return strings.HasPrefix(line, "source: bad seek") }
	if !isSeek(lines[len(lines)-1]) {
		lines = slices.DeleteFunc(lines, isSeek)
	}
	s = strings.Join(slices.Compact(lines), "; ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
