package origin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/internal/awstest"
	"calotype/queue"
)

// server answers the calls of an SDK client, without a network.
type server func(*http.Request) *http.Response

func (s server) Do(r *http.Request) (*http.Response, error) {
	response := s(r)
	if response == nil {
		return nil, r.Context().Err()
	}
	response.Request = r
	return response, nil
}

// hung never answers.
func hung(r *http.Request) *http.Response {
	<-r.Context().Done()
	return nil
}

// refusing answers with an S3 error of a code, which a response to HEAD does not contain.
func refusing(status int, code string) server {
	return func(r *http.Request) *http.Response {
		if r.Method == http.MethodHead {
			return respond(status, 0, "")
		}
		return respond(status, -1, "<Error><Code>"+code+"</Code><Message>no</Message></Error>", "Content-Type", "application/xml")
	}
}

// only answers with one server for keys that contain a part, and with another otherwise.
func only(part string, then, otherwise server) server {
	return func(r *http.Request) *http.Response {
		if strings.Contains(r.URL.Path, part) {
			return then(r)
		}
		return otherwise(r)
	}
}

// sourceOnly is a bucket that contains every source and no rendition.
func sourceOnly(r *http.Request) *http.Response {
	if strings.Contains(r.URL.Path, "/resized/") {
		return refusing(404, "NoSuchKey")(r)
	}
	return respond(200, 6, "source", "Content-Length", "6", "Etag", `"v1"`, "Content-Type", "image/jpeg")
}

// accepting is a queue that takes every message.
func accepting(*http.Request) *http.Response {
	return respond(200, -1, `{"MessageId":"1"}`, "Content-Type", "application/x-amz-json-1.0")
}

// outage is an origin between servers that can fail, on a clock that can be advanced.
type outage struct {
	*Origin
	log *logged
}

func newOutage(bucket, jobs *server) outage {
	static := credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", "")
	log := &logged{}
	return outage{New(edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized"},
		s3.New(s3.Options{Region: "eu-west-1", Credentials: static, UsePathStyle: true, HTTPClient: server(func(r *http.Request) *http.Response { return (*bucket)(r) })}),
		"pictures",
		queue.New(sqs.New(sqs.Options{Region: "eu-west-1", Credentials: static, HTTPClient: server(func(r *http.Request) *http.Response { return (*jobs)(r) })}), "https://sqs.eu-west-1.amazonaws.com/1/q"),
		zerolog.New(log), Settings{}), log}
}

// ask returns the response to a request, and how long a viewer waits for it.
func (o outage) ask(t *testing.T, method, path string) (*httptest.ResponseRecorder, time.Duration) {
	started := time.Now()
	w := httptest.NewRecorder()
	o.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w, time.Since(started)
}

