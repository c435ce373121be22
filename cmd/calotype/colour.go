package main

import (
	"io"
	"os"
	"strings"
)

// colours returns a function that colours a text by a check's result. Without a terminal, or
// with NO_COLOR (https://no-color.org), it changes nothing.
func colours(w io.Writer) func(result, text string) string {
	if !isTerminal(w) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return func(_, text string) string { return text }
	}
	return coloured
}

func coloured(result, text string) string {
	code := map[string]string{resultOK: "32", resultWarning: "33", resultFailed: "31", resultSkipped: "2"}[result]
	if code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// workersResult is what the workers' state would be as a check.
func workersResult(state string) string {
	switch {
	case strings.HasPrefix(state, "not working"):
		return resultFailed
	case state == "unknown":
		return resultWarning
	}
	return resultOK
}
