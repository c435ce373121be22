package main

import (
	"html"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The sheet shows every rendition, and its links lead to files, whatever they are called.
func TestContactSheet(t *testing.T) {
	files, dir := photos(t, "kitty & \"beach\" #1?.jpg", "a%20b.jpg"), t.TempDir()
	broken := filepath.Join(dir, "broken.jpg")
	if err := os.WriteFile(broken, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	presets := filepath.Join(dir, "presets.json")
	if err := os.WriteFile(presets, []byte(`{"card": {"box": "60x60", "fit": "cover", "gravity": "focal", "format": "webp"}, "S": "90x60"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	sheet := filepath.Join(dir, "sheet.html")
	args := []string{"render", "--all", "--presets", presets, "--focal=0.1,0.5", "--focal=a%20b.jpg=0.9,0.5", "--contact", sheet, "--out", filepath.Join(dir, "out")}
	code, _, stderr := call(t, append(append(args, files...), broken)...)
	if code != exitFailure || !strings.Contains(stderr, "broken.jpg") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
	page, err := os.ReadFile(sheet)
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(string(page), -1)
	if len(links) != 3+2*3 { // card, S and S.webp of two files.
		t.Errorf("%d links: %s", len(links), page)
	}
	for _, link := range links {
		u, err := url.Parse(html.UnescapeString(link[1]))
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, u.Path)); err != nil {
			t.Errorf("%s: %v", link[1], err)
		}
	}
	for _, text := range []string{"focal point 0.1,0.5", "focal point 0.9,0.5", "card: webp, 60x60", "S: jpeg, 90x60", "unsupported-format"} {
		if !strings.Contains(string(page), text) {
			t.Errorf("no %q in %s", text, page)
		}
	}
}

func TestContactSheetMistakes(t *testing.T) {
	files := photos(t, "kitty.jpg")
	code, _, stderr := call(t, "render", "--variants=S", "--out", t.TempDir(), "--contact", "/missing/sheet.html", files[0])
	if code != exitUsage || !strings.Contains(stderr, "--contact /missing/sheet.html: there is no folder /missing") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
	for focal, want := range map[string]string{
		"north":                   `focal point "north"`,
		"kitty.jpg=north":         `focal point "north"`,
		"kitty.jpg":               `focal point "kitty.jpg"`,
		"dog.jpg=0.1,0.2":         "--focal dog.jpg=0.1,0.2: the file is not among those to render",
		"0.1,0.2 --focal=0.3,0.4": "--focal: there are two points for all files",
		files[0] + "=0.1,0.2,0.3": `focal point "0.1,0.2,0.3"`,
	} {
		args := []string{"render", "--variants=S", "--out", t.TempDir(), files[0]}
		for value := range strings.SplitSeq(focal, " --focal=") {
			args = append(args, "--focal="+value)
		}
		code, _, stderr := call(t, args...)
		if code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("--focal %s: exit code %d, %q", focal, code, stderr)
		}
	}
}
