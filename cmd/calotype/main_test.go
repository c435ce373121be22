package main

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"calotype"
	"calotype/internal/awstest"
)

func TestMain(m *testing.M) { awstest.Main(m) }

// call runs the program to its end.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestMistakesAreReportedAtOnce(t *testing.T) {
	presets := filepath.Join(t.TempDir(), "presets.json")
	if err := os.WriteFile(presets, []byte(`{"M": "1200"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		env  [2]string
		want []string
	}{
		"nothing set": {args: []string{"worker"}, want: []string{
			"--bucket is missing: name the S3 bucket that holds the pictures (or set CALOTYPE_BUCKET)",
			"--queue-url is missing", "--dead-letter-url is missing",
		}},
		"values that cannot be read": {
			args: []string{"worker", "--quality=high", "--concurrency=many", "--siblings=some", "--presets", presets, "--resized-prefix=/"},
			want: []string{"--quality", "CALOTYPE_QUALITY", "--concurrency", "--siblings", "none, format or all", "--presets", "1200", "--resized-prefix", "--bucket is missing"},
		},
		"values out of bounds": {
			args: []string{"worker", "--quality=101", "--concurrency=0", "--max-bytes=0", "--queue-url=jobs"},
			want: []string{"--quality 101: want 1 to 100", "--concurrency 0: want 1 to 1024", "--max-bytes 0", `--queue-url "jobs" is not a queue URL`},
		},
		"from the environment": {
			args: []string{"edge"}, env: [2]string{"CALOTYPE_QUALITY", "best"},
			want: []string{"--quality (or CALOTYPE_QUALITY)", "--bucket is missing", "--queue-url is missing"},
		},
		"a flag without a variable": {
			args: []string{"dlq", "show", "--limit=many"},
			want: []string{"--limit: ", "--dead-letter-url is missing"},
		},
		"FIFO queues": {
			args: []string{"worker", "--bucket=b", "--queue-url=https://h/1/jobs.fifo", "--dead-letter-url=https://h/1/dead.fifo"},
			want: []string{"--queue-url \"https://h/1/jobs.fifo\" is a FIFO queue", "--dead-letter-url \"https://h/1/dead.fifo\" is a FIFO queue: Calotype needs standard queues"},
		},
		"dead letters to the jobs": {
			args: []string{"worker", "--bucket=b", "--queue-url=http://h/1/q", "--dead-letter-url=http://h/1/q"},
			want: []string{"--dead-letter-url is the same as --queue-url"},
		},
		"address": {args: []string{"edge", "--listen=here", "--admin-listen=there"}, want: []string{"--listen \"here\"", "--admin-listen \"there\"", "it looks like :8080"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.env[0] != "" {
				t.Setenv(c.env[0], c.env[1])
			}
			code, stdout, stderr := call(t, c.args...)
			if code != exitUsage || stdout != "" {
				t.Errorf("exit code %d, want %d; stdout %q", code, exitUsage, stdout)
			}
			for _, want := range c.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("no %q in\n%s", want, stderr)
				}
			}
			for line := range strings.Lines(stderr) {
				if !strings.HasPrefix(line, "calotype") {
					t.Errorf("a line without the program's name: %q", line)
				}
			}
		})
	}
}

func TestMissingBucketAndQueue(t *testing.T) {
	code, _, stderr := call(t, "worker", "--bucket=no-such-bucket",
		"--queue-url="+os.Getenv("AWS_ENDPOINT_URL_SQS")+"/000000000000/none",
		"--dead-letter-url="+os.Getenv("AWS_ENDPOINT_URL_SQS")+"/000000000000/nor-this")
	if code != exitUsage {
		t.Errorf("exit code %d, want %d", code, exitUsage)
	}
	for _, want := range []string{"--bucket no-such-bucket: there is no such bucket", "--queue-url http", "--dead-letter-url http", "there is no such queue"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
	}
}

func TestRegionIsMissing(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	code, _, stderr := call(t, "edge", "--bucket=b", "--queue-url=http://127.0.0.1:1/1/q")
	if code != exitUsage || !strings.Contains(stderr, "set AWS_REGION") {
		t.Errorf("got %d, %s", code, stderr)
	}
}

func TestHelpAndVersion(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing": {nil, "CALOTYPE_QUEUE_URL"},
		"help":    {[]string{"--help"}, "Commands:"},
		"worker":  {[]string{"worker", "--help"}, "CALOTYPE_SIBLINGS"},
		"edge":    {[]string{"edge", "--help"}, "CALOTYPE_LISTEN"},
		"help of": {[]string{"help", "dlq", "replay"}, "--dry-run"},
		"version": {[]string{"version"}, "\nlibvips 8."},
		"flag":    {[]string{"--version"}, "calotype " + calotype.Version + " "},
		"json":    {[]string{"version", "--json"}, `"version":"` + calotype.Version + `"`},
	} {
		if code, stdout, stderr := call(t, c.args...); code != exitOK || !strings.Contains(stdout, c.want) || stderr != "" {
			t.Errorf("%s: got %d, %q, %q, want %q", name, code, stdout, stderr, c.want)
		}
	}
}

// begin runs the program until the test stops it, and expects it to end with success.
func begin(t *testing.T, args ...string) (stderr *awstest.Log, end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stderr = &awstest.Log{}
	code := make(chan int, 1)
	go func() { code <- run(ctx, args, io.Discard, stderr) }()
	var once sync.Once
	end = func() {
		once.Do(func() {
			cancel()
			if c := <-code; c != exitOK {
				t.Errorf("%s: exit code %d\n%s", args[0], c, stderr)
			}
		})
	}
	t.Cleanup(end)
	return stderr, end
}

// The two programs and a bucket: from the original to the rendition.
func TestEdgeAndWorker(t *testing.T) {
	bucket := awstest.Bucket(t)
	jobs, dead := awstest.Queues(t)
	t.Setenv("CALOTYPE_BUCKET", bucket)
	t.Setenv("CALOTYPE_QUEUE_URL", jobs)
	t.Setenv("CALOTYPE_DEAD_LETTER_URL", dead)
	presets := filepath.Join(t.TempDir(), "presets.json")
	if err := os.WriteFile(presets, []byte(`{"thumb": "20x20"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CALOTYPE_PRESETS", presets)
	awstest.Put(t, bucket, "kitty.png", tinyPNG(t), awstest.Headers{ContentType: "image/png"})

	edgeLog, endEdge := begin(t, "edge", "--listen=127.0.0.1:0", "--resized-prefix=small")
	var url string
	awstest.Eventually(t, time.Minute, "the edge serves", func() bool {
		_, rest, ok := strings.Cut(edgeLog.String(), `"address":"`)
		address, _, _ := strings.Cut(rest, `"`)
		url = "http://" + address + "/kitty.png?size=thumb&to_webp=1"
		return ok
	})
	if state := ask(t, url); state != "original; pending" {
		t.Errorf("got %q before there is a worker", state)
	}
	workerLog, endWorker := begin(t, "worker", "--resized-prefix=small", "--siblings=none", "--grace=6s")
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(edgeLog, workerLog)
		}
	})
	awstest.Eventually(t, time.Minute, "the rendition is served", func() bool { return ask(t, url) == "rendition" })
	endEdge()
	endWorker()
}

func ask(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	return r.Header.Get("X-Calotype")
}

func tinyPNG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 100, 60))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
