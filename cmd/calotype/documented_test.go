package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"calotype/internal/pages"
)

var (
	inCode  = regexp.MustCompile("`(calotype [^`]+)`")
	inShell = regexp.MustCompile(`(?m)^(?:\s*|until |.*[|;&] )(calotype .*)$`)
)

// Every command in a block of a page is parsed as the program does, with its values. In the
// text a command may be incomplete: its subcommand and flags exist.
func TestDocumentedCommands(t *testing.T) {
	dir := t.TempDir()
	texts, err := pages.Read("../..")
	if err != nil {
		t.Fatal(err)
	}
	complete, mentioned := 0, 0
	t.Chdir(dir)
	if err := os.WriteFile("presets.json", []byte(`{"M": "1200x628"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		if name == "CHANGELOG.md" {
			continue // It names what was there once.
		}
		for _, block := range pages.BlocksIn(text, "sh") {
			for _, line := range inShell.FindAllStringSubmatch(block, -1) {
				complete++
				if err := parses(shellWords(line[1])[1:]); err != nil {
					t.Errorf("%s: %s: %v", name, line[1], err)
				}
			}
		}
		for _, code := range inCode.FindAllStringSubmatch(pages.WithoutBlocks(text), -1) {
			mentioned++
			if err := lacks(shellWords(code[1])[1:]); err != "" {
				t.Errorf("%s: %s: %s", name, code[1], err)
			}
		}
	}
	if complete < 30 || mentioned < 50 {
		t.Errorf("only %d commands in blocks and %d in the text were found", complete, mentioned)
	}
}

// The checks find what is wrong.
func TestDocumentedMistakesAreFound(t *testing.T) {
	for _, line := range []string{"calotype warn s3://pictures/", "calotype worker --qualitty 3", "calotype worker --quality high", "calotype dlq relist"} {
		if parses(shellWords(line)[1:]) == nil {
			t.Errorf("%q is parsed", line)
		}
	}
	for _, line := range []string{"calotype warn", "calotype worker --qualitty", "calotype dlq relist"} {
		if lacks(shellWords(line)[1:]) == "" {
			t.Errorf("%q lacks nothing", line)
		}
	}
	if got := shellWords(`calotype explain 'a b?c' "$X" … --presets web >out 2>&1 # why`); strings.Join(got, "|") != "calotype|explain|a b?c|$X|--presets|web" {
		t.Errorf("got %q", got)
	}
}

// shellWords splits a simple command of a shell. It ends at a comment, a pipe or a redirection.
// An ellipsis means that arguments are left out.
func shellWords(line string) (found []string) {
	for _, m := range shellWord.FindAllStringSubmatch(line, -1) {
		switch {
		case strings.HasPrefix(m[0], "#"), strings.ContainsAny(m[0][:1], "|&;<>)"), m[0] == "2>&1":
			return found
		case m[0] == "…":
		case m[1] != "":
			found = append(found, m[1])
		case m[2] != "":
			found = append(found, m[2])
		default:
			found = append(found, m[0])
		}
	}
	return found
}

var shellWord = regexp.MustCompile(`'([^']*)'|"([^"]*)"|[|&;<>)]|#.*|[^\s;|&<>)]+`)

// parses parses complete arguments.
func parses(args []string) error {
	var cli commands
	parser, err := newParser(&cli, kong.Exit(func(int) {}), kong.Writers(&strings.Builder{}, &strings.Builder{}))
	if err != nil {
		return err
	}
	if args[0] == "help" {
		args = append(args[1:], "--help")
	}
	_, err = parser.Parse(args)
	return err
}

// lacks says what of arguments that may be incomplete is not there.
func lacks(args []string) string {
	var cli commands
	parser, err := newParser(&cli)
	if err != nil {
		return err.Error()
	}
	node := parser.Model.Node
	if len(args) > 0 && args[0] == "help" {
		args = args[1:]
	}
	for _, arg := range args {
		if flag, isFlag := strings.CutPrefix(arg, "--"); isFlag {
			flag, _, _ = strings.Cut(flag, "=")
			if flag != "help" && !hasFlag(node, "--"+flag) {
				return "there is no flag --" + flag
			}
			continue
		}
		if len(node.Children) == 0 || strings.ToUpper(arg) == arg {
			continue // An argument or a value, or a placeholder.
		}
		child := childOf(node, arg)
		if child == nil {
			return "there is no command " + arg
		}
		node = child
	}
	return ""
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

// hasFlag looks below a group of commands too: all commands of dlq have --json.
func hasFlag(node *kong.Node, name string) bool {
	for _, have := range flagNames(node) {
		if have == name {
			return true
		}
	}
	if node.Type == kong.ApplicationNode {
		return false
	}
	for _, child := range node.Children {
		if hasFlag(child, name) {
			return true
		}
	}
	return false
}
