package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"calotype/internal/awstest"
)

// A worker does not start with a store that lacks what publishing needs, and names what is
// missing. A check that may pass later, or after a permission is added, does not keep it
// from starting.
func TestWorkerChecksTheStore(t *testing.T) {
	forward := func(http.ResponseWriter, *http.Request) bool { return false }
	answering := func(method string, status int, code string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != method {
				return false
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<Error><Code>" + code + "</Code><Message>no</Message></Error>"))
			return true
		}
	}
	withETag := func(etag string) func(*http.Response) error {
		return func(r *http.Response) error {
			r.Header.Del("ETag")
			if etag != "" {
				r.Header.Set("ETag", etag)
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		alter  []func(*http.Response) error
		want   string // A part of the error; empty if the worker starts.
		logged string
	}{
		"it has everything": {answer: forward},
		"ignores conditions of PUT": {answer: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut || r.Header.Get("If-None-Match") != "" {
				return false
			}
			w.Header().Set("ETag", `"other"`)
			return true
		}, want: "PUT with If-Match: the store ignores the condition"},
		"ignores conditions of DELETE": {answer: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodDelete {
				w.WriteHeader(http.StatusNoContent)
			}
			return r.Method == http.MethodDelete
		}, want: "DELETE with If-Match: the store ignores the condition"},
		"501":          {answer: answering(http.MethodPut, 501, "NotImplemented"), want: "s3:PutObject: not-implemented"},
		"weak ETags":   {answer: forward, alter: []func(*http.Response) error{withETag(`W/"one"`)}, want: `the ETag is "W/\"one\""; the store must have conditional PUT and DELETE and strong ETags`},
		"no ETags":     {answer: forward, alter: []func(*http.Response) error{withETag("")}, want: `the ETag is ""; the store must have`},
		"409 to a PUT": {answer: answering(http.MethodPut, 409, "ConditionalRequestConflict"), logged: "another writer changed it"},
		"403 to a PUT": {answer: answering(http.MethodPut, 403, "AccessDenied"), logged: "forbidden"},
		"503 to a PUT": {answer: answering(http.MethodPut, 503, "SlowDown"), logged: "SlowDown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			bucket := awstest.Bucket(t)
			faulty(t, "AWS_ENDPOINT_URL_S3", c.answer, c.alter...)
			aws, err := connect(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			log := &awstest.Log{}
			err = aws.checkStore(t.Context(), zerolog.New(log), bucket, "resized")
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "the store at http://127.0.0.1:")) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if n := log.Count(`"message":"check store"`, c.logged); (n > 0) != (c.logged != "") {
				t.Errorf("logged %s, want %q", log, c.logged)
			}
			if left := keys(t, bucket); c.want == "" && len(left) > 0 {
				t.Errorf("the check left %v", left)
			}
		})
	}
}

// The worker ends with this sentence, and with the exit code of a wrong setting.
func TestWorkerRefusesIncompleteStore(t *testing.T) {
	bucket := awstest.Bucket(t)
	jobs, dead := awstest.Queues(t)
	var asked atomic.Bool
	faulty(t, "AWS_ENDPOINT_URL_S3", func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		asked.Store(true)
		w.Header().Set("ETag", `"one"`) // Whatever the condition is.
		return true
	})
	code, _, stderr := call(t, "worker", "--bucket="+bucket, "--queue-url="+jobs, "--dead-letter-url="+dead, "--admin-listen=127.0.0.1:0")
	if code != exitUsage || !asked.Load() || !strings.Contains(stderr, "cannot be used: PUT with If-None-Match: the store ignores the condition") {
		t.Errorf("got %d, %s", code, stderr)
	}
}

// Amazon's store has every feature, so the check is skipped and nothing is written.
func TestAmazonIsNotChecked(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"": true, "https://s3.eu-west-1.amazonaws.com": true, "https://bucket.vpce-1a2b.s3.eu-west-1.vpce.amazonaws.com": true,
		"https://s3.cn-north-1.amazonaws.com.cn": true, "https://s3.dualstack.eu-west-1.api.aws": true,
		"http://127.0.0.1:9000": false, "https://amazonaws.com.example": false, "https://minio.example/s3.amazonaws.com": false, "://": false,
	} {
		if got := isAmazon(endpoint); got != want {
			t.Errorf("%q: got %v, want %v", endpoint, got, want)
		}
	}
}
