package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"calotype/internal/hermetic"
	"calotype/worker"
)

func TestMain(m *testing.M) { hermetic.Main(m) }

const unit = "../ec2/calotype-worker.service"

// analyze runs systemd-analyze on a unit whose program exists.
func analyze(t *testing.T, content string, args ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), filepath.Base(unit))
	content = strings.ReplaceAll(content, "/usr/local/bin/calotype", "/bin/true")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", append(args, file)...).CombinedOutput()
	return string(out), err
}

func readUnit(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Fatal("systemd-analyze is missing: install Debian's package systemd")
	}
	content, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// systemd only warns about an unknown key. Here every warning is an error.
func TestUnitIsUnderstood(t *testing.T) {
	content := readUnit(t)
	if out, err := analyze(t, content, "verify", "--man=no"); err != nil || out != "" {
		t.Errorf("%v: %s", err, out)
	}
	if out, _ := analyze(t, strings.Replace(content, "ProtectHome=", "ProtectHomes=", 1), "verify", "--man=no"); !strings.Contains(out, "ProtectHomes") {
		t.Errorf("a key that does not exist was not found: %q", out)
	}
}

func TestUnitIsHardened(t *testing.T) {
	out, err := analyze(t, readUnit(t), "security", "--offline=true", "--no-pager")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	level := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindStringSubmatch(out)
	if level == nil {
		t.Fatalf("no level in\n%s", out)
	}
	if exposure, err := strconv.ParseFloat(level[1], 64); err != nil || exposure >= 2 {
		t.Errorf("exposed by %s, want less than 2.0\n%s", level[1], out)
	}
}

// The worker must end by itself before systemd kills it.
func TestUnitWaitsForTheGrace(t *testing.T) {
	stop := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindStringSubmatch(readUnit(t))
	if stop == nil {
		t.Fatal("no TimeoutStopSec in whole seconds")
	}
	if seconds, _ := strconv.Atoi(stop[1]); float64(seconds) < worker.Defaults().Grace.Seconds()+10 {
		t.Errorf("systemd waits %s s, the worker takes %v and some", stop[1], worker.Defaults().Grace)
	}
}

// Every variable in the environment file is a flag of the worker, and the worker accepts
// the values.
func TestEnvironmentFile(t *testing.T) {
	content, err := os.ReadFile("../ec2/worker.env")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "calotype")
	command(t, "env", "CGO_ENABLED=0", "go", "build", "-o", program, "./cmd/calotype")
	help := command(t, program, "worker", "--help")
	assignment := regexp.MustCompile(`(?m)^(#?)([A-Z][A-Z_]*)=(.*)$`)
	var set []string
	for _, line := range assignment.FindAllStringSubmatch(string(content), -1) {
		off, name, value := line[1] != "", line[2], line[3]
		if strings.HasPrefix(name, "CALOTYPE_") && !strings.Contains(strings.Join(strings.Fields(help), " "), "$"+name) {
			t.Errorf("%s is not a flag of the worker", name)
		}
		if !off {
			set = append(set, name+"="+value)
		}
	}
	// Without a decoder beside it, the worker ends where it would start one, which is after
	// all checks.
	cmd := exec.CommandContext(t.Context(), program, "worker")
	cmd.Env = set
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "calotype-decode is neither beside") {
		t.Errorf("got %v, %s with %v", err, out, set)
	}
}
