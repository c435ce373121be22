package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"calotype/internal/awstest"
)

// faulty puts a proxy before a service. The proxy does not forward a request for which
// answer returns true, and passes other responses through alter, if there is one.
func faulty(t *testing.T, variable string, answer func(http.ResponseWriter, *http.Request) bool, alter ...func(*http.Response) error) {
	t.Helper()
	target, err := url.Parse(os.Getenv(variable))
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // It is signed.
	}}
	for _, f := range alter {
		proxy.ModifyResponse = f
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answer(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv(variable, server.URL)
}

func statusOfDeployment(t *testing.T, bucket, jobs, dead string, args ...string) (code int, s status) {
	t.Helper()
	code, stdout, stderr := call(t, append([]string{"status", "--json", "--bucket=" + bucket, "--queue-url=" + jobs, "--dead-letter-url=" + dead}, args...)...)
	if err := json.Unmarshal([]byte(stdout), &s); err != nil {
		t.Fatalf("got %d, %v, %s%s", code, err, stdout, stderr)
	}
	return code, s
}

func failedChecks(s status) (failed []string) {
	for _, c := range s.Checks {
		if c.Result == resultFailed {
			failed = append(failed, c.Check+" on "+c.On+": "+c.Detail)
		}
	}
	return failed
}

func TestStatus(t *testing.T) {
	bucket := pictureWithRenditions(t)
	jobs, dead := awstest.Queues(t)
	before := keys(t, bucket)
	code, s := statusOfDeployment(t, bucket, jobs, dead)
	if failed := failedChecks(s); code != exitOK || len(failed) > 0 || s.Workers != "idle: no jobs are waiting" || len(s.Queues) != 2 || len(s.Checks) != 18 {
		t.Errorf("got %d, %v, %+v", code, failed, s)
	}
	if visible, inFlight, _ := awstest.Waiting(t, jobs); visible != "0" || inFlight != "0" || strings.Join(keys(t, bucket), " ") != strings.Join(before, " ") {
		t.Errorf("the status changed something: %s, %s, %v", visible, inFlight, keys(t, bucket))
	}
	body := "{}"
	for _, queue := range []string{jobs, dead} {
		if _, err := awstest.SQS(t).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
	_, s = statusOfDeployment(t, bucket, jobs, dead, "--write-probe")
	if failed := failedChecks(s); len(failed) > 0 || !strings.HasPrefix(s.Workers, "not working") || len(s.DeadLetters) != 1 || s.DeadLetters[0].Reason != "no-reason" {
		t.Errorf("got %v, %+v", failed, s)
	}
	if after := keys(t, bucket); strings.Join(after, " ") != strings.Join(before, " ") {
		t.Errorf("the probe left %v", after)
	}
}

// Each missing permission is named, and no other one.
func TestStatusNamesTheMissingAction(t *testing.T) {
	bucket := pictureWithRenditions(t)
	jobs, dead := awstest.Queues(t)
	for _, action := range []string{"SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes"} {
		t.Run(action, func(t *testing.T) {
			faulty(t, "AWS_ENDPOINT_URL_SQS", func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("X-Amz-Target") != "AmazonSQS."+action {
					return false
				}
				w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"__type":"com.amazon.coral.service#AccessDeniedException","message":"not authorized to perform: sqs:` + action + `"}`))
				return true
			})
			code, s := statusOfDeployment(t, bucket, jobs, dead)
			failed := strings.Join(failedChecks(s), "\n")
			if code != exitFailure || !strings.Contains(failed, "sqs:"+action+" on queue-url: SQS "+action+": the credentials lack the permission: not authorized") {
				t.Errorf("got %d, %s", code, failed)
			}
			for _, c := range s.Checks {
				if c.Result == resultFailed && c.Check != "sqs:"+action && c.Check != "list dead letters" {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

// A store without strong ETags cannot be published to: no condition would hold.
func TestStatusOfAStoreWithoutStrongETags(t *testing.T) {
	bucket := pictureWithRenditions(t)
	jobs, dead := awstest.Queues(t)
	for name, etag := range map[string]string{"missing": "", "weak": `W/"x"`} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			forward := func(http.ResponseWriter, *http.Request) bool { return false }
			faulty(t, "AWS_ENDPOINT_URL_S3", forward, func(r *http.Response) error {
				if r.Header.Get("ETag") != "" {
					r.Header["Etag"] = []string{etag}
				}
				if etag == "" {
					r.Header.Del("ETag")
				}
				return nil
			})
			code, s := statusOfDeployment(t, bucket, jobs, dead, "--write-probe")
			if failed := strings.Join(failedChecks(s), "\n"); code != exitFailure || !strings.Contains(failed, "read after write, strong ETag on bucket: ") || !strings.Contains(failed, "the store must have conditional PUT and DELETE and strong ETags") {
				t.Errorf("got %d, %s", code, failed)
			}
		})
	}
}

// Features that publishing needs and the store lacks are named.
func TestStatusOfAStoreWithoutConditions(t *testing.T) {
	bucket := pictureWithRenditions(t)
	jobs, dead := awstest.Queues(t)
	var puts atomic.Int32
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		want   string
	}{
		"ignores conditions on PUT": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut || puts.Add(1) == 1 {
				return false
			}
			w.Header().Set("ETag", `"other"`)
			return true
		}, "PUT with If-Match on bucket: the store ignores the condition"},
		"ignores conditions on DELETE": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodDelete {
				return false
			}
			w.WriteHeader(http.StatusNoContent)
			return true
		}, "DELETE with If-Match on bucket: the store ignores the condition"},
		"501 to conditions": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut || r.Header.Get("If-Match")+r.Header.Get("If-None-Match") == "" {
				return false
			}
			w.WriteHeader(http.StatusNotImplemented)
			_, _ = w.Write([]byte(`<Error><Code>NotImplemented</Code><Message>A header is not implemented.</Message></Error>`))
			return true
		}, "s3:PutObject on bucket: not-implemented: put resized/.calotype-status/"},
		"no writes": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut {
				return false
			}
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`))
			return true
		}, "s3:PutObject on bucket: forbidden: put resized/.calotype-status/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			faulty(t, "AWS_ENDPOINT_URL_S3", c.answer)
			code, s := statusOfDeployment(t, bucket, jobs, dead, "--write-probe")
			if failed := strings.Join(failedChecks(s), "\n"); code != exitFailure || !strings.Contains(failed, c.want) {
				t.Errorf("got %d, %s, want %q", code, failed, c.want)
			}
		})
	}
}

