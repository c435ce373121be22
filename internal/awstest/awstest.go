// Package awstest gives tests an S3 and an SQS server on this machine, which they use with
// the real SDK: those of deployments/local, in a child process, which is built if it is
// out of date. It is for tests only.
//
//	func TestMain(m *testing.M) { awstest.Main(m) }
package awstest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"calotype/internal/hermetic"
)

// endpoints are the URLs of the running servers.
var endpoints struct{ s3, sqs string }

// Main runs a package's tests with the servers up, and exits. The environment names the
// servers and nothing outside this machine, also for child processes: see package hermetic.
func Main(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "start the S3 and SQS servers for tests:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	program, err := Build("calotype-local", "deployments/local")
	if err != nil {
		return 1, err
	}
	// A command that a test runs in its own process finds the decoder there.
	os.Setenv("PATH", filepath.Dir(program)+string(os.PathListSeparator)+os.Getenv("PATH"))
	hermetic.Isolate() // After the build, which may download modules.
	data, err := os.MkdirTemp("", "calotype-test-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(data)
	stop, err := start(program, data)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	os.Setenv("AWS_ENDPOINT_URL_S3", endpoints.s3)
	os.Setenv("AWS_ENDPOINT_URL_SQS", endpoints.sqs)
	return m.Run(), nil
}

// start starts the servers and waits until they are ready. They end when the pipe to their
// standard input closes, however the tests end.
func start(program, data string) (stop func() error, err error) {
	var stderr bytes.Buffer
	cmd := exec.Command(program, "--aws-only", "--stop-on-eof", "--data", data,
		"--s3-listen", "127.0.0.1:0", "--sqs-listen", "127.0.0.1:0")
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() error {
		stdin.Close()
		return cmd.Wait()
	}
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	if n, _ := fmt.Sscanf(line, "ready %s %s\n", &endpoints.s3, &endpoints.sqs); n != 2 {
		return nil, fmt.Errorf("%s printed %q: %w\n%s", program, line, errors.Join(err, stop()), stderr.String())
	}
	go io.Copy(io.Discard, lines) //nolint:errcheck // It ends with the program.
	return stop, nil
}

// Build builds a program of this repository into bin/ if it is out of date, and returns its
// path. Several test processes may call it concurrently.
func Build(name, folder string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(root, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return "", err
	}
	lock, err := os.Create(filepath.Join(bin, ".lock"))
	if err != nil {
		return "", err
	}
	defer lock.Close() // This also unlocks.
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	program := filepath.Join(bin, name)
	if err := build(program, filepath.Join(root, folder)); err != nil {
		return "", err
	}
	// Workers look for it there.
	return program, build(filepath.Join(bin, "calotype-decode"), filepath.Join(root, "cmd/calotype-decode"))
}

func build(program, folder string) error {
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return nil
}

// Decoder builds calotype-decode and returns its path.
func Decoder() (string, error) {
	program, err := Build("calotype", "cmd/calotype")
	return filepath.Join(filepath.Dir(program), "calotype-decode"), err
}

// Root is the repository's folder.
func Root() (string, error) {
	out, err := exec.CommandContext(context.Background(), "go", "list", "-m", "-f", "{{.Dir}}", "calotype").Output()
	if err != nil {
		return "", fmt.Errorf("find the module calotype: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
