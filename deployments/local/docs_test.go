package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"calotype"
	"calotype/deployments/local/samples"
	"calotype/internal/awstest"
	"calotype/internal/pages"
	"calotype/queue"
)

// otherPages are typed by other tests.
var otherPages = map[string]string{
	"README.md":           "TestReadme types it",
	"docs/one-machine.md": "make test-machine types it",
}

// notRun are commands that are not run here, by their beginning, with the reason, and what is
// checked in place of that. Those of calotype are parsed by cmd/calotype's tests.
var notRun = []struct {
	begins, why string
	check       func(t *testing.T, command string)
}{
	{"make ", "make test has these programs; others have their own tests", checkTarget},
	{"cd deployments/cdk", "only cdk follows", checkPaths},
	{"alias cdk=", "npx fetches the CDK; deployments/cdk synthesises in its tests", nil},
	{"cdk ", "it deploys to an account; deployments/cdk has its tests", checkContexts},
	{"docker ", "it needs a daemon; deployments/check tests the image", checkPaths},
	{"helm ", "it needs a cluster; deployments/helm/check renders the chart", checkPaths},
	{"apt-get ", "it changes the machine; make test-machine installs", nil},
	{"install ", "it changes the machine; make test-machine installs the package", nil},
	{"systemctl ", "it changes the machine; make test-machine starts the units", nil},
	{"journalctl ", "no systemd runs in tests", nil},
	{"calotype worker … ", "the page leaves settings out", nil},
	{"calotype remove cats/kitty.jpg ", "it invalidates at CloudFront", nil},
	{"calotype again  cats/kitty.jpg ", "it invalidates at CloudFront", nil},
}

// setUp is the beginning of each page's script. Commands of aws that need an account are
// checked against the AWS CLI's own descriptions, and answered from here.
const setUp = `
eval "$("$LOCAL" env --data "$DATA")"
eval "$(declare -f aws | sed '1s/^aws /aws_here /')"
aws() {
  case "$1 ${2-}" in
  "s3 "* | "sqs "*) aws_here "$@"; return ;;
  esac
  command aws "$@" --generate-cli-skeleton >skeleton.json
  case "$*" in
  *describe-stacks*OutputKey*) echo '{"Sid": "Calotype", "Id": "calotype"}' ;;
  *describe-stacks*) cat deployments/cdk/testdata/outputs.json ;;
  *get-bucket-policy*) echo '{"Version": "2012-10-17", "Statement": []}' ;;
  *get-bucket-notification*) ;; # None, for which aws prints nothing.
  *get-distribution-config*) cat deployments/cdk/testdata/distribution.json ;;
  esac
}
calotype() { # Without a terminal purge cannot ask.
  case "$1 ${2-}" in
  "dlq purge") command calotype "$@" --yes ;;
  *) command calotype "$@" ;;
  esac
}
diff() { ! command diff "$@"; } # What is shown differs.
TOPIC=arn:aws:sns:eu-west-1:123456789012:uploads EVENTS_QUEUE_ARN=arn:aws:sqs:eu-west-1:123456789012:calotype-events APPLICATION_QUEUE_ARN=arn:aws:sqs:eu-west-1:123456789012:application
`

