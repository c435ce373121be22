// Package decodertest builds calotype-decode for tests.
package decodertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds the program with build tags, and returns its path and a function that
// removes it. "testfault" makes it inject the faults that a source requests.
func Build(tags ...string) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "calotype-decode-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	path = filepath.Join(dir, "calotype-decode")
	build := exec.Command("go", "build", "-tags", strings.Join(tags, ","), "-o", path, "calotype/cmd/calotype-decode")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("build calotype-decode: %w\n%s", err, out)
	}
	return path, remove, nil
}
