package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// version is the program's version, which is written once.
func version(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../version.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^const Version = "(\d+\.\d+\.\d+)"$`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("no version in\n%s", text)
	}
	return string(found[1])
}

// Files that cannot read the version are compared.
func TestFilesHaveTheVersion(t *testing.T) {
	released := version(t)
	for file, wants := range map[string][]string{
		"../helm/calotype/Chart.yaml": {"\nversion: " + released + "\n", "\nappVersion: \"" + released + "\"\n"},
		"../docker/Dockerfile":        {" org.opencontainers.image.version=" + released + "\n"},
		"../../CHANGELOG.md":          {"\n## Unreleased\n", "\n## " + released + "\n"},
		"../../README.md":             {"Version " + released + "."},
		"../../docs/one-machine.md":   {"calotype_" + released + "_debian"},
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s has no %q", file, want)
			}
		}
	}
}

// The list of licences is that of the present dependencies.
func TestLicences(t *testing.T) {
	t.Chdir("../..")
	want, err := modulesPart()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("docs/licences.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(page), want+nativeHeading) {
		t.Error("docs/licences.md is out of date, run make licences")
	}
}

func TestDebianLicences(t *testing.T) {
	const format = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
	for text, want := range map[string]string{
		format + "Files: *\nCopyright: A\nLicense: LGPL-2.1\n Text.\n\nFiles: debian/*\nLicense: GPL-2+\n": "LGPL-2.1",
		format + "Files:\n *\n\ta\nLicense:\n MIT\n":                                                       "MIT",
		format + "Files: a b\nLicense: BSD\n\nFiles: c\nLicense: Zlib\n\nFiles: debian/x\nLicense: GPL\n":  "BSD|Zlib",
		"It is under the GNU Lesser\nGeneral Public License.":                                              "LGPL",
		"All rights reserved.": "",
	} {
		if got := strings.Join(debianLicences(text), "|"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// The texts of Go and of every module of the programs are there, twice the same.
func TestNotices(t *testing.T) {
	t.Chdir("../..")
	var texts []string
	for range 2 {
		out := filepath.Join(t.TempDir(), "notices.txt")
		if err := writeNotices(out); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	if texts[0] != texts[1] {
		t.Error("the second text differs")
	}
	for _, want := range []string{"Go\n==\n", "The Go Authors", "github.com/davidbyttow/govips/v2\n=", "github.com/rs/zerolog\n="} {
		if !strings.Contains(texts[0], want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestLicenceIsRecognised(t *testing.T) {
	for text, want := range map[string]string{
		"Permission is hereby granted,\nfree of charge, to any": "MIT", "  Apache License\n Version 2.0": "Apache-2.0", "All rights reserved.": "",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "LICENSE.txt"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := licenceIn(dir); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

// The package holds the programs, their units and settings, which an upgrade keeps.
func TestDeb(t *testing.T) {
	work, out := t.TempDir(), filepath.Join(t.TempDir(), "calotype.deb")
	for _, name := range []string{"linux_amd64/calotype", "decoder/calotype-decode", "calotype-worker.service", "calotype-edge.service", "man/calotype.1.gz", "completion/calotype.bash", "completion/calotype.zsh", "completion/calotype.fish", "third-party-licences.txt"} {
		file := filepath.Join(work, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{"WORK": work, "ARCH": "amd64", "VERSION": version(t), "DEPENDS": "libvips42", "SOURCE_DATE_EPOCH": "1700000000"} {
		t.Setenv(name, value)
	}
	released := version(t)
	t.Chdir("../..")
	var first []byte
	for range 2 {
		if err := makeDeb("deployments/dist/nfpm.yaml", out); err != nil {
			t.Fatal(err)
		}
		made, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && string(first) != string(made) {
			t.Error("the second package has other bytes")
		}
		first = made
	}
	list, err := exec.CommandContext(t.Context(), "dpkg-deb", "--contents", out).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, list)
	}
	for _, want := range []string{"-rwxr-xr-x root/root", "./usr/bin/calotype\n", "./usr/bin/calotype-decode\n", "./etc/calotype/worker.env", "./lib/systemd/system/calotype-edge.service", "./usr/share/man/man1/calotype.1.gz", "./usr/share/bash-completion/completions/calotype"} {
		if !strings.Contains(string(list), want) {
			t.Errorf("no %q in\n%s", want, list)
		}
	}
	info, err := exec.CommandContext(t.Context(), "dpkg-deb", "--info", out).CombinedOutput()
	if err != nil || !strings.Contains(string(info), "Version: "+released) || !strings.Contains(string(info), "libvips42") || !strings.Contains(string(info), "conffiles") {
		t.Errorf("%v: %s", err, info)
	}
}
