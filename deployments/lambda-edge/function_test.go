package lambdaedge

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"calotype"
	"calotype/internal/awstest"
)

type object = map[string]any

// function is a handler that runs in a Node process, with a bucket, a queue, and
// AWS behind a proxy.
type function struct {
	t            *testing.T
	aws          *proxy
	bucket, jobs string

	in  io.Writer
	out *bufio.Reader
	log *lines
}

// lines collects the log lines of a process.
type lines struct {
	sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.text.Write(p)
}

// take returns the lines since the last call.
func (l *lines) take() string {
	l.Lock()
	defer l.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

// start starts a version of Node with the function in a folder, and with additional
// variables.
func start(t *testing.T, node, folder string, variables ...string) *function {
	t.Helper()
	jobs, _ := awstest.Queues(t)
	f := &function{t: t, aws: newProxy(t), bucket: awstest.Bucket(t), jobs: jobs, log: &lines{}}
	cmd := exec.Command(filepath.Join("runtime", "node_modules", node, "bin", "node"), "runtime/driver.mjs", filepath.Join(folder, "index.mjs"))
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_S3="+f.aws.s3, "AWS_ENDPOINT_URL_SQS="+f.aws.sqs)
	cmd.Env = append(cmd.Env, variables...)
	cmd.Stderr = f.log
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", node, err, f.log.take())
		}
	})
	f.in, f.out = in, bufio.NewReader(out)
	return f
}

// onNodes runs a test of the shipped function in every version of Node.
func onNodes(t *testing.T, test func(*testing.T, *function)) {
	for _, node := range nodes {
		t.Run(node, func(t *testing.T) {
			t.Parallel()
			test(t, start(t, node, unpack(t)))
		})
	}
}

type handled struct {
	Result        object
	Error, Log    string
	Before, After int64
}

func (f *function) run(what object) handled {
	f.t.Helper()
	data, err := json.Marshal(what)
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.in.Write(append(data, '\n')); err != nil {
		f.t.Fatal(err, f.log.take())
	}
	line, err := f.out.ReadBytes('\n')
	if err != nil {
		f.t.Fatal(err, f.log.take())
	}
	var h handled
	if err := json.Unmarshal(line, &h); err != nil {
		f.t.Fatal(err)
	}
	f.log.Write([]byte(h.Log)) //nolint:errcheck // It goes into memory.
	if h.Error != "" {
		f.t.Errorf("the handler threw: %s", h.Error)
	}
	return h
}

func (f *function) handle(event object) object {
	f.t.Helper()
	return f.run(object{"event": event}).Result
}

func (f *function) settings(more ...string) map[string]string {
	s := map[string]string{"X-Env-Bucket-Name": f.bucket, "X-Env-Resized-Path": "resized", "X-Env-Quality": "70", "X-Env-Queue-Url": f.jobs}
	for i := 0; i < len(more); i += 2 {
		s[more[i]] = more[i+1]
	}
	return s
}

func (f *function) put(keys ...string) {
	for _, key := range keys {
		awstest.Put(f.t, f.bucket, key, []byte("picture"), awstest.Headers{ContentType: "image/jpeg"})
	}
}

func (f *function) enqueued() []calotype.Job {
	f.t.Helper()
	var jobs []calotype.Job
	for _, body := range awstest.Drain(f.t, f.jobs) {
		job, err := calotype.ParseJob(body)
		if err != nil {
			f.t.Fatal(err)
		}
		jobs = append(jobs, job)
	}
	return jobs
}

// request is an origin-request event as CloudFront sends it.
func request(uri, query string, settings map[string]string) object {
	custom := object{}
	for name, value := range settings {
		custom[strings.ToLower(name)] = []any{object{"key": name, "value": value}}
	}
	return object{"Records": []any{object{"cf": object{
		"config": object{"distributionDomainName": "d1.cloudfront.net", "distributionId": "EDIST", "eventType": "origin-request", "requestId": "r1=="},
		"request": object{
			"clientIp": "203.0.113.178", "method": "GET", "uri": uri, "querystring": query,
			"headers": object{
				"x-forwarded-for":   []any{object{"key": "X-Forwarded-For", "value": "203.0.113.178"}},
				"x-env-bucket-name": []any{object{"key": "X-Env-Bucket-Name", "value": "stolen"}},
				"x-env-role":        []any{object{"key": "X-Env-Role", "value": "original"}},
				"x-calotype":        []any{object{"key": "X-Calotype", "value": "rendition"}},
			},
			"origin": object{"s3": object{
				"authMethod": "none", "customHeaders": custom, "domainName": "pictures.s3.us-east-1.amazonaws.com", "path": "",
			}},
			"unknown": object{"kept": []any{1.5, nil, "<&>"}},
		},
	}}}}
}

// response is an origin-response event for a request to a path of the origin.
func response(req object, path, status string, headers map[string]string) object {
	cf := inner(req)
	cf["config"].(object)["eventType"] = "origin-response"
	cf["request"].(object)["origin"].(object)["s3"].(object)["path"] = path
	h := object{}
	for name, value := range headers {
		h[strings.ToLower(name)] = []any{object{"key": name, "value": value}}
	}
	cf["response"] = object{"status": status, "statusDescription": "OK", "headers": h}
	return req
}

func inner(event object) object {
	return event["Records"].([]any)[0].(object)["cf"].(object)
}

func originPath(result object) string {
	return result["origin"].(object)["s3"].(object)["path"].(string)
}

// same reports whether a result has the expected JSON.
func same(t *testing.T, name string, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(g) != string(w) {
		t.Errorf("%s:\n got %s\nwant %s", name, g, w)
	}
}
