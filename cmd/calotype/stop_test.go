package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"calotype/internal/awstest"
)

// process is a worker in a separate process.
type process struct {
	*exec.Cmd
	log                *awstest.Log
	admin              string // The URL of its admin server.
	bucket, jobs, dead string
}

// startWorker starts a worker with its own bucket and queue, and waits until it is ready.
func startWorker(t *testing.T, args ...string) process {
	t.Helper()
	program, err := awstest.Build("calotype", "cmd/calotype")
	if err != nil {
		t.Fatal(err)
	}
	return startCommand(t, append([]string{program, "worker"}, args...)...)
}

// startCommand starts the command of a worker, which another command may wrap.
func startCommand(t *testing.T, command ...string) process {
	t.Helper()
	p := process{log: &awstest.Log{}, bucket: awstest.Bucket(t)}
	p.jobs, p.dead = awstest.Queues(t)
	p.Cmd = exec.Command(command[0], append(command[1:], "--bucket", p.bucket, "--queue-url", p.jobs, "--dead-letter-url", p.dead, "--admin-listen=127.0.0.1:0")...)
	p.Stderr = p.log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill() // It may have ended before.
		_ = p.Wait()
		if t.Failed() {
			t.Log(p.log)
		}
	})
	awstest.Eventually(t, time.Minute, "the worker is ready", func() bool {
		p.admin = adminURL(p.log)
		return p.admin != "" && httpStatus(t, p.admin+"/readyz") == http.StatusOK
	})
	return p
}

// adminURL returns the address of a worker's admin server from its log, or "".
func adminURL(log *awstest.Log) string {
	_, rest, _ := strings.Cut(log.String(), `"admin":"`)
	address, _, ok := strings.Cut(rest, `"`)
	if !ok {
		return ""
	}
	return "http://" + address
}

func httpStatus(t *testing.T, url string) int {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	_, _ = io.Copy(io.Discard, r.Body)
	return r.StatusCode
}

// signal asks the process to stop.
func (p process) signal(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// After a signal during a poll the process ends in order, and leaves nothing in flight.
func TestSignalDuringPoll(t *testing.T) {
	p := startWorker(t, "--grace=6s")
	if got := httpStatus(t, p.admin+"/healthz"); got != http.StatusOK {
		t.Errorf("healthz: got %d", got)
	}
	p.signal(t)
	if err := p.Wait(); err != nil {
		t.Errorf("got %v, want exit code 0", err)
	}
	if _, inFlight, _ := awstest.Waiting(t, p.jobs); inFlight != "0" {
		t.Errorf("%s in flight", inFlight)
	}
	if !strings.Contains(p.log.String(), "worker stops") {
		t.Error("it did not stop in order")
	}
}

// A second signal ends the process at once.
func TestSecondSignalKills(t *testing.T) {
	p := startWorker(t) // Its polls last 20 s.
	p.signal(t)
	awstest.Eventually(t, time.Minute, "the first signal is handled", func() bool {
		return httpStatus(t, p.admin+"/readyz") == http.StatusServiceUnavailable
	})
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }()
	var err error
	awstest.Eventually(t, 15*time.Second, "a second signal ends it", func() bool {
		_ = p.Process.Signal(syscall.SIGTERM)
		select {
		case err = <-ended:
			return true
		default:
			return false
		}
	})
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("got %v, want the signal to end it", err)
	}
	if strings.Contains(p.log.String(), "worker stops") {
		t.Error("it waited for the end of the poll")
	}
}

func TestNotReadyBeforeServicesRespond(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	jobs, dead := awstest.Queues(t)
	log, _ := begin(t, "worker", "--bucket=pictures", "--queue-url="+jobs, "--dead-letter-url="+dead, "--admin-listen=127.0.0.1:0")
	awstest.Eventually(t, time.Minute, "it answers", func() bool { return adminURL(log) != "" })
	r, err := http.Get(adminURL(log) + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	why, _ := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(why), "starting") {
		t.Errorf("got %d %q", r.StatusCode, why)
	}
	if got := httpStatus(t, adminURL(log)+"/healthz"); got != http.StatusOK {
		t.Errorf("healthz: got %d", got)
	}
}

func TestAdminGivesReasons(t *testing.T) {
	a := newAdmin()
	a.setChecks(func() error { return errStuck }, func() error { return errStuck })
	var log awstest.Log
	end, err := a.serve(adminFlags{"127.0.0.1:0"}, zerolog.New(&log))
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := httpStatus(t, adminURL(&log)+path); got != http.StatusServiceUnavailable {
			t.Errorf("%s: got %d", path, got)
		}
	}
	taken := adminFlags{strings.TrimPrefix(adminURL(&log), "http://")}
	if _, err := newAdmin().serve(taken, zerolog.Nop()); !errors.Is(err, errUsage) {
		t.Errorf("an address in use: got %v", err)
	}
}

func TestExitCodes(t *testing.T) {
	for want, err := range map[int]error{
		exitOK:      nil,
		exitFailure: os.ErrClosed,
		exitUsage:   fmt.Errorf("no such bucket%w", markErr(errUsage)),
		exitStuck:   fmt.Errorf("left behind: 1%w", markErr(errStuck)),
	} {
		if got := exitCode(err); got != want {
			t.Errorf("%v: got %d, want %d", err, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]size{"1GiB": 1 << 30, "512 MiB": 512 << 20, "1GB": 1e9, "1000": 1000, "1.5g": 1.5e9} {
		var s size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s: got %d, %v, want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "much", "-1", "99999999999TB"} {
		if err := new(size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted as a size", text)
		}
	}
}
