package check

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// kubeScore runs as a program, since its module needs an older Kubernetes than Helm's.
const kubeScore = "github.com/zegl/kube-score/cmd/kube-score@v1.20.0"

// kube-score has no complaint. Two of its rules are off. CPU limits: a worker runs no more
// steps at once than it has CPUs, and it may use the node's idle ones. Replicas: KEDA sets
// them, which kube-score does not see.
func TestScore(t *testing.T) {
	program := filepath.Join(t.TempDir(), "kube-score")
	install := exec.CommandContext(t.Context(), "go", "install", kubeScore)
	install.Env = append(os.Environ(), "GOBIN="+filepath.Dir(program), "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, file := range files {
		manifest, err := render(t, valuesOf(t, file))
		if err != nil {
			t.Fatal(err)
		}
		score := exec.CommandContext(t.Context(), program, "score", "--ignore-container-cpu-limit", "--ignore-test", "deployment-replicas", "--kubernetes-version", "v1.34", "--output-format", "ci", "-")
		score.Stdin = strings.NewReader(manifest)
		out, err := score.Output()
		if !strings.Contains(string(out), "[OK] pictures-worker") {
			t.Errorf("%s: nothing was scored: %v: %s", file, err, out)
		}
		for line := range strings.Lines(string(out)) {
			if !strings.HasPrefix(line, "[OK]") && !strings.HasPrefix(line, "[SKIPPED]") {
				t.Errorf("%s: %s", file, line)
			}
		}
	}
}

// ownFlags are the flags that have values of their own in the chart.
var ownFlags = []string{"bucket", "queue-url", "dead-letter-url", "events-queue-url", "backfill-queue-url", "grace", "admin-listen", "presets", "decoder"}

// The values' schema lists every flag of the worker, and no others.
func TestSettingsAreTheWorkersFlags(t *testing.T) {
	program := filepath.Join(t.TempDir(), "calotype")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/calotype")
	build.Dir, build.Env = filepath.Join("..", "..", ".."), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	help, err := exec.CommandContext(t.Context(), program, "worker", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, found := range regexp.MustCompile(`\$CALOTYPE_(\w+)`).FindAllStringSubmatch(string(help), -1) {
		if flag := strings.ToLower(strings.ReplaceAll(found[1], "_", "-")); !slices.Contains(ownFlags, flag) {
			want = append(want, flag)
		}
	}
	data, err := os.ReadFile(filepath.Join(chart, "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties struct {
			Settings struct {
				PropertyNames struct{ Enum []string }
			}
		}
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	got := schema.Properties.Settings.PropertyNames.Enum
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("settings are %q, want %q", got, want)
	}
}
