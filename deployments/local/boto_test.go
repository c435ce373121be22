package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A Python program for AWS works with the local servers, by the variables of "env".
func TestBoto3(t *testing.T) {
	script, err := filepath.Abs("testdata/boto.py")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	// The one in PATH may be another than Debian's, and another version of boto3.
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(python)
		if err != nil || exec.CommandContext(t.Context(), path, "-c", "import boto3").Run() != nil {
			continue
		}
		tried++
		p := start(t)
		cmd := exec.CommandContext(t.Context(), "bash", "-euc", `eval "$("$1" env --data "$2")"; exec "$3" "$4"`, "bash", binary, p.data, path, script)
		cmd.Env = append(os.Environ(), "AWS_PROFILE=mine", "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
		t.Logf("%s: %s", path, out)
	}
	if tried == 0 {
		t.Fatal("boto3 is missing: install Debian's python3-boto3")
	}
}
