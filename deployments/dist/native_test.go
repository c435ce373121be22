//go:build debian13

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The native libraries are those that the image has, which is made on Debian 13.
func TestNativeLicences(t *testing.T) {
	t.Chdir("../..")
	root := filepath.Join(t.TempDir(), "root")
	if out, err := exec.CommandContext(t.Context(), "deployments/dist/root.sh", root).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, err := nativePart("", root)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("docs/licences.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(page), want) {
		t.Errorf("docs/licences.md is out of date, run make licences; want\n%s", want)
	}
}
