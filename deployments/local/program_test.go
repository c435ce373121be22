package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"calotype/internal/awstest"
	"calotype/internal/hermetic"
)

var binary string

func TestMain(m *testing.M) {
	var err error
	if binary, err = awstest.Build("calotype-local", "deployments/local"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	hermetic.Main(m)
}

// program is a calotype-local process.
type program struct {
	*servers // The servers without edge, page and workers.
	url      string
	data     string
	args     []string
	cmd      *exec.Cmd
	log      *awstest.Log
}

// freePort returns an address with a free port.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts a program with an empty folder.
func start(t testing.TB, args ...string) *program {
	t.Helper()
	web, s3, sqs := freePort(t), freePort(t), freePort(t)
	p := &program{
		servers: &servers{s3URL: "http://" + s3, sqsURL: "http://" + sqs},
		url:     "http://" + web,
		data:    t.TempDir(),
		log:     &awstest.Log{},
	}
	p.args = append([]string{"--listen", web, "--s3-listen", s3, "--sqs-listen", sqs, "--data", p.data, "--stop-on-eof"}, args...)
	p.connectSQS()
	p.connectS3()
	p.jobsURL = p.sqsURL + "/000000000000/" + jobsName
	p.deadURL = p.sqsURL + "/000000000000/" + deadName
	p.begin(t)
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		_ = p.cmd.Wait()
		if t.Failed() {
			t.Log(p.log)
		}
	})
	return p
}

// begin starts the process and waits until it logs that it is ready.
func (p *program) begin(t testing.TB) {
	t.Helper()
	p.cmd = exec.Command(binary, p.args...)
	stdin, err := p.cmd.StdinPipe() // The process ends with the test.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || line != "ready "+p.url+"/\n" {
		t.Fatalf("it printed %q, %v\n%s", line, err, p.log)
	}
}

// kill ends it as kill -9 does.
func (p *program) kill(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
}

// ask gets a path from the edge and returns its response.
func (p *program) ask(t testing.TB, path string) (state string, body []byte, header http.Header) {
	t.Helper()
	r, err := http.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, err = io.ReadAll(r.Body); err != nil {
		t.Fatal(err)
	}
	return r.Header.Get("X-Calotype"), body, r.Header
}

// putFile puts an object into the bucket.
func (p *program) putFile(t testing.TB, key string, body []byte) {
	t.Helper()
	if err := p.put(context.Background(), key, "image/jpeg", body); err != nil {
		t.Fatal(err)
	}
}
