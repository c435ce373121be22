package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints what a shell completes, from the same declarations as the help.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is shown with the command's help.
func (completionCommand) Help() string {
	return `bash: calotype completion bash > ~/.local/share/bash-completion/completions/calotype
zsh: calotype completion zsh > "${fpath[1]}/_calotype"
fish: calotype completion fish > ~/.config/fish/completions/calotype.fish`
}

func (completionCommand) check() []error { return nil }

func (c completionCommand) run(_ context.Context, stdout, _ io.Writer) error {
	model, err := declarations()
	if err != nil {
		return err
	}
	write := map[string]func(*kong.Application) string{"bash": completeBash, "zsh": completeZsh, "fish": completeFish}[c.Shell]
	_, err = io.WriteString(stdout, write(model))
	return err
}

// declarations is the command line without its values. It is the same on every machine.
func declarations() (*kong.Application, error) {
	parser, err := newParser(&commands{}, kong.Vars{"concurrency": "CPUS"})
	if err != nil {
		return nil, err
	}
	return parser.Model, nil
}

// eachCommand calls do with every command and its words, such as "dlq list". The words of
// the program itself are "".
func eachCommand(node *kong.Node, words string, do func(words string, node *kong.Node)) {
	do(words, node)
	for _, child := range node.Children {
		if !child.Hidden {
			eachCommand(child, strings.TrimSpace(words+" "+child.Name), do)
		}
	}
}

// ownFlags are the flags of a command that its help shows.
func ownFlags(node *kong.Node) (flags []*kong.Flag) {
	for _, flag := range node.Flags {
		if !flag.Hidden {
			flags = append(flags, flag)
		}
	}
	if node.Type != kong.ApplicationNode {
		flags = append(flags, &kong.Flag{Value: &kong.Value{Name: "help", Help: "Show context-sensitive help."}})
	}
	return flags
}

func enumOf(value *kong.Value) []string {
	if value.Enum == "" {
		return nil
	}
	return value.EnumSlice()
}

// takesValue reports whether a flag is followed by a value.
func takesValue(flag *kong.Flag) bool { return flag.Value.Mapper != nil && !flag.IsBool() }

// completeBash completes commands, flags, the values of flags that have a list of them, and
// otherwise files.
func completeBash(model *kong.Application) string {
	var words, values strings.Builder
	seen := map[string]bool{}
	eachCommand(model.Node, "", func(name string, node *kong.Node) {
		candidates := commandNames(node)
		for _, flag := range ownFlags(node) {
			candidates = append(candidates, "--"+flag.Name)
			if enum := enumOf(flag.Value); len(enum) > 0 && !seen[flag.Name] {
				seen[flag.Name] = true
				fmt.Fprintf(&values, "    --%s) values=%q ;;\n", flag.Name, strings.Join(enum, " "))
			}
		}
		for _, argument := range node.Positional {
			candidates = append(candidates, enumOf(argument)...)
		}
		fmt.Fprintf(&words, "    %q) words=%q ;;\n", name, strings.Join(candidates, " "))
	})
	return `# bash completion for calotype, printed by "calotype completion bash".
_calotype() {
  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" command="" words="" values="" word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
    -*) ;;
    *) case " ` + strings.Join(commandWords(model), " ") + ` " in *" ${command:+$command/}$word "*) command="${command:+$command/}$word" ;; esac ;;
    esac
  done
  case "$previous" in
` + values.String() + `  esac
  case "${command//\// }" in
` + words.String() + `  esac
  if [ -n "$values" ]; then COMPREPLY=($(compgen -W "$values" -- "$current")); return; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _calotype calotype
`
}

// commandWords are the commands with a slash between their words.
func commandWords(model *kong.Application) (names []string) {
	eachCommand(model.Node, "", func(name string, _ *kong.Node) {
		if name != "" {
			names = append(names, strings.ReplaceAll(name, " ", "/"))
		}
	})
	return names
}

