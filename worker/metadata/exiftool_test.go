//go:build exiftool

package metadata

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ExifTool reads more kinds of metadata than any other program. It finds none in what is
// left. It is not in every machine's packages, so "make soak" runs this by its tag.
func TestExiftoolFindsNothing(t *testing.T) {
	dir, args := t.TempDir(), []string{"-json", "-G1", "-a", "-u", "-U"}
	for name, c := range removable(t) {
		got, ok := Remove(c[0], header(t, c[0]))
		if !ok {
			t.Fatalf("%s: not removable", name)
		}
		args = append(args, filepath.Join(dir, name))
		if err := os.WriteFile(args[len(args)-1], got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "exiftool", args...).Output()
	if err != nil {
		t.Fatalf("exiftool (Debian's package libimage-exiftool-perl): %v", err)
	}
	var files []map[string]any
	if err := json.Unmarshal(out, &files); err != nil {
		t.Fatal(err)
	}
	if len(files) != len(removable(t)) {
		t.Errorf("%d files of %d", len(files), len(removable(t)))
	}
	shown := map[string]bool{ // The groups of what it takes to show a picture.
		"SourceFile": true, "ExifTool": true, "System": true, "File": true, "Composite": true, "JFIF": true, "Adobe": true,
		"PNG": true, "PNG-pHYs": true, "APNG": true, "GIF": true, "RIFF": true,
	}
	for _, file := range files {
		for field, value := range file {
			group, tag, _ := strings.Cut(field, ":")
			if !shown[group] || tag == "Warning" || strings.Contains(tag, "Comment") {
				t.Errorf("%v: %s is %v", file["SourceFile"], field, value)
			}
		}
	}
}
