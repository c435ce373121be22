package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"calotype/internal/awstest"
)

// base is an earlier build of this program, which the present one is compared with.
type base struct {
	commit   string
	calotype string // The program.
	bench    string // Its own bench, which renders an order with its own engine.
}

// buildBase builds a commit from the repository's history, aside. The folder is always the
// same, so Go's build cache makes that a matter of seconds from the second time on.
func buildBase(commit string) (*base, error) {
	dir := filepath.Join(os.TempDir(), "calotype-base-"+commit)
	root, err := awstest.Root()
	if err != nil {
		return nil, err
	}
	if err := extract(root, commit, dir); err != nil {
		return nil, err
	}
	b := &base{commit, filepath.Join(dir, "bin", "calotype"), filepath.Join(dir, "bin", "bench")}
	for _, program := range []struct{ module, pkg, to string }{
		{".", "./cmd/calotype", b.calotype},
		{"deployments/local", "./bench", b.bench},
	} {
		cmd := exec.Command("go", "build", "-buildvcs=false", "-o", program.to, program.pkg)
		cmd.Dir = filepath.Join(dir, program.module)
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s of %s: %w\n%s", program.pkg, commit, err, out)
		}
	}
	return b, nil
}

// extract writes a commit's files into a folder.
func extract(root, commit, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var complaint bytes.Buffer
	archive, unpack := exec.Command("git", "-C", root, "archive", commit), exec.Command("tar", "-x", "-C", dir)
	archive.Stderr, unpack.Stderr = &complaint, &complaint
	pipe, err := archive.StdoutPipe()
	if err != nil {
		return err
	}
	unpack.Stdin = pipe
	if err := archive.Start(); err != nil {
		return fmt.Errorf("git archive: %w", err)
	}
	if err := errors.Join(unpack.Run(), archive.Wait()); err != nil {
		return fmt.Errorf("extract commit %s (a shallow clone has no history: git fetch --unshallow): %w\n%s", commit, err, &complaint)
	}
	return nil
}
