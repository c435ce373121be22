package origin

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
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

// outageSite is an origin between servers that can fail, with a clock that the test
// advances.
type outageSite struct {
	*Origin
	log *logged
}

func newOutage(bucket, jobs *server) outageSite {
	static := credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", "")
	log := &logged{}
	return outageSite{New(edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized"},
		s3.New(s3.Options{Region: "eu-west-1", Credentials: static, UsePathStyle: true, HTTPClient: server(func(r *http.Request) *http.Response { return (*bucket)(r) })}),
		"pictures",
		queue.New(sqs.New(sqs.Options{Region: "eu-west-1", Credentials: static, HTTPClient: server(func(r *http.Request) *http.Response { return (*jobs)(r) })}), "https://sqs.eu-west-1.amazonaws.com/1/q"),
		zerolog.New(log), Settings{}), log}
}

// ask returns the response to a request, and how long a viewer waits for it.
func (o outageSite) ask(t *testing.T, method, path string) (*httptest.ResponseRecorder, time.Duration) {
	started := time.Now()
	w := httptest.NewRecorder()
	o.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w, time.Since(started)
}

// cut is a bucket whose objects end after a part of their bytes. pausing is one whose
// connection is closed after a minute without a byte, as calotype edge does.
func cut(*http.Request) *http.Response {
	return respond(200, 100, "part", "Content-Length", "100", "Etag", `"v1"`, "Content-Type", "image/jpeg")
}

func pausing(r *http.Request) *http.Response {
	response := cut(r)
	response.Body = io.NopCloser(io.MultiReader(response.Body, pause{}))
	return response
}

type pause struct{}

func (pause) Read([]byte) (int, error) {
	time.Sleep(time.Minute)
	return 0, os.ErrDeadlineExceeded
}

// missingAll is a bucket that responds and contains nothing.
func missingAll(r *http.Request) *http.Response { return refusing(404, "NoSuchKey")(r) }

// outageCase is a case for a row of the table "When S3 or SQS fails".
type outageCase struct {
	row          string // The row's first cell.
	bucket, jobs server
	method       string
	status       int
	cacheControl string
	within       time.Duration // Of the viewer's wait.
	metric       string
	message      string // A part of the single log line; empty if there is none.
	why          string // A part of the line, and of the response of /readyz if that is 503.
	unready      bool
}

