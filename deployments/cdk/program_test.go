package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// compile builds a Go program without cgo, as operators without libvips do.
func compile(t *testing.T, directory, pkg string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, pkg)
	cmd.Dir = directory
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

// execute runs a program with these variables, and without any others for AWS or Calotype.
func execute(t *testing.T, variables []string, program string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, variables...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// TestProgram runs the program that cdk.json names: it needs neither credentials nor the
// cdk program.
func TestProgram(t *testing.T) {
	program := compile(t, ".", ".")
	outdir := filepath.Join(t.TempDir(), "out")
	code, stdout, stderr := execute(t, []string{"CDK_OUTDIR=" + outdir, `CDK_CONTEXT_JSON={"edgeZip":"` + edgeZip(t) + `"}`}, program)
	if code != 0 || strings.TrimSpace(stdout) != outdir {
		t.Fatalf("got %d, %q, %s", code, stdout, stderr)
	}
	if _, err := os.Stat(filepath.Join(outdir, "calotype.template.json")); err != nil {
		t.Error(err)
	}
	code, _, stderr = execute(t, []string{"CDK_OUTDIR=" + t.TempDir(), `CDK_CONTEXT_JSON={"edgeZip":"nowhere.zip"}`}, program)
	if code != 1 || !strings.Contains(stderr, `run "make edge" in the repository's root`) || strings.Contains(stderr, "goroutine") {
		t.Errorf("without the function: got %d, %s", code, stderr)
	}
}

// TestWorkerAcceptsItsVariables gives the task's variables to the program that the task runs.
// The program must accept them, and must have a flag for each.
func TestWorkerAcceptsItsVariables(t *testing.T) {
	program := compile(t, root, "./cmd/calotype")
	variables := environment(t, synthesise(t, map[string]any{"backfillQueue": true, "events": "s3", "onUpload": "M,M.webp", "purge": true, "workerSiblings": "all", "workerMaxCpu": "2m", "workerGrace": "40s"})["calotype"])
	_, help, _ := execute(t, nil, program, "worker", "--help")
	if variables["CALOTYPE_SIBLINGS"] != "all" || variables["CALOTYPE_MAX_CPU"] != "2m" || variables["CALOTYPE_GRACE"] != "40s" {
		t.Errorf("contexts are missing in %v", variables)
	}
	flags, err := workerFlags(filepath.Join(root, "cmd", "calotype"))
	if err != nil {
		t.Fatal(err)
	}
	var read []string
	for _, flag := range flags {
		read = append(read, flag.variable())
	}
	if declared := regexp.MustCompile(`\$(CALOTYPE_\w+)`).FindAllStringSubmatch(help, -1); len(declared) != len(read) {
		t.Errorf("%d flags in the help, %d in the declaration: %v", len(declared), len(read), read)
	} else {
		for _, one := range declared {
			if !slices.Contains(read, one[1]) {
				t.Errorf("%s is no context", one[1])
			}
		}
	}
	var set []string
	for name, value := range variables {
		if strings.HasPrefix(name, "CALOTYPE_") && !strings.Contains(help, "$"+name) {
			t.Errorf("%s is not a flag of the worker", name)
		}
		set = append(set, name+"="+resolve(t, value))
	}
	// It ends where it would start its decoder, which is after all checks.
	nowhere := filepath.Join(t.TempDir(), "no-decoder")
	if code, _, stderr := execute(t, set, program, "worker", "--decoder", nowhere); code == 0 || !strings.Contains(stderr, nowhere) {
		t.Errorf("got %d, %s with %v", code, stderr, set)
	}
}