func completeZsh(model *kong.Application) string {
	var b strings.Builder
	b.WriteString("#compdef calotype\n# zsh completion for calotype, printed by \"calotype completion zsh\".\n")
	eachCommand(model.Node, "", func(name string, node *kong.Node) {
		fmt.Fprintf(&b, "\n%s() {\n  local line state\n  _arguments -C", zshFunction(name))
		for _, flag := range ownFlags(node) {
			spec := fmt.Sprintf("--%s[%s]", flag.Name, zshText(flag.Help))
			if takesValue(flag) {
				spec = fmt.Sprintf("--%s=[%s]:%s:%s", flag.Name, zshText(flag.Help), zshText(flag.FormatPlaceHolder()), zshValues(flag.Value))
			}
			fmt.Fprintf(&b, " \\\n    '%s'", strings.ReplaceAll(spec, "'", `'\''`))
		}
		if names := commandNames(node); len(names) > 0 {
			b.WriteString(" \\\n    '1:command:->command' '*::argument:->argument'\n  case $state in\n  command)\n    local -a commands=(")
			for _, child := range node.Children {
				if !child.Hidden {
					fmt.Fprintf(&b, "\n      %s", quoteSh(child.Name+":"+child.Help))
				}
			}
			b.WriteString("\n    )\n    _describe command commands ;;\n  argument)\n    case $line[1] in\n")
			for _, child := range names {
				fmt.Fprintf(&b, "    %s) %s ;;\n", child, zshFunction(strings.TrimSpace(name+" "+child)))
			}
			b.WriteString("    esac ;;\n  esac\n}\n")
			return
		}
		for _, argument := range node.Positional {
			fmt.Fprintf(&b, " \\\n    '*:%s:%s'", zshText(argument.Name), zshValues(argument))
		}
		b.WriteString("\n}\n")
	})
	b.WriteString("\n_calotype \"$@\"\n")
	return b.String()
}

func zshFunction(words string) string {
	return strings.TrimSuffix("_calotype_"+strings.ReplaceAll(words, " ", "_"), "_")
}

// zshText escapes what has a meaning in a specification of _arguments.
func zshText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`, "\n", " ").Replace(text)
}

func zshValues(value *kong.Value) string {
	if enum := enumOf(value); len(enum) > 0 {
		return "(" + strings.Join(enum, " ") + ")"
	}
	return "_files"
}

func completeFish(model *kong.Application) string {
	var b strings.Builder
	b.WriteString("# fish completion for calotype, printed by \"calotype completion fish\".\n")
	eachCommand(model.Node, "", func(name string, node *kong.Node) {
		condition := "__fish_use_subcommand"
		if name != "" {
			var parts []string
			for word := range strings.SplitSeq(name, " ") {
				parts = append(parts, "__fish_seen_subcommand_from "+word)
			}
			condition = strings.Join(parts, "; and ")
		}
		for _, child := range node.Children {
			if child.Hidden {
				continue
			}
			only := condition
			if name != "" {
				only += "; and not __fish_seen_subcommand_from " + strings.Join(commandNames(node), " ")
			}
			fmt.Fprintf(&b, "complete -c calotype -f -n %s -a %s -d %s\n", quoteSh(only), child.Name, quoteFish(child.Help))
		}
		for _, argument := range node.Positional {
			if enum := enumOf(argument); len(enum) > 0 {
				fmt.Fprintf(&b, "complete -c calotype -f -n %s -a %s\n", quoteSh(condition), quoteFish(strings.Join(enum, " ")))
			}
		}
		for _, flag := range ownFlags(node) {
			fmt.Fprintf(&b, "complete -c calotype -n %s -l %s", quoteSh(condition), flag.Name)
			if takesValue(flag) {
				b.WriteString(" -r")
			}
			if enum := enumOf(flag.Value); len(enum) > 0 {
				fmt.Fprintf(&b, " -f -a %s", quoteFish(strings.Join(enum, " ")))
			}
			fmt.Fprintf(&b, " -d %s\n", quoteFish(flag.Help))
		}
	})
	return b.String()
}

func quoteSh(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func quoteFish(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

// sortedFlags are a command's flags by name.
func sortedFlags(node *kong.Node) []*kong.Flag {
	return slices.SortedFunc(slices.Values(ownFlags(node)), func(a, b *kong.Flag) int { return strings.Compare(a.Name, b.Name) })
}
