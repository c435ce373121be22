package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"calotype/internal/awstest"
)

// The SDK's error for a failed call fills several lines; the program prints one.
func TestErrorsOfServicesArePlain(t *testing.T) {
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing.Close()
	denying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>`)
	}))
	t.Cleanup(denying.Close)
	dead := os.Getenv("AWS_ENDPOINT_URL_SQS") + "/000000000000/none"
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"no credentials": {map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
			"no AWS credentials found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run it with a role"},
		"refused": {map[string]string{"AWS_ENDPOINT_URL_S3": "http://" + refusing.Addr().String()},
			"connection refused at http://" + refusing.Addr().String()},
		"no such host": {map[string]string{"AWS_ENDPOINT_URL_S3": "http://nowhere.invalid"}, "the host nowhere.invalid was not found"},
		"expired":      {map[string]string{"AWS_ENDPOINT_URL_S3": denying.URL}, "the credentials have expired: The provided token has expired."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			for variable, value := range c.env {
				t.Setenv(variable, value)
			}
			code, _, stderr := call(t, "explain", "--bucket=b", "kitty.jpg")
			if code != exitFailure || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("got %d, %s, want %q", code, stderr, c.want)
			}
			for _, jargon := range []string{"operation error", "https response error", "RequestID", "request send failed", "goroutine"} {
				if strings.Contains(stderr, jargon) {
					t.Errorf("%q in %s", jargon, stderr)
				}
			}
		})
	}
	if code, _, stderr := call(t, "dlq", "list", "--dead-letter-url="+dead); code != exitUsage || !strings.Contains(stderr, "there is no such queue") {
		t.Errorf("got %d, %s", code, stderr)
	}
}

// Errors in the log are as plain as those that the program ends with.
func TestLoggedErrorsArePlain(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
	jobs, _ := awstest.Queues(t)
	stderr, end := begin(t, "edge", "--listen=127.0.0.1:0", "--bucket=b", "--queue-url="+jobs)
	awstest.Eventually(t, time.Minute, "the edge serves", func() bool { return stderr.Count("edge serves") > 0 })
	end()
	if stderr.Count("S3 HeadBucket: connection refused at http://127.0.0.1:1") != 1 || stderr.Count("operation error") > 0 {
		t.Errorf("got\n%s", stderr)
	}
}

func TestCauses(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	joined := fmt.Errorf("%w%w", errors.Join(a, errors.Join(b, c)), markErr(errUsage))
	if got := fmt.Sprint(causes(joined)); got != "[a b c]" {
		t.Errorf("got %s", got)
	}
	if got := causes(fmt.Errorf("both: %w", joined)); len(got) != 1 {
		t.Errorf("got %v, want one error", got)
	}
}
