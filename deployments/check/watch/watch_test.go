// Package watch tests the monitoring of Calotype, the alert rules and the dashboard, with
// promtool and with a Prometheus that scrapes a worker and an edge under load.
//
// Both programs are in Debian's package prometheus. "make check-deploy" provides them.
package watch

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v2"

	"calotype/internal/awstest"
)

func TestMain(m *testing.M) { awstest.Main(m) }

const (
	rulesFolder   = "../../prometheus"
	dashboardFile = "../../grafana/calotype.json"
)

// tool returns a program's path. A missing program is a failure.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: make deploy-tools unpacks Debian's package prometheus", name)
	}
	return path
}

// promtool runs promtool in the folder of the rules.
func promtool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool(t, "promtool"), args...)
	cmd.Dir = rulesFolder
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// files returns the names of the rule files, or of their tests.
func files(t *testing.T, tests bool) []string {
	t.Helper()
	all, err := filepath.Glob(rulesFolder + "/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range all {
		name := filepath.Base(path)
		if strings.HasSuffix(name, "_test.yml") == tests && name != "prometheus.yml" {
			names = append(names, name)
		}
	}
	if len(names) != 2 {
		t.Fatalf("got %v, want two files", names)
	}
	return names
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(rulesFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// alerts returns the expression of each alert.
func alerts(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range files(t, false) {
		var file struct {
			Groups []struct {
				Rules []struct{ Alert, Expr string }
			}
		}
		read(t, name, &file)
		for _, g := range file.Groups {
			for _, r := range g.Rules {
				found[r.Alert] = r.Expr
			}
		}
	}
	return found
}

// panels returns the expressions of the dashboard, keyed by panel.
func panels(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, p := range dashboard.Panels {
		if found[p.Title] != nil {
			t.Errorf("two panels %q", p.Title)
		}
		for _, target := range p.Targets {
			found[p.Title] = append(found[p.Title], target.Expr)
		}
	}
	return found
}

func TestRulesAreUnderstood(t *testing.T) {
	if out, err := promtool(t, "check", "config", "prometheus.yml"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	out, err := promtool(t, append([]string{"check", "rules"}, files(t, false)...)...)
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := promtool(t, append([]string{"test", "rules"}, files(t, true)...)...); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Each alert fires in one test and is silent in another.
func TestEveryAlertIsTested(t *testing.T) {
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, name := range files(t, true) {
		var file struct {
			Tests []struct {
				AlertRuleTest []struct {
					Alertname string
					ExpAlerts []any `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			}
		}
		read(t, name, &file)
		for _, test := range file.Tests {
			for _, c := range test.AlertRuleTest {
				if len(c.ExpAlerts) > 0 {
					fires[c.Alertname] = true
				} else {
					silent[c.Alertname] = true
				}
			}
		}
	}
	all := alerts(t)
	for name := range all {
		if !fires[name] || !silent[name] {
			t.Errorf("%s: fires in a test: %v, is silent in one: %v", name, fires[name], silent[name])
		}
	}
	for name := range fires {
		if all[name] == "" {
			t.Errorf("%s is tested and is not an alert", name)
		}
	}
}

// Each alert is explained in the document.
func TestEveryAlertIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, alarms, _ := strings.Cut(string(doc), "\n## Alarms\n")
	alarms, _, _ = strings.Cut(alarms, "\n## ")
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\|[^|]*\\| `(Calotype\\w+)` \\|").FindAllStringSubmatch(alarms, -1) {
		documented[row[1]] = true
	}
	all := alerts(t)
	for name := range all {
		if !documented[name] {
			t.Errorf("%s is in no row of docs/operations.md, \"Alarms\"", name)
		}
	}
	for name := range documented {
		if all[name] == "" {
			t.Errorf("%s is documented and is not an alert", name)
		}
	}
}

// The alarms of the templates are in the same table.
func TestEveryAlarmIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../cdk/watch.go")
	if err != nil {
		t.Fatal(err)
	}
	made := regexp.MustCompile(`(?m)^\s+id:\s+"(\w+)",$`).FindAllStringSubmatch(string(source), -1)
	var names []string
	for _, m := range made {
		names = append(names, m[1])
		if !strings.Contains(string(doc), "\n| `"+m[1]+"` | ") {
			t.Errorf("no row of docs/operations.md begins with %s", m[1])
		}
	}
	if len(names) < 5 || !slices.Contains(names, "DeadLetters") {
		t.Fatalf("got %v from the templates' program", names)
	}
}
