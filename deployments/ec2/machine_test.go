//go:build machine

package ec2

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"calotype/internal/awstest"
	"calotype/internal/hermetic"
)

func TestMain(m *testing.M) { hermetic.Main(m) }

var (
	//go:embed testdata/systemctl
	systemctl string
	//go:embed testdata/machine.sh
	machine string
)

// notTyped are the page's commands that the test does not run, with the reason.
var notTyped = map[string]string{
	"make deb ":    "the test has made the package before, as make deb does",
	"journalctl -": "no systemd runs, so there is no journal",
}

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// TestOneMachine types every command of docs/one-machine.md, in order, in a copy of this
// machine's root that is gone afterwards. Only the addresses and the keys are those of the
// test's servers.
func TestOneMachine(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("mounts, packages and port 80 need root")
	}
	page, err := os.ReadFile("../../docs/one-machine.md")
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	deb := makeDeb(t, work)
	typed, left := commands(t, string(page))
	for command := range notTyped {
		if !left[command] {
			t.Errorf("the page has no command %q: remove the exception", command)
		}
	}
	typed = strings.NewReplacer(
		"calotype_0.1.0_debian13_amd64.deb", filepath.Base(deb),
		"https://s3.example.net", "http://127.0.0.1:9000",
		"https://sqs.eu-central-1.amazonaws.com", "http://127.0.0.1:9324",
		"eu-central-1", "us-east-1", "EXAMPLEKEY", "calotype", "example-secret", "calotype-local",
	).Replace(typed)
	local, err := awstest.Build("calotype-local", "deployments/local")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"page.sh": []byte(typed), "systemctl": []byte(systemctl), "machine.sh": []byte(machine), "photo.jpg": awstest.Photo(t, 2400, 1800, 1),
	} {
		if err := os.WriteFile(filepath.Join(work, name), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--net", "--pid", "--ipc", "--fork", "--kill-child", "--propagation", "private",
		"bash", "-euo", "pipefail", filepath.Join(work, "machine.sh"), work, local, deb)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	for _, want := range []string{
		"X-Calotype: original; pending", "X-Calotype: rendition\r\n", "0 failed.", "1 dead letter", "photo.webp: RIFF, WEBP", "edge runs as 65534",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in the output", want)
		}
	}
}

// makeDeb makes this machine's package into a folder.
func makeDeb(t *testing.T, work string) string {
	t.Helper()
	out := filepath.Join(work, "deb")
	cmd := exec.CommandContext(t.Context(), "../dist/dist.sh", out)
	cmd.Env = append(os.Environ(), "DEB_ONLY=1")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("dist.sh: %v\n%s", err, output)
	}
	debs, err := filepath.Glob(filepath.Join(out, "*.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("packages: %v, %v", debs, err)
	}
	return debs[0]
}

// commands returns the page's commands as a script that prints each first, and which of the
// exceptions it left out.
func commands(t *testing.T, page string) (script string, left map[string]bool) {
	t.Helper()
	var b strings.Builder
	left = map[string]bool{}
	lines, until := 0, ""
	for _, block := range shellBlock.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(block[1]) {
			if until == "" {
				if exception := exceptionOf(line); exception != "" {
					left[exception] = true
					continue
				}
				fmt.Fprintf(&b, "echo '+ %s'\n", strings.ReplaceAll(strings.TrimSpace(line), "'", `'\''`))
				lines++
			}
			b.WriteString(line)
			switch {
			case strings.Contains(line, "<<END"):
				until = "END\n"
			case line == until:
				until = ""
			}
		}
	}
	if lines < 30 {
		t.Fatalf("only %d commands on the page", lines)
	}
	return b.String(), left
}

func exceptionOf(line string) string {
	for command := range notTyped {
		if strings.HasPrefix(line, command) {
			return command
		}
	}
	return ""
}
