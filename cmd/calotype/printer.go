package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable returns text that is safe to show on a terminal, on one line. Whatever could
// move the cursor, change colours, reorder text or hide in it is escaped as in a Go
// string: control characters (also C1), line and paragraph separators, bidi marks,
// zero-width characters, and bytes that are not UTF-8. Keys of a bucket can hold all.
func printable(text string) string {
	if strings.IndexFunc(text, unprintable) < 0 {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unprintable(r):
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// show is fmt.Fprintf with every argument made printable. All output for people goes
// through it; newlines and columns are only in the format.
func show(w io.Writer, format string, args ...any) (int, error) {
	safe := make([]any, len(args))
	for i, arg := range args {
		safe[i] = shown{arg}
	}
	return fmt.Fprintf(w, format, safe...)
}

// words is fmt.Sprintf with every argument made printable.
func words(format string, args ...any) string {
	var b strings.Builder
	_, _ = show(&b, format, args...) // Writes to memory cannot fail.
	return b.String()
}

// shown formats a value with any verb and makes the result printable.
type shown struct{ value any }

// Format implements fmt.Formatter.
func (s shown) Format(f fmt.State, verb rune) {
	_, _ = io.WriteString(f, printable(fmt.Sprintf(fmt.FormatString(f, verb), s.value)))
}