// Every command of the pages is run with the local program, or is one of the exceptions.
func TestDocs(t *testing.T) {
	if _, err := awstest.Build("calotype", "cmd/calotype"); err != nil {
		t.Fatal(err)
	}
	root, err := awstest.Root()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pages.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	for name := range otherPages {
		if _, there := texts[name]; !there {
			t.Errorf("there is no %s: remove the exception", name)
		}
		delete(texts, name)
	}
	p := start(t)
	kitty := drawn(t, "kitty.jpg")
	for key, body := range map[string][]byte{"kitty.jpg": kitty, "cats/kitty.jpg": kitty, "broken.jpg": awstest.Photo(t, 900, 600, 0)[:400]} {
		p.putFile(t, key, body)
	}
	awstest.Eventually(t, 30*time.Second, "there is a dead letter", func() bool {
		state, _, _ := p.ask(t, "/broken.jpg?size=M")
		return state == "rendition; kept"
	})
	dead := queue.New(p.sqs, p.deadURL)
	large := calotype.Job{Source: "cats/kitty.jpg", Variants: []calotype.Variant{{Preset: "M"}}}
	if err := errors.Join(dead.DeadLetter(t.Context(), large.Encode(), queue.Reason{Class: "too-many-pixels", Attempts: 1, FirstSeen: time.Now()}),
		dead.DeadLetter(t.Context(), "not a job", queue.Reason{Class: "malformed-job", Attempts: 1, FirstSeen: time.Now()})); err != nil {
		t.Fatal(err)
	}
	here := strings.NewReplacer(`"$URL"`, p.url, "--bucket my-pictures", "--bucket pictures")
	used, ran := map[string]bool{}, 0
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		var script strings.Builder
		for _, block := range pages.BlocksIn(texts[name], "sh") {
			for _, command := range shellCommands(t, block) {
				if begins := exception(t, command); begins != "" {
					used[begins] = true
					continue
				}
				fmt.Fprintf(&script, "echo %s\n%s\n", quote("+ "+command), placeholders(p, here.Replace(command)))
				ran++
			}
		}
		if script.Len() == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) { typePage(t, p, root, texts[name], script.String(), kitty) })
	}
	for _, e := range notRun {
		if !used[e.begins] {
			t.Errorf("no page has a command %q: remove the exception", e.begins)
		}
	}
	if ran < 30 {
		t.Errorf("only %d commands were run", ran)
	}
}

// typePage runs a page's commands in a folder with a picture and the page's JSON.
func typePage(t *testing.T, p *program, root, page, script string, kitty []byte) {
	if _, err := exec.LookPath("aws"); err != nil && strings.Contains(script, "aws ") {
		t.Fatal("aws is missing: install Debian's awscli")
	}
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(root, "deployments"), filepath.Join(dir, "deployments")); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"kitty.jpg": kitty}
	if blocks := pages.BlocksIn(page, "json"); len(blocks) > 0 {
		files["presets.json"] = []byte(blocks[0])
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", setUp+script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LOCAL="+binary, "DATA="+p.data)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// placeholders gives the queues that a page leaves out their addresses.
func placeholders(p *program, command string) string {
	return leftOut.ReplaceAllStringFunc(command, func(found string) string {
		name := map[string]string{"DEAD": deadName, "BACKFILL": backfillName, "QUEUE": jobsName}
		for _, part := range []string{"DEAD", "BACKFILL", "QUEUE"} {
			if strings.Contains(strings.ToUpper(found), part) {
				return strings.Replace(found, "https://sqs…", p.sqsURL+"/000000000000/"+name[part], 1)
			}
		}
		return found
	})
}

var leftOut = regexp.MustCompile(`[-A-Za-z_]+[ =]https://sqs…`)

// shellCommands splits a block into commands, of one or more lines.
func shellCommands(t *testing.T, block string) (found []string) {
	t.Helper()
	var command string
	for line := range strings.Lines(block) {
		command += line
		if trimmed := strings.TrimSpace(command); trimmed == "" || strings.HasPrefix(trimmed, "#") && !strings.Contains(trimmed, "\n") {
			command = ""
			continue
		}
		if strings.HasSuffix(command, "\\\n") || exec.CommandContext(t.Context(), "bash", "-n", "-c", command).Run() != nil {
			continue
		}
		found = append(found, strings.TrimSpace(command))
		command = ""
	}
	if command != "" {
		t.Errorf("a shell cannot read %s", command)
	}
	return found
}

// exception checks a command that is not run here and returns its beginning.
func exception(t *testing.T, command string) string {
	for _, e := range notRun {
		if strings.HasPrefix(command, e.begins) {
			if e.check != nil {
				e.check(t, command)
			}
			return e.begins
		}
	}
	return ""
}

// drawn returns one of the samples.
func drawn(t *testing.T, key string) []byte {
	t.Helper()
	for _, sample := range samples.All() {
		if sample.Key == key {
			body, err := sample.Draw()
			if err != nil {
				t.Fatal(err)
			}
			return body
		}
	}
	t.Fatalf("there is no sample %s", key)
	return nil
}
