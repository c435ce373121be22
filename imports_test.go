package calotype_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"calotype/internal/hermetic"
)

func TestMain(m *testing.M) { hermetic.Main(m) }

// goPackage is an entry of the output of "go list -deps -json".
type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
	CgoFiles   []string
}

func list(t *testing.T, args ...string) map[string]goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps", "-json=ImportPath,Standard,Imports,Deps,CgoFiles"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	packages := map[string]goPackage{}
	for dec := json.NewDecoder(out); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	return packages
}

// The allowed imports of this module's packages. A package that is not listed fails the
// test.
var mayImport = map[string]struct {
	ours []string
	why  string
}{
	"calotype":                    {nil, "the shared types depend on no other package"},
	"calotype/worker/deadletter":  {[]string{"calotype", "calotype/queue", "calotype/worker/failure", "calotype/worker/store"}, "dead letters are messages, jobs and objects; workers know how jobs are done"},
	"calotype/edge":               {[]string{"calotype"}, "the decision runs inside Lambda@Edge too"},
	"calotype/edge/cloudfront":    {[]string{"calotype", "calotype/edge"}, "a host of the decision, without I/O: it runs inside Lambda@Edge"},
	"calotype/edge/origin":        {[]string{"calotype", "calotype/edge", "calotype/internal/s3direct", "calotype/queue"}, "the origin serves and enqueues; workers are elsewhere"},
	"calotype/edge/viewer":        {[]string{"calotype", "calotype/edge"}, "it writes a function whose decisions are package edge's"},
	"calotype/queue":              {[]string{"calotype"}, "a queue does not know what its messages mean"},
	"calotype/worker":             {[]string{"calotype", "calotype/internal/backoff", "calotype/internal/batch", "calotype/queue", "calotype/worker/decoder", "calotype/worker/failure", "calotype/worker/notify", "calotype/worker/render", "calotype/worker/store"}, "workers do not know what viewers get"},
	"calotype/worker/failure":     {nil, "a failure is a reason and depends on no package"},
	"calotype/worker/invalidate":  {[]string{"calotype", "calotype/internal/backoff", "calotype/worker/store"}, "an invalidator knows paths and counts them; workers know what has changed"},
	"calotype/worker/notify":      {[]string{"calotype", "calotype/internal/backoff", "calotype/internal/batch", "calotype/queue", "calotype/worker/failure"}, "a notifier sends; workers know how jobs end"},
	"calotype/worker/backfill":    {[]string{"calotype", "calotype/queue", "calotype/worker/store"}, "a backfill compares listings and sends jobs; workers know how jobs are done"},
	"calotype/worker/imageheader": {[]string{"calotype", "calotype/worker/failure"}, "a header is bytes: libvips, buckets and jobs are elsewhere"},
	"calotype/worker/metadata":    {[]string{"calotype", "calotype/worker/imageheader"}, "a file loses parts; decoding and encoding are elsewhere"},
	"calotype/worker/animation":   {[]string{"calotype"}, "files and their frames; decoding and encoding are elsewhere"},
	"calotype/worker/thumbhash":   {nil, "a hash is of pixels; decoding is elsewhere"},
	"calotype/worker/render":      {[]string{"calotype", "calotype/worker/animation", "calotype/worker/failure", "calotype/worker/imageheader", "calotype/worker/metadata", "calotype/worker/thumbhash"}, "an engine knows pictures, not buckets or jobs"},
	"calotype/worker/store":       {[]string{"calotype", "calotype/internal/s3direct", "calotype/worker/failure"}, "a store knows objects, not jobs"},

	"calotype/worker/decoder":      {[]string{"calotype", "calotype/worker/decoder/wire", "calotype/worker/failure", "calotype/worker/imageheader", "calotype/worker/render"}, "decoders are processes that render pictures, not jobs"},
	"calotype/worker/decoder/wire": {[]string{"calotype/worker/failure", "calotype/worker/render"}, "a protocol carries the engine's input and output"},

	"calotype/deployments/caches":            {nil, "tests of caches in front of the edge"},
	"calotype/deployments/ec2":               {nil, "a test of a machine's set-up, which runs the programs"},
	"calotype/deployments/lambda-edge":       {nil, "tests of a function in Node, which imports no Go"},
	"calotype/deployments/lambda-edge/bench": {nil, "a bench of a function in Node, which imports no Go"},
	"calotype/deployments/lambda-edge/pack":  {[]string{"calotype"}, "it packs files, and checks presets"},
}

func TestImportsPointDownward(t *testing.T) {
	for path, p := range list(t, "./...") {
		rule, ruled := mayImport[path]
		if !strings.HasPrefix(path, "calotype") || strings.HasPrefix(path, "calotype/cmd/") || strings.HasPrefix(path, "calotype/internal/") {
			continue
		}
		if !ruled {
			t.Errorf("%s has no rule: add what it may import, and why", path)
			continue
		}
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, "calotype") && !slices.Contains(rule.ours, imported) {
				t.Errorf("%s imports %s: %s", path, imported, rule.why)
			}
		}
	}
}

func TestDecisionStaysSmall(t *testing.T) {
	t.Setenv("GOOS", "wasip1")
	t.Setenv("GOARCH", "wasm")
	packages := list(t, "./cmd/edge-wasm")
	if _, ok := packages["calotype/edge"]; !ok {
		t.Error("cmd/edge-wasm does without calotype/edge: there is one decision, for all hosts")
	}
	for path, why := range map[string]string{
		"net/http":                      "it would be most of the wasm module, and the decision does not need it",
		"regexp":                        "compiling expressions takes a fifth of the decision's start-up time",
		"github.com/aws/aws-sdk-go-v2":  "the decision does no I/O: its hosts do",
		"github.com/rs/zerolog":         "the decision does not log: its hosts do",
		"github.com/davidbyttow/govips": "the edge never touches a pixel",
		"github.com/alecthomas/kong":    "the decision gets settings as values",
	} {
		for dep := range packages {
			if dep == path || strings.HasPrefix(dep, path+"/") {
				t.Errorf("the decision depends on %s: %s", dep, why)
			}
		}
	}
	for path, p := range packages {
		if !p.Standard && !strings.HasPrefix(path, "calotype") {
			t.Errorf("the decision depends on %s: only the standard library and the root package go into Lambda@Edge", path)
		}
	}
}

func TestOnlyRenderNeedsCgo(t *testing.T) {
	for path, p := range list(t, "./...") {
		if strings.HasPrefix(path, "calotype") && len(p.CgoFiles) > 0 && path != "calotype/worker/render" {
			t.Errorf("%s has cgo files %v: only worker/render uses libvips", path, p.CgoFiles)
		}
	}
}

func TestProductionHasNoLocalServers(t *testing.T) {
	for path := range list(t, "./...") {
		for _, server := range []string{"github.com/versity/", "modernc.org/sqlite", "calotype/deployments/local"} {
			if strings.HasPrefix(path, server) {
				t.Errorf("the production module depends on %s: local servers are in deployments/local", path)
			}
		}
	}
}
