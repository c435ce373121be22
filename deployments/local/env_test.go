package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"calotype/internal/awstest"
)

// The variables that env prints are enough for calotype, in a shell that has others.
func TestEnv(t *testing.T) {
	p := start(t)
	p.putFile(t, "kitty.jpg", awstest.Photo(t, 600, 400, 0))
	calotype, err := awstest.Build("calotype", "cmd/calotype")
	if err != nil {
		t.Fatal(err)
	}
	shell := func(script string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", "-euc", `eval "$("$1" env --data "$2")"`+"\n"+script, "sh", binary, p.data)
		cmd.Env = append(os.Environ(), "AWS_PROFILE=mine", "AWS_ENDPOINT_URL=http://127.0.0.1:1", "PATH="+filepath.Dir(calotype)+":"+os.Getenv("PATH"))
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s%s", script, err, out, stderr.String())
		}
		return string(out)
	}
	if out := shell("calotype explain '/kitty.jpg?size=M'"); !strings.Contains(out, "resized/M/kitty.jpg") {
		t.Errorf("explain printed %s", out)
	}
	if out := shell("calotype dlq list"); !strings.Contains(out, "no dead letters") && !strings.Contains(out, "0 dead letters") {
		t.Errorf("dlq list printed %s", out)
	}
	// The programs' folder comes first in PATH, once.
	if out := shell(`eval "$("$1" env --data "$2")"; echo "$PATH"`); strings.Count(out, filepath.Dir(binary)) != 1 || !strings.HasPrefix(out, filepath.Dir(binary)) {
		t.Errorf("PATH is %s", out)
	}
}

// Without a running program, env says so and prints nothing for eval.
func TestEnvNotRunning(t *testing.T) {
	data := t.TempDir()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"env", "--data", data}, &stdout, &stderr); code != exitFailure || stdout.Len() > 0 || !strings.Contains(stderr.String(), "start it first (make run)") {
		t.Errorf("got %d, %q, %q", code, stdout.String(), stderr.String())
	}
	if _, err := (endpoints{S3: "http://127.0.0.1:1"}).write(data); err != nil {
		t.Fatal(err)
	}
	stderr.Reset()
	if code := run(t.Context(), []string{"env", "--data", data}, &stdout, &stderr); code != exitFailure || stdout.Len() > 0 || !strings.Contains(stderr.String(), "does not run any more") {
		t.Errorf("got %d, %q, %q", code, stdout.String(), stderr.String())
	}
}

// A shell reads back each value as it is.
func TestEnvQuoting(t *testing.T) {
	const odd = `/a folder's "bin"/$HOME\x`
	setUp := script("sh", endpoints{S3: "http://127.0.0.1:1", SQS: "http://127.0.0.1:2"}, odd)
	out, err := exec.Command("sh", "-euc", setUp+`printf %s "${PATH%%:*}"`).Output()
	if err != nil || string(out) != odd {
		t.Errorf("got %q, %v", out, err)
	}
	if fish := fishScript(); !strings.Contains(fish, `set -gx AWS_REGION 'us-east-1'`) || !strings.Contains(fish, `fish_add_path --global --prepend --move '/it\'s'`) {
		t.Errorf("got %s", fish)
	}
}

func fishScript() string { return script("fish", endpoints{}, "/it's") }

// On a terminal the page's address comes at once, and the ready line is the last one, also
// after jobs were done.
func TestReadyStays(t *testing.T) {
	data := t.TempDir()
	web := freePort(t)
	cmd := exec.CommandContext(t.Context(), binary, "--listen", web, "--s3-listen", freePort(t), "--sqs-listen", freePort(t), "--data", data, "--samples")
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	log := &awstest.Log{}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buffer := make([]byte, 4096)
		for {
			n, err := terminal.Read(buffer)
			_, _ = log.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	p := &program{url: "http://" + web}
	awstest.Eventually(t, 2*time.Minute, "it is ready", func() bool { return strings.Contains(log.String(), "ready "+p.url) })
	awstest.Eventually(t, 2*time.Minute, "a job is done", func() bool {
		state, _, _ := p.ask(t, "/tiny.png?size=SXS&to_webp=1")
		return state == "rendition"
	})
	if _, err := terminal.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	<-read
	_ = cmd.Wait()
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(log.String(), "^C", ""), "\r", "")), "\n")
	if !strings.Contains(lines[0], "The page is at "+p.url+"/.") || !strings.Contains(lines[1], `eval "$(`) || lines[len(lines)-1] != "ready "+p.url+"/" {
		t.Errorf("the terminal shows\n%s", log)
	}
	if _, err := os.Stat(filepath.Join(data, endpointsFile)); err == nil {
		t.Error("the addresses are still there after the end")
	}
}
