package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"calotype/internal/awstest"
	"calotype/internal/pages"
)

// Every example of the README works as it is typed, in order, after "make run" and
// "calotype-local env". Only the addresses are those of this test's program, and the programs
// that run until they are stopped are stopped.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range [][2]string{{"calotype", "cmd/calotype"}, {"calotype-decode", "cmd/calotype-decode"}} {
		if _, err := awstest.Build(program[0], program[1]); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t)
	p.putFile(t, "kitty.jpg", drawn(t, "kitty.jpg"))
	var script strings.Builder
	// Stopped only once they work: a stop during the start is an interruption, not success.
	script.WriteString(`calotype() {
  case "$1" in
  edge | worker)
    "$PROGRAM" "$@" 2>"$1.log" &
    until grep -q 'edge serves\|worker starts' "$1.log"; do kill -0 $! && sleep 0.1; done
    kill -TERM $!
    wait $! ;;
  *) command calotype "$@" ;;
  esac
}
`)
	if _, err := exec.LookPath("aws"); err != nil {
		t.Fatal("aws is missing: install Debian's awscli")
	}
	commands := 0
	for _, block := range pages.BlocksIn(string(readme), "sh") {
		for line := range strings.Lines(block) {
			if strings.HasPrefix(line, "make run") {
				continue // This test's program.
			}
			line = strings.NewReplacer("http://127.0.0.1:8080", p.url, "bin/calotype-local env", "'"+binary+"' env --data '"+p.data+"'", ":8081", "127.0.0.1:0").Replace(line)
			script.WriteString("printf '%s\\n' " + quote("+ "+strings.TrimSpace(line)) + "\n" + line)
			commands++
		}
	}
	if commands < 15 {
		t.Fatalf("only %d commands in the README", commands)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script.String())
	cmd.Env = append(os.Environ(), "PROGRAM="+filepath.Join(filepath.Dir(binary), "calotype"))
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"X-Calotype: original; pending", "resized/M/kitty.jpg", "0 dead letters.", "kitty.jpg: jpeg of 4000x3000"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// Every file that the README and the index of docs link to exists.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)[^)]*\)`)
	for _, page := range []string{"README.md", "docs/README.md", "CONTRIBUTING.md", "SECURITY.md"} {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join("../..", filepath.Dir(page), found[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
	// The index lists every page.
	index, err := os.ReadFile("../../docs/README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, page := range files {
		if name := filepath.Base(page); name != "README.md" && !strings.Contains(string(index), "("+name+")") {
			t.Errorf("docs/README.md does not list %s", name)
		}
	}
}
