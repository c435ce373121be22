package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"calotype"
)

// manCommand writes a man page for the program and one for each command, from the same
// declarations as the help.
type manCommand struct {
	Folder string `arg:"" help:"The folder to write calotype.1, calotype-worker.1 and so on to."`
}

func (manCommand) check() []error { return nil }

func (c manCommand) run(_ context.Context, _, _ io.Writer) error {
	model, err := declarations()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Folder, 0o755); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	eachCommand(model.Node, "", func(words string, node *kong.Node) {
		name := strings.TrimSuffix("calotype-"+strings.ReplaceAll(words, " ", "-"), "-")
		if err == nil {
			err = os.WriteFile(filepath.Join(c.Folder, name+".1"), []byte(manPage(name, node)), 0o644)
		}
	})
	return err
}

// manPage is a page in the man macros: groff_man(7).
func manPage(name string, node *kong.Node) string {
	var b strings.Builder
	help := node.Help
	if node.Type == kong.ApplicationNode {
		help, _, _ = strings.Cut(help, "\n")
	}
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"calotype %s\" \"Calotype\"\n.SH NAME\n%s \\- %s\n", roff(strings.ToUpper(name)), calotype.Version, roff(name), roff(strings.TrimSuffix(help, ".")))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff("calotype "+node.Summary()))
	if node.Type == kong.ApplicationNode {
		_, help, _ = strings.Cut(node.Help, "\n")
	} else if help = node.Detail; help == "" {
		help = node.Help
	}
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n", roff(strings.TrimSpace(help)))
	for i, argument := range node.Positional {
		if i == 0 {
			b.WriteString(".SH ARGUMENTS\n")
		}
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(argument.Summary()), roff(argument.Help))
	}
	for i, child := range node.Children {
		if i == 0 {
			b.WriteString(".SH COMMANDS\n")
		}
		fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", roff(name+"-"+child.Name), roff(child.Help))
	}
	b.WriteString(".SH OPTIONS\n")
	for _, flag := range sortedFlags(node) {
		fmt.Fprintf(&b, ".TP\n.B \\-\\-%s", roff(flag.Name))
		if takesValue(flag) {
			fmt.Fprintf(&b, "=%s", roff(flag.FormatPlaceHolder()))
		}
		fmt.Fprintf(&b, "\n%s\n", roff(flag.Help))
		if len(flag.Envs) > 0 {
			fmt.Fprintf(&b, ".br\nIn the environment: %s\n", roff(strings.Join(flag.Envs, ", ")))
		}
	}
	if node.Type == kong.ApplicationNode {
		b.WriteString(".SH EXIT STATUS\n.TP\n.B 0\nSuccess, or an orderly stop.\n.TP\n.B 1\nThe work failed.\n.TP\n.B 2\nA flag is wrong, or what it names does not exist.\n" +
			".TP\n.B 3\nA job did not return after it was cancelled: restart the process.\n.TP\n.B 130\nCtrl\\-C ended work that was not done.\n")
	}
	return b.String()
}

// roff escapes text for a page. Lines that begin with a dot or a quote would be requests.
func roff(text string) string {
	lines := strings.Split(strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
