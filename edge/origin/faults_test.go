package origin

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// fault is a fault between the origin and its servers. It returns its own response to a
// request, or nil to let the request pass.
type fault func(*http.Request) *http.Response

// faultyClient is an HTTP client with faults.
type faultyClient []fault

func (c faultyClient) Do(r *http.Request) (*http.Response, error) {
	for _, f := range c {
		if response := f(r); response != nil {
			return response, r.Context().Err()
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err == nil && response.StatusCode == http.StatusNotFound && r.Header.Get("X-Deny") != "" {
		response.StatusCode = http.StatusForbidden
	}
	return response, err
}

func s3Faults(faults []fault) func(*s3.Options) {
	return func(o *s3.Options) {
		if len(faults) > 0 {
			o.HTTPClient = faultyClient(faults)
			o.Retryer = aws.NopRetryer{}
		}
	}
}

func sqsFaults(faults []fault) func(*sqs.Options) {
	return func(o *sqs.Options) {
		if len(faults) > 0 {
			o.HTTPClient = faultyClient(faults)
			o.Retryer = aws.NopRetryer{}
		}
	}
}

func answer(status int) *http.Response {
	return &http.Response{StatusCode: status, Body: http.NoBody, Header: http.Header{}}
}

// on applies a fault to requests whose path contains part.
func on(part string, status int) fault {
	return func(r *http.Request) *http.Response {
		if strings.Contains(r.URL.Path, part) {
			return answer(status)
		}
		return nil
	}
}

// hanging never responds to requests whose path contains part.
func hanging(part string) fault {
	return func(r *http.Request) *http.Response {
		if !strings.Contains(r.URL.Path, part) {
			return nil
		}
		<-r.Context().Done()
		return answer(http.StatusServiceUnavailable)
	}
}

// unlisted is a store that answers 403 for a missing key, as S3 without s3:ListBucket.
func unlisted(r *http.Request) *http.Response {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		r.Header.Set("X-Deny", "1") // Not signed; it is read when the response comes back.
	}
	return nil
}

func TestFaultsDoNotCostThePicture(t *testing.T) {
	for name, c := range map[string]struct {
		fault fault
		jobs  int
		hangs bool
	}{
		"the queue fails":       {func(r *http.Request) *http.Response { return queueOnly(r, 500) }, 0, false},
		"the queue refuses":     {func(r *http.Request) *http.Response { return queueOnly(r, 403) }, 0, false},
		"rendition fails":       {on("/resized/", 500), 0, false},
		"rendition throttled":   {on("/resized/", 503), 0, false},
		"rendition hangs":       {hanging("/resized/"), 0, true},
		"403 for a missing key": {unlisted, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.fault)
			if c.hangs {
				s.origin.bucket.timeouts.rendition = time.Second
			}
			s.putSource(t, "kitty.jpg", "source")
			r, body := s.ask(t, "GET", "/kitty.jpg?size=M")
			if r.StatusCode != 200 || body != "source" {
				t.Errorf("got %d %q", r.StatusCode, body)
			}
			wantHeader(t, r, "X-Calotype", "original; pending")
			wantHeader(t, r, "Cache-Control", "public, max-age=1, s-maxage=5, stale-if-error=86400")
			if jobs := s.enqueued(t); len(jobs) != c.jobs {
				t.Errorf("%d jobs, want %d", len(jobs), c.jobs)
			}
		})
	}
}

func queueOnly(r *http.Request, status int) *http.Response {
	if r.Header.Get("X-Amz-Target") != "" {
		return answer(status)
	}
	return nil
}

func TestFailedEnqueueIsRetried(t *testing.T) {
	failures := 1
	s := start(t, func(r *http.Request) *http.Response {
		if r.Header.Get("X-Amz-Target") != "" && failures > 0 {
			failures--
			return answer(500)
		}
		return nil
	})
	s.putSource(t, "kitty.jpg", "source")
	for _, want := range []int{0, 1, 0} {
		s.ask(t, "GET", "/kitty.jpg?size=M")
		if jobs := s.enqueued(t); len(jobs) != want {
			t.Errorf("%d jobs, want %d", len(jobs), want)
		}
	}
}

func TestMissingSourceWhere403MeansMissing(t *testing.T) {
	s := start(t, unlisted)
	if r, _ := s.ask(t, "GET", "/none.jpg?size=M"); r.StatusCode != 404 {
		t.Errorf("got %d", r.StatusCode)
	}
}

func TestStoreThatFails(t *testing.T) {
	s := start(t, on("/kitty.jpg", 500))
	sent := time.Now()
	r, _ := s.ask(t, "GET", "/kitty.jpg?size=M")
	if r.StatusCode != 502 || r.Header.Get("Cache-Control") != "no-store" || time.Since(sent) > time.Minute {
		t.Errorf("got %d, %v", r.StatusCode, r.Header)
	}
}