// TestOutages is the table "When S3 or SQS fails" of docs/operations.md.
func TestOutages(t *testing.T) {
	throttling := refusing(503, "SlowDown")
	for name, c := range map[string]struct {
		bucket, jobs server
		method       string
		status       int
		cacheControl string
		within       time.Duration // Of the viewer's wait.
		metric, line string
		ready        string
	}{
		"expired credentials":     {refusing(400, "ExpiredToken"), accepting, "GET", 502, "no-store", time.Second, `calotype_store_failures_total{kind="refused"}`, "ExpiredToken", "ExpiredToken"},
		"unknown credentials":     {refusing(403, "InvalidAccessKeyId"), accepting, "GET", 502, "no-store", time.Second, `calotype_store_failures_total{kind="refused"}`, "InvalidAccessKeyId", "InvalidAccessKeyId"},
		"wrong credentials":       {refusing(403, "SignatureDoesNotMatch"), accepting, "GET", 502, "no-store", time.Second, `calotype_store_failures_total{kind="refused"}`, "SignatureDoesNotMatch", "SignatureDoesNotMatch"},
		"a wrong clock":           {refusing(403, "RequestTimeTooSkewed"), accepting, "GET", 502, "no-store", 3 * time.Second, `calotype_store_failures_total{kind="refused"}`, "RequestTimeTooSkewed", "RequestTimeTooSkewed"},
		"wrong credentials, HEAD": {refusing(403, "SignatureDoesNotMatch"), accepting, "HEAD", 502, "no-store", time.Second, `calotype_store_failures_total{kind="refused"}`, "SignatureDoesNotMatch", "SignatureDoesNotMatch"},
		"expired, HEAD":           {refusing(400, "ExpiredToken"), accepting, "HEAD", 502, "no-store", time.Second, `calotype_store_failures_total{kind="refused"}`, "ExpiredToken", "ExpiredToken"},
		"S3 hangs":                {hung, accepting, "GET", 502, "no-store", 3 * time.Second, `calotype_store_failures_total{kind="timeout"}`, "does not respond", "does not respond"},
		"S3 hangs, HEAD":          {hung, accepting, "HEAD", 502, "no-store", 3 * time.Second, `calotype_store_failures_total{kind="timeout"}`, "does not respond", "does not respond"},
		"S3 throttles":            {throttling, accepting, "GET", 502, "no-store", 3 * time.Second, `calotype_store_failures_total{kind="throttled"}`, "throttles", "throttles"},
		"renditions hang":         {only("/resized/M/", hung, sourceOnly), accepting, "GET", 200, edge.PendingCacheControl, 1500 * time.Millisecond, `calotype_store_failures_total{kind="timeout"}`, "open rendition", ""},
		"a rendition is denied":   {only("/resized/", refusing(403, "AccessDenied"), sourceOnly), accepting, "GET", 200, edge.PendingCacheControl, 0, `calotype_enqueues_total{result="sent"}`, "enqueue", ""},
		"a source is denied":      {only("/", refusing(403, "AccessDenied"), sourceOnly), accepting, "GET", 404, edge.NotFoundCacheControl, 0, `calotype_responses_total{state="not-found"}`, "", ""},
		"denied, HEAD":            {only("/", refusing(403, "AccessDenied"), sourceOnly), accepting, "HEAD", 404, edge.NotFoundCacheControl, 0, `calotype_responses_total{state="not-found"}`, "", ""},
		"SQS hangs":               {sourceOnly, hung, "GET", 200, edge.PendingCacheControl, 0, `calotype_enqueues_total{result="failed"}`, `"message":"enqueue"`, ""},
		"SQS throttles": {sourceOnly, func(*http.Request) *http.Response {
			return respond(400, -1, `{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow"}`, "X-Amzn-Query-Error", "RequestThrottled;Sender")
		}, "GET", 200, edge.PendingCacheControl, 0, `calotype_enqueues_total{result="failed"}`, `"message":"enqueue"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOutage(&c.bucket, &c.jobs)
				w, waited := o.ask(t, c.method, "/kitty.jpg?size=M")
				if w.Code != c.status || w.Header().Get("Cache-Control") != c.cacheControl {
					t.Errorf("got %d %v, want %d and %q", w.Code, w.Header(), c.status, c.cacheControl)
				}
				if waited > c.within {
					t.Errorf("the viewer waits %v, want at most %v", waited, c.within)
				}
				o.Wait()
				if got := awstest.Scrape(t, o); got[c.metric] < 1 {
					t.Errorf("%s is %v", c.metric, got[c.metric])
				}
				if c.line != "" && o.log.count(c.line) != 1 || c.line == "" && o.log.count("") != 0 {
					t.Errorf("logged %q, want one line with %q", o.log.lines, c.line)
				}
				switch err := o.Ready(); {
				case c.ready == "" && err != nil:
					t.Errorf("not ready: %v", err)
				case c.ready != "" && (err == nil || !strings.Contains(err.Error(), c.ready)):
					t.Errorf("ready: %v, want %q", err, c.ready)
				}
			})
		})
	}
}

// An outage is logged once a minute, and its end once. Readiness follows.
func TestOutageEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket, jobs := refusing(403, "InvalidAccessKeyId"), server(accepting)
		o := newOutage(&bucket, &jobs)
		if err := o.Ready(); err != nil {
			t.Errorf("not ready before the first request: %v", err)
		}
		for range 100 {
			o.ask(t, "GET", "/kitty.jpg")
			time.Sleep(time.Second)
		}
		if n := o.log.count("open source"); n != 2 {
			t.Errorf("%d lines in 100 s, want one a minute: %q", n, o.log.lines)
		}
		if n := o.log.count(`"failures":60`); n != 1 {
			t.Errorf("no line counts the 60 failures before it: %q", o.log.lines)
		}
		if o.Ready() == nil {
			t.Error("ready while the credentials are refused")
		}
		bucket = sourceOnly
		time.Sleep(probePeriod)
		if err := o.Ready(); err != nil { // Without traffic, which an unready edge does not get.
			t.Errorf("not ready after the end: %v", err)
		}
		o.ask(t, "GET", "/kitty.jpg")
		if n := o.log.count("store responds"); n != 1 {
			t.Errorf("%d lines about the end, want 1: %q", n, o.log.lines)
		}
	})
}

// A HEAD's 403 is asked about once a minute, however many there are.
func TestReasonOfForbidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		code := "AccessDenied"
		bucket := server(func(r *http.Request) *http.Response {
			if r.Header.Get("Range") == "bytes=0-0" {
				asked++
			}
			return refusing(403, code)(r)
		})
		jobs := server(accepting)
		o := newOutage(&bucket, &jobs)
		for i := range 120 {
			w, _ := o.ask(t, "HEAD", fmt.Sprintf("/%d.jpg", i))
			want := 404
			if i >= 60 {
				want = 502
			}
			if w.Code != want {
				t.Fatalf("request %d: got %d, want %d", i, w.Code, want)
			}
			if i == 59 {
				code = "SignatureDoesNotMatch"
			}
			time.Sleep(time.Second)
		}
		if asked != 2 {
			t.Errorf("asked %d times in two minutes, want 2", asked)
		}
	})
}

// One object that cannot be read makes no edge unready.
func TestReadyWithOneBrokenObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket, jobs := only("broken", refusing(500, "InternalError"), sourceOnly), server(accepting)
		o := newOutage(&bucket, &jobs)
		for range 3 {
			if w, _ := o.ask(t, "GET", "/broken.jpg"); w.Code != 502 {
				t.Errorf("got %d, want 502", w.Code)
			}
			if err := o.Ready(); err != nil {
				t.Errorf("not ready: %v", err)
			}
		}
	})
}
