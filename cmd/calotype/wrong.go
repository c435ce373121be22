package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// unparsed rewrites the parser's error in the style of this program's other errors: which
// command, what is wrong, which help to read.
func unparsed(err error) string {
	command, node := "calotype", (*kong.Node)(nil)
	var parse *kong.ParseError
	if errors.As(err, &parse) {
		if node = parse.Context.Selected(); node == nil {
			node = parse.Context.Model.Node
		} else {
			command = node.FullPath()
		}
	}
	text := plain(err)
	switch {
	case node == nil:
	case unexpected.MatchString(text) && len(node.Children) > 0:
		word := unexpected.FindStringSubmatch(text)[1]
		text = fmt.Sprintf("unknown command %s", word)
		if near := nearest(word, commandNames(node)); near != "" {
			text += fmt.Sprintf(", did you mean %q?", near)
		}
	case unknownFlag.MatchString(text):
		word := unknownFlag.FindStringSubmatch(text)[1]
		text = "unknown flag " + word
		if near := nearest(word, flagNames(node)); near != "" {
			text += fmt.Sprintf(", did you mean %q?", near)
		}
	case strings.HasPrefix(text, "expected one of") && len(node.Children) > 0:
		text = "name a command: " + strings.Join(commandNames(node), ", ")
	case oneOf.MatchString(text):
		m := oneOf.FindStringSubmatch(text)
		text = fmt.Sprintf("%s: %q is not one of %s", m[1], m[3], strings.ReplaceAll(strings.ReplaceAll(m[2], `"`, ""), ",", ", "))
	case notBool.MatchString(text):
		m := notBool.FindStringSubmatch(text)
		text = fmt.Sprintf("%s: %q is neither true nor false", m[1], m[2])
	case expected.MatchString(text):
		text = expected.FindStringSubmatch(text)[1] + " is missing"
	}
	return fmt.Sprintf("%s: %s; see %s --help", command, text, command)
}

var (
	unexpected  = regexp.MustCompile(`^unexpected argument ([^\s,]+)`)
	unknownFlag = regexp.MustCompile(`^unknown flag ([^\s,]+)`)
	oneOf       = regexp.MustCompile(`^(\S+) must be one of (.*) but got "(.*)"$`)
	notBool     = regexp.MustCompile(`^(\S+): bool value must be .* but got "(.*)"$`)
	expected    = regexp.MustCompile(`^expected "(.*)"$`)
)

func commandNames(node *kong.Node) (names []string) {
	for _, child := range node.Children {
		if !child.Hidden {
			names = append(names, child.Name)
		}
	}
	return names
}

// flagNames returns the flags of a command, with --.
func flagNames(node *kong.Node) (names []string) {
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			names = append(names, "--"+flag.Name)
		}
	}
	return names
}

// unreadable is the error of a flag's value in plain words.
func unreadable(err error, target string) error {
	text := err.Error()
	value := ""
	if m := got.FindStringSubmatch(text); m != nil {
		value = m[1]
	}
	switch {
	case strings.Contains(text, "<EOL>"):
		return errors.New("its value is missing")
	case target == "time.Duration":
		return fmt.Errorf("%q is not a duration: write it like 90s, 2m or 1h30m", value)
	case value != "" && strings.HasPrefix(target, "int"):
		return fmt.Errorf("%q is not a whole number", value)
	case value != "" && strings.HasPrefix(target, "float"):
		return fmt.Errorf("%q is not a number", value)
	}
	return err
}

var got = regexp.MustCompile(`but got "([^"]*)"`)
