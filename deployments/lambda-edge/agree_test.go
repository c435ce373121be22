package lambdaedge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/edge/origin"
	"calotype/internal/awstest"
	"calotype/queue"
)

// TestOneDecision gives several hundred ordinary and hostile requests to the Go package, to
// the function in Node, and to the HTTP origin. No rendition exists and every source does,
// so the calls show the decision: the rendition's HEAD, the source, the job. Requests that
// Go's HTTP server refuses to parse never reach the origin; they are compared between the
// other two only.
func TestOneDecision(t *testing.T) {
	data, err := os.ReadFile("testdata/requests.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []struct{ Method, Path, Query string }
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	if len(table) < 400 {
		t.Fatalf("%d requests: want several hundred", len(table))
	}
	verdicts, refused := map[edge.Verdict]int{}, 0
	rules := edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Quality: 70}
	folder := unpack(t)
	functions := []*function{start(t, "node22", folder), start(t, "node24", folder)}
	for _, r := range table {
		name := fmt.Sprintf("%s %s?%s", r.Method, r.Path, r.Query)
		d := rules.Decide(edge.Request{Method: r.Method, Path: r.Path, Query: r.Query})
		verdicts[d.Verdict]++
		want := "untouched"
		switch d.Verdict {
		case edge.NotFound:
			want = "hidden"
		case edge.Resize:
			want = d.Rendition + " | " + d.Source + " | " + d.Job(false, "r1").Encode()
		}
		for _, f := range functions {
			if got := decisionOfFunction(f, r.Method, r.Path, r.Query); got != want {
				t.Errorf("%s: the function says %s, the package %s", name, got, want)
			}
		}
		u, err := url.ParseRequestURI(r.Path)
		if err != nil || !strings.HasPrefix(r.Path, "/") {
			refused++
			continue
		}
		u.RawQuery = r.Query
		if got := decisionOfOrigin(t, rules, r.Method, u); got != want && !(want == "untouched" && got == "hidden" && !picture(d)) {
			t.Errorf("%s: the origin says %s, the package %s", name, got, want)
		}
	}
	t.Logf("%d requests: %v; %d are refused by Go's HTTP server", len(table), verdicts, refused)
}

func picture(d edge.Decision) bool {
	_, ok := calotype.FormatOfKey(d.Source)
	return ok
}

// decisionOfFunction handles an event with an S3 that has every source and no rendition.
func decisionOfFunction(f *function, method, path, query string) string {
	var looked []string
	var body string
	f.aws.reset(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodHead {
			key := strings.TrimPrefix(r.URL.Path, "/"+f.bucket+"/")
			looked = append(looked, key)
			if strings.HasPrefix(key, "resized/") {
				w.WriteHeader(http.StatusNotFound)
			}
			return true
		}
		var m struct{ MessageBody string }
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			f.t.Error(err)
		}
		body = m.MessageBody
		return true
	})
	// Each event has its own bucket, so that no job counts as already sent.
	names++
	f.bucket = fmt.Sprintf("bucket-%d", names)
	event := request(path, query, f.settings())
	inner(event)["request"].(object)["method"] = method
	inner(event)["config"].(object)["requestId"] = "r1"
	result := f.handle(event)
	switch {
	case result["status"] == "404":
		return "hidden"
	case len(looked) == 0 && body == "":
		return "untouched"
	}
	return strings.Join(append(looked, body), " | ")
}

var names int

// decisionOfOrigin serves a request from an S3 that has every source and no rendition.
func decisionOfOrigin(t *testing.T, rules edge.Rules, method string, u *url.URL) string {
	var looked []string
	var body string
	sqsServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct{ MessageBody string }
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		body = m.MessageBody
		w.WriteHeader(http.StatusBadRequest) // Only the responses that were sent count.
	}))
	defer sqsServer.Close()
	t.Setenv("AWS_ENDPOINT_URL_SQS", sqsServer.URL)
	client := awstest.S3(t, awstest.Hooks(func(r *http.Request) *http.Response {
		key := strings.TrimPrefix(r.URL.Path, "/pictures/")
		looked = append(looked, key)
		if strings.HasPrefix(key, "resized/") {
			return awstest.Answer(http.StatusNotFound)
		}
		found := awstest.Answer(http.StatusOK)
		found.Header.Set("Content-Length", "0")
		return found
	}), func(o *s3.Options) { o.UsePathStyle = true })
	w := httptest.NewRecorder()
	r := (&http.Request{Method: method, URL: u, Header: http.Header{"X-Amz-Cf-Id": {"r1"}}}).WithContext(t.Context())
	o := origin.New(rules, client, "pictures", queue.New(awstest.SQS(t), sqsServer.URL+"/q"), zerolog.Nop(), origin.Settings{})
	o.ServeHTTP(w, r)
	o.Wait()
	switch {
	case len(looked) == 0 && w.Code == http.StatusNotFound:
		return "hidden"
	case len(looked) < 2:
		return "untouched"
	}
	return strings.Join(append(looked, body), " | ")
}