func outageCases() map[string]outageCase {
	const (
		credentials = "Credentials are wrong, unknown or expired, or the clock is wrong"
		refused     = `calotype_store_failures_total{kind="refused"}`
		timeout     = `calotype_store_failures_total{kind="timeout"}`
		notFound    = `calotype_responses_total{state="not-found"}`
		failed      = `calotype_enqueues_total{result="failed"}`
	)
	pending := edge.PendingCacheControl
	throttling, denying := refusing(503, "SlowDown"), refusing(403, "AccessDenied")
	throttlingJobs := server(func(*http.Request) *http.Response {
		return respond(400, -1, `{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow"}`, "X-Amzn-Query-Error", "RequestThrottled;Sender")
	})
	return map[string]outageCase{
		"expired":        {credentials, refusing(400, "ExpiredToken"), accepting, "GET", 502, "no-store", time.Second, refused, "open rendition", "ExpiredToken", true},
		"unknown":        {credentials, refusing(403, "InvalidAccessKeyId"), accepting, "GET", 502, "no-store", time.Second, refused, "open rendition", "InvalidAccessKeyId", true},
		"wrong":          {credentials, refusing(403, "SignatureDoesNotMatch"), accepting, "GET", 502, "no-store", time.Second, refused, "open rendition", "SignatureDoesNotMatch", true},
		"wrong clock":    {credentials, refusing(403, "RequestTimeTooSkewed"), accepting, "GET", 502, "no-store", 3 * time.Second, refused, "open rendition", "RequestTimeTooSkewed", true},
		"wrong, HEAD":    {credentials, refusing(403, "SignatureDoesNotMatch"), accepting, "HEAD", 502, "no-store", time.Second, refused, "open rendition", "SignatureDoesNotMatch", true},
		"expired, HEAD":  {credentials, refusing(400, "ExpiredToken"), accepting, "HEAD", 502, "no-store", time.Second, refused, "open rendition", "ExpiredToken", true},
		"S3 hangs":       {"S3 hangs", hung, accepting, "GET", 502, "no-store", 3 * time.Second, timeout, "open rendition", "does not respond", true},
		"S3 hangs, HEAD": {"S3 hangs", hung, accepting, "HEAD", 502, "no-store", 3 * time.Second, timeout, "open rendition", "does not respond", true},
		"S3 throttles":   {"S3 throttles", throttling, accepting, "GET", 502, "no-store", 3 * time.Second, `calotype_store_failures_total{kind="throttled"}`, "open rendition", "throttles", true},
		"both throttle":  {"S3 throttles", throttling, throttlingJobs, "GET", 502, "no-store", 3 * time.Second, `calotype_store_failures_total{kind="throttled"}`, "open rendition", "throttles", true},
		"renditions hang": {"Only renditions hang", only("/resized/M/", hung, sourceOnly), accepting, "GET", 200, pending, 1500 * time.Millisecond,
			timeout, "open rendition", "does not respond", false},
		"one object": {"One object answers 5xx", only("kitty", refusing(500, "InternalError"), missingAll), accepting, "GET", 502, "no-store", 3 * time.Second,
			`calotype_store_failures_total{kind="other"}`, "open rendition", "InternalError", false},
		"a rendition is denied": {"`AccessDenied` for a rendition", only("/resized/", denying, sourceOnly), accepting, "GET", 200, pending, 0,
			`calotype_enqueues_total{result="sent"}`, "enqueue", "kitty.jpg", false},
		"a source is denied": {"`AccessDenied` for an original", denying, accepting, "GET", 404, edge.NotFoundCacheControl, 0, notFound, "", "", false},
		"denied, HEAD":       {"`AccessDenied` for an original", denying, accepting, "HEAD", 404, edge.NotFoundCacheControl, 0, notFound, "", "", false},
		"SQS hangs":          {"SQS hangs or throttles", sourceOnly, hung, "GET", 200, pending, 0, failed, "enqueue", "kitty.jpg", false},
		"SQS throttles":      {"SQS hangs or throttles", sourceOnly, throttlingJobs, "GET", 200, pending, 0, failed, "enqueue", "kitty.jpg", false},
		"S3 ends": {"S3 ends within an object, or pauses for a minute", only("/resized/M/", cut, missingAll), accepting, "GET", 200, "", 0,
			`calotype_responses_total{state="cut"}`, "response cut", "unexpected EOF", false},
		"S3 pauses": {"S3 ends within an object, or pauses for a minute", only("/resized/M/", pausing, missingAll), accepting, "GET", 200, "", time.Minute,
			`calotype_responses_total{state="cut"}`, "response cut", "i/o timeout", false},
	}
}

// Each row of the table "When S3 or SQS fails" in docs/operations.md.
func TestOutages(t *testing.T) {
	for name, c := range outageCases() {
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
				if n := o.log.count(`"message":"`+c.message+`"`, c.why); c.message == "" && o.log.count("") != 0 || c.message != "" && n != 1 || o.log.count(`"level":"error"`) > 1 {
					t.Errorf("logged %q, want one line %q with %q", o.log.lines, c.message, c.why)
				}
				switch err := o.Ready(); {
				case !c.unready && err != nil:
					t.Errorf("not ready: %v", err)
				case c.unready && (err == nil || !strings.Contains(err.Error(), c.why)):
					t.Errorf("ready: %v, want %q", err, c.why)
				}
			})
		})
	}
}