// The settings for other stores are in the environment: no checksums that they do not know,
// and the bucket in the path instead of the host name.
func TestStatusHonoursTheSettingsForOtherStores(t *testing.T) {
	bucket := pictureWithRenditions(t)
	jobs, dead := awstest.Queues(t)
	for setting, want := range map[string]bool{"when_supported": true, "when_required": false} {
		t.Run(setting, func(t *testing.T) {
			t.Setenv("AWS_REQUEST_CHECKSUM_CALCULATION", setting)
			var with, outside atomic.Int32
			faulty(t, "AWS_ENDPOINT_URL_S3", func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodPut && (r.Header.Get("X-Amz-Checksum-Crc32") != "" || r.Header.Get("X-Amz-Trailer") != "") {
					with.Add(1)
				}
				if !strings.HasPrefix(r.URL.Path, "/"+bucket) {
					outside.Add(1)
				}
				return false
			})
			code, s := statusOfDeployment(t, bucket, jobs, dead, "--write-probe")
			if got := with.Load() > 0; code != exitOK || got != want || outside.Load() > 0 {
				t.Errorf("got %d, %v, checksums %v, want %v; %d requests without the bucket in the path", code, failedChecks(s), got, want, outside.Load())
			}
		})
	}
}

// The permissions for invalidations are checked by calls that change nothing.
func TestStatusOfADistribution(t *testing.T) {
	bucket := pictureWithRenditions(t)
	jobs, dead := awstest.Queues(t)
	refusals := map[string][2]string{http.MethodGet: {"404", "NoSuchInvalidation"}, http.MethodPost: {"400", "InconsistentQuantities"}}
	denied := [2]string{"403", "AccessDenied"}
	for name, c := range map[string]struct {
		get, create [2]string
		want        []string
	}{
		"allowed":         {refusals[http.MethodGet], refusals[http.MethodPost], nil},
		"neither":         {denied, denied, []string{"cloudfront:GetInvalidation", "cloudfront:CreateInvalidation"}},
		"no creation":     {refusals[http.MethodGet], denied, []string{"cloudfront:CreateInvalidation"}},
		"no distribution": {[2]string{"404", "NoSuchDistribution"}, [2]string{"404", "NoSuchDistribution"}, []string{"cloudfront:GetInvalidation", "cloudfront:CreateInvalidation"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				answer := c.get
				if r.Method == http.MethodPost {
					answer = c.create
				}
				status, _ := strconv.Atoi(answer[0])
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>"+answer[1]+"</Code><Message>no</Message></Error></ErrorResponse>")
			}))
			t.Cleanup(server.Close)
			t.Setenv("AWS_ENDPOINT_URL_CLOUDFRONT", server.URL)
			_, s := statusOfDeployment(t, bucket, jobs, dead, "--purge-distribution=E2QWRUHAPOMQZL")
			var failed []string
			for _, o := range s.Checks {
				if o.Result == resultFailed {
					failed = append(failed, o.Check)
				}
			}
			if strings.Join(failed, " ") != strings.Join(c.want, " ") || len(s.Checks) != 20 {
				t.Errorf("failed %v of %d, want %v of 20", failed, len(s.Checks), c.want)
			}
		})
	}
}

// On a terminal the results have colours, which do not change the columns.
func TestStatusColours(t *testing.T) {
	s := status{Workers: "idle: no jobs are waiting", Checks: []checkOutcome{{"s3:ListBucket", "bucket", resultOK, ""}, {"retention", "queue-url", resultWarning, "\x1b[1m96 h"}, {"s3:GetObject", "bucket", resultFailed, "no"}}}
	text := s.text(coloured)
	for _, want := range []string{"\x1b[32mok\x1b[0m", `[33mwarning: \x1b[1m96 h` + "\x1b[0m", "\x1b[31mfailed: no\x1b[0m", "workers: \x1b[32midle"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	if plain := s.text(colours(&strings.Builder{})); strings.Contains(plain, "\x1b") {
		t.Errorf("without a terminal: %q", plain)
	}
	if s.Workers = "not working: jobs are waiting, and no worker holds one"; !strings.Contains(s.text(coloured), "workers: \x1b[31m") {
		t.Error("no red for workers that do not work")
	}
}
