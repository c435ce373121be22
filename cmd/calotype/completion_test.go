package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// complete returns what bash completes after the words.
func complete(t *testing.T, script string, words ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", `. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _calotype; printf '%s\n' "${COMPREPLY[@]}"`, "bash", script)
	cmd.Args = append(cmd.Args, words...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", words, err, out)
	}
	return strings.Fields(string(out))
}

func TestCompletionBash(t *testing.T) {
	code, stdout, stderr := call(t, "completion", "bash")
	if code != exitOK || stderr != "" {
		t.Fatalf("got %d, %q", code, stderr)
	}
	script := filepath.Join(t.TempDir(), "calotype")
	if err := os.WriteFile(script, []byte(stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		words, want []string
	}{
		"a command":          {[]string{"calotype", "wo"}, []string{"worker"}},
		"its flag":           {[]string{"calotype", "worker", "--max-p"}, []string{"--max-pixels"}},
		"a command below":    {[]string{"calotype", "dlq", "re"}, []string{"replay"}},
		"its flag too":       {[]string{"calotype", "dlq", "replay", "--dry"}, []string{"--dry-run"}},
		"the values":         {[]string{"calotype", "worker", "--sandbox", "r"}, []string{"require"}},
		"an argument's list": {[]string{"calotype", "completion", "f"}, []string{"fish"}},
	} {
		if got := complete(t, script, c.words...); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
	if got := complete(t, script, "calotype", ""); !slices.Contains(got, "edge") || !slices.Contains(got, "man") {
		t.Errorf("the commands are %v", got)
	}
}

// The scripts of the other shells name every command and flag. They were tried in zsh 5.9
// and fish 3.6.
func TestCompletionOtherShells(t *testing.T) {
	_, zsh, _ := call(t, "completion", "zsh")
	_, fish, _ := call(t, "completion", "fish")
	for _, want := range []string{"#compdef calotype", "_calotype_dlq_replay()", "'--max-pixels=[", "(auto require off)", "worker) _calotype_worker ;;"} {
		if !strings.Contains(zsh, want) {
			t.Errorf("zsh: no %q", want)
		}
	}
	for _, want := range []string{"-a worker -d ", "'__fish_seen_subcommand_from dlq; and __fish_seen_subcommand_from replay' -l dry-run", "-a 'auto require off'"} {
		if !strings.Contains(fish, want) {
			t.Errorf("fish: no %q", want)
		}
	}
}

// There is a man page for every command, with each flag and variable.
func TestManPages(t *testing.T) {
	folder := t.TempDir()
	if code, _, stderr := call(t, "man", folder); code != exitOK {
		t.Fatalf("got %d, %s", code, stderr)
	}
	for page, want := range map[string][]string{
		"calotype.1":            {".BR calotype\\-worker (1)", ".SH EXIT STATUS", "130"},
		"calotype-worker.1":     {".TH CALOTYPE\\-WORKER 1", "\\-\\-dead\\-letter\\-url=URL", "CALOTYPE_DEAD_LETTER_URL", ".SH DESCRIPTION\nExit codes: 0"},
		"calotype-dlq-replay.1": {"\\-\\-dry\\-run", ".SH SYNOPSIS\n.B calotype dlq replay ["},
	} {
		text, err := os.ReadFile(filepath.Join(folder, page))
		if err != nil {
			t.Error(err)
		}
		for _, want := range want {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: no %q in\n%s", page, want, text)
			}
		}
	}
	model, err := declarations()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(folder, "*.1"))
	if err != nil || len(pages) != 1+len(commandWords(model)) {
		t.Errorf("%d pages for %d commands", len(pages), len(commandWords(model)))
	}
}
