// Package fleet tests whole "calotype worker" processes, several at once, over the local
// servers. It kills, stops and disconnects them, and sends them broken pictures. It
// inspects only buckets, queues and logs, as an operator does.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype"
	"calotype/internal/awstest"
	"calotype/queue"
	"calotype/worker/store"
)

// soak is set by "make soak": the full numbers instead of small ones.
var soak = os.Getenv("CALOTYPE_SOAK") != ""

func TestMain(m *testing.M) { awstest.Main(m) }

var calotypeProgram = sync.OnceValues(func() (string, error) { return awstest.Build("calotype", "cmd/calotype") })

// fixture is a bucket and its queues.
type fixture struct {
	bucket           string
	jobsURL, deadURL string
	backfillURL      string
	jobs, dead       *queue.Queue
	env              []string // Of the programs, in addition to that of the tests.
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	s := &fixture{bucket: awstest.Bucket(t)}
	s.jobsURL, s.deadURL = awstest.Queues(t)
	client := awstest.SQS(t)
	s.jobs, s.dead = queue.New(client, s.jobsURL), queue.New(client, s.deadURL)
	s.env = []string{"CALOTYPE_BUCKET=" + s.bucket, "CALOTYPE_QUEUE_URL=" + s.jobsURL, "CALOTYPE_DEAD_LETTER_URL=" + s.deadURL}
	return s
}

// program is a calotype process.
type program struct {
	*exec.Cmd
	out, log *awstest.Log
}

// command returns one, which is killed at the end of the test if it still runs.
func (f *fixture) command(t *testing.T, args ...string) *program {
	t.Helper()
	path, err := calotypeProgram()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{Cmd: exec.Command(path, args...), out: &awstest.Log{}, log: &awstest.Log{}}
	p.Env = append(os.Environ(), f.env...)
	p.Stdout, p.Stderr = p.out, p.log
	t.Cleanup(func() {
		if p.Process != nil && p.ProcessState == nil {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
		if t.Failed() {
			t.Logf("%v:\n%s%s", args, p.out, tail(p.log.String()))
		}
	})
	return p
}

func tail(log string) string {
	const maxTail = 5000
	return log[max(0, len(log)-maxTail):]
}

// start starts one and waits until its log contains a word.
func (f *fixture) start(t *testing.T, word string, args ...string) *program {
	t.Helper()
	p := f.command(t, args...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	awstest.Eventually(t, time.Minute, word, func() bool { return p.log.Count(word) > 0 })
	return p
}

// worker starts a worker that makes the requested variants and no siblings.
func (f *fixture) worker(t *testing.T, args ...string) *program {
	t.Helper()
	return f.start(t, "worker starts", append([]string{"worker", "--siblings=none", "--concurrency=2"}, args...)...)
}

// kill ends it as kill -9 does.
func (p *program) kill(t *testing.T) {
	t.Helper()
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait() // It reports that it was killed.
}

// stop asks it to stop and waits for its end, which must be a success.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// ask puts a picture and sends a job for one variant of it.
func (f *fixture) ask(t testing.TB, key string, body []byte) {
	t.Helper()
	awstest.Put(t, f.bucket, key, body, awstest.Headers{ContentType: "image/jpeg"})
	if err := f.jobs.Send(context.Background(), jobFor(key), 0); err != nil {
		t.Fatal(err)
	}
}

func jobFor(key string) string {
	return calotype.Job{Source: key, Variants: []calotype.Variant{{Preset: "XS"}}}.Encode()
}

// idle reports whether no job is waiting, running or delayed.
func (f *fixture) idle(t testing.TB) bool {
	t.Helper()
	visible, inFlight, delayed := awstest.Waiting(t, f.jobsURL)
	return visible+inFlight+delayed == "000"
}

// object returns the object at a key, or nil.
func (f *fixture) object(t testing.TB, key string) []byte {
	t.Helper()
	body, _, err := store.New(awstest.S3(t), f.bucket).Get(context.Background(), key, 1<<30)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return body
}

// keys lists the bucket below a prefix.
func (f *fixture) keys(t testing.TB, prefix string) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	for pages := s3.NewListObjectsV2Paginator(awstest.S3(t), &s3.ListObjectsV2Input{Bucket: &f.bucket, Prefix: &prefix}); pages.HasMorePages(); {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			keys[strings.TrimPrefix(*o.Key, prefix)] = true
		}
	}
	return keys
}

// run runs the program to its end.
func (f *fixture) run(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	p := f.command(t, args...)
	err = p.Run()
	if err != nil {
		err = fmt.Errorf("%v: %w\n%s", args, err, p.log)
	}
	return p.out.String(), err
}
