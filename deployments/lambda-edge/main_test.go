// Package lambdaedge has only tests. They build the function's ZIP, unpack it, and run its
// handler in the versions of Node that Lambda has, against the local S3 and SQS servers. A
// proxy before the servers records requests and breaks chosen ones.
package lambdaedge

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"calotype/internal/awstest"
)

func TestMain(m *testing.M) { awstest.Main(m) }

// nodes are the versions of Node that the tests run, as runtime/package.json pins them.
var nodes = []string{"node22", "node24"}

func command(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	root, err := awstest.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// build builds the function and returns its ZIP.
func build(t *testing.T, variables ...string) []byte {
	t.Helper()
	dist := filepath.Join(t.TempDir(), "lambda-edge")
	args := append([]string{"-s", "-f", "deployments/lambda-edge/build.mk", "edge", "edge-runtime", "EDGE_DIST=" + dist}, variables...)
	command(t, nil, "make", args...)
	data, err := os.ReadFile(dist + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var shipped struct {
	sync.Mutex
	zip []byte
}

// unpack unpacks the shipped ZIP, which is built once, into a new folder.
func unpack(t *testing.T) string {
	t.Helper()
	shipped.Lock()
	defer shipped.Unlock()
	if shipped.zip == nil {
		shipped.zip = build(t)
	}
	return unzip(t, shipped.zip)
}

func unzip(t *testing.T, data []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, f.Name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// buildElsewhere builds a copy of the sources in another folder and environment: another
// umask, another time zone, and Go settings that would change the module.
func buildElsewhere(t *testing.T) []byte {
	t.Helper()
	root := t.TempDir()
	command(t, nil, "sh", "-c", `cp go.mod go.sum presets.json presets-web.json *.go "$0" && mkdir -p "$0/cmd" "$0/deployments/lambda-edge" && cp -R edge "$0" &&
		cp -R cmd/edge-wasm "$0/cmd" && cd deployments/lambda-edge && cp -R .npmrc build.mk package.json package-lock.json src pack node_modules "$0/deployments/lambda-edge"`, root)
	command(t, []string{"GOFLAGS=-tags=testfault", "GOEXPERIMENT=nogreenteagc", "GOFIPS140=latest", "TZ=Asia/Tokyo"},
		"sh", "-c", `umask 077 && cd "$0" && make -s -f deployments/lambda-edge/build.mk edge`, root)
	data, err := os.ReadFile(filepath.Join(root, "dist", "lambda-edge.zip"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestZip(t *testing.T) {
	first, second := build(t), buildElsewhere(t)
	if !bytes.Equal(first, second) {
		t.Error("two builds differ: CloudFront would get a needless new version")
	}
	if len(first) > 2<<20 {
		t.Errorf("zip of %d bytes: want at most 2 MB", len(first))
	}
	z, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	root, err := awstest.Root()
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := os.ReadFile(filepath.Join(unzip(t, first), "edge.wasm"))
	if err != nil || bytes.Contains(wasm, []byte(root)) {
		t.Errorf("the module contains the path where it was built, so it differs elsewhere: %v", err)
	}
	if got, want := fmt.Sprint(names), "[LICENSE-aws4 edge.wasm index.mjs]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPresetsAreBakedIn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "presets.json")
	if err := os.WriteFile(file, []byte(`{"card": "600x400/400x500"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	f := start(t, "node24", unzip(t, build(t, "PRESETS="+file)))
	for query, want := range map[string]int{"size=card": 2, "size=M": 0} {
		f.aws.reset()
		f.handle(request("/no-such.jpg", query, f.settings()))
		if got := len(f.aws.seen()); got != want {
			t.Errorf("%s: %d calls, want %d", query, got, want)
		}
	}
}
