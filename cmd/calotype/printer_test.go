package main

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"calotype"
)

func TestPrintable(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"plain":            {"cats/Kätzchen 猫 (1).jpg", "cats/Kätzchen 猫 (1).jpg"},
		"escape sequence":  {"a\x1b[2J.jpg", `a\x1b[2J.jpg`},
		"C1":               {"a\u009b31m.jpg", `a\u009b31m.jpg`},
		"newline":          {"a\nsent: b.jpg\r", `a\nsent: b.jpg\r`},
		"tab":              {"a\tb", `a\tb`},
		"bidi override":    {"a\u202egpj.exe", `a\u202egpj.exe`},
		"isolate, mark":    {"\u2066a\u200f", `\u2066a\u200f`},
		"zero width":       {"a\u200bb", `a\u200bb`},
		"line separator":   {"a\u2028b", `a\u2028b`},
		"not UTF-8":        {"a\xffb", `a\xffb`},
		"delete, a nul":    {"\x7f\x00", `\x7f\x00`},
		"replacement rune": {"\ufffd", `\ufffd`},
	} {
		if got := printable(c.text); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b]0;b\x07\u202e\n")
	f.Fuzz(func(t *testing.T, text string) {
		got := printable(text)
		if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%q became %q", text, got)
		}
		if again := printable(got); again != got {
			t.Errorf("%q became %q, and then %q", text, got, again)
		}
	})
}

func TestWords(t *testing.T) {
	key := "a\x1b[31m\n.jpg"
	for name, c := range map[string]struct {
		got, want string
	}{
		"string":    {words("%s: %d\n", key, 3), `a\x1b[31m\n.jpg: 3` + "\n"},
		"error":     {words("%v", errors.New(key)), `a\x1b[31m\n.jpg`},
		"variants":  {words("%v", []calotype.Variant{{Preset: "M", Format: calotype.WebP}}), "[M.webp]"},
		"width":     {words("%-6s|%4.1f", "a", 1.25), "a     | 1.2"},
		"in a list": {words("%v", []string{key}), `[a\x1b[31m\n.jpg]`},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
}