// The table contains what the cases do, and has a row for each.
func TestOutagesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "| What fails |")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := map[string][]string{}
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		rows[cells[0]] = cells
	}
	tested := map[string]bool{}
	for name, c := range outageCases() {
		tested[c.row] = true
		cells := rows[c.row]
		if len(cells) != 6 {
			t.Errorf("%s: the table has no row %q of six cells: %q", name, c.row, cells)
			continue
		}
		_, label, _ := strings.Cut(strings.TrimSuffix(c.metric, "}"), "{")
		viewer := map[int]string{502: "502", 404: "404", 200: "the original"}[c.status]
		if c.message == "response cut" {
			viewer = "cut"
		}
		within := strings.TrimSuffix(c.within.String(), "s") + " s"
		switch {
		case c.within == 0:
			within = "at once"
		case c.within == time.Minute:
			within = "a minute"
		}
		ready := map[bool]string{true: "503", false: "200"}[c.unready]
		for i, want := range []string{c.row, viewer, within, c.message, label, ready} {
			if i == 3 && want == "" && cells[3] != "" || i == 5 && cells[5] != want || !strings.Contains(cells[i], want) {
				t.Errorf("%s: the cell %q does not say %q", name, cells[i], want)
			}
		}
	}
	for row := range rows {
		if !tested[row] {
			t.Errorf("the row %q has no case", row)
		}
	}
}

// An outage is logged once a minute, and its end once. Readiness follows.
func TestOutageEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket, jobs := refusing(403, "InvalidAccessKeyId"), server(accepting)
		o := newOutage(&bucket, &jobs)
		if err := o.Ready(); err == nil || !strings.Contains(err.Error(), "InvalidAccessKeyId") {
			t.Errorf("before the first request: %v, want the store asked", err)
		}
		for range 100 {
			o.ask(t, "GET", "/kitty.jpg")
			time.Sleep(time.Second)
		}
		if probes, requests := o.log.count("probe store"), o.log.count("open source"); probes != 1 || requests != 1 {
			t.Errorf("%d and %d lines in 100 s, want one a minute: %q", probes, requests, o.log.lines)
		}
		if n := o.log.count(`"failures":61`); n != 1 {
			t.Errorf("no line counts the failures before it: %q", o.log.lines)
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

// While SQS fails, the failures are logged once a minute, and the end once.
func TestOutageOfTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket, jobs := server(sourceOnly), server(refusing(500, "InternalError"))
		o := newOutage(&bucket, &jobs)
		// Every fifth failure is at least a minute after the last logged one, and every fourth
		// is not, whatever the SDK's random pauses of up to 3 s between its attempts are.
		start := time.Now()
		view := func(i int) {
			o.ask(t, "GET", fmt.Sprintf("/%d.jpg?size=M", i))
			o.Wait()
			time.Sleep(time.Until(start.Add(time.Duration(i+1) * 13 * time.Second)))
		}
		for i := range 20 {
			view(i)
		}
		if lines, counted := o.log.count(`"message":"enqueue"`), o.log.count(`"failures":5`); lines != 4 || counted != 3 {
			t.Errorf("%d lines in 260 s, %d of them of 5 failures, want one a minute: %q", lines, counted, o.log.lines)
		}
		jobs = accepting
		view(20)
		view(21)
		if n := o.log.count("queue responds"); n != 1 {
			t.Errorf("%d lines about the end, want 1: %q", n, o.log.lines)
		}
	})
}

// If every other call fails, the log has one outage per minute.
func TestFlappingStoreIsOneOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bucket, jobs := only("broken", refusing(403, "InvalidAccessKeyId"), sourceOnly), server(accepting)
		o := newOutage(&bucket, &jobs)
		for range 100 {
			o.ask(t, "GET", "/broken.jpg")
			o.ask(t, "GET", "/kitty.jpg")
			time.Sleep(time.Second)
		}
		if fails, ends := o.log.count("open source"), o.log.count("store responds"); fails != 2 || ends != 2 {
			t.Errorf("%d and %d lines in 100 s, want 2 each", fails, ends)
		}
	})
}
