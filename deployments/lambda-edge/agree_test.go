package lambdaedge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/edge/origin"
	"calotype/edge/viewer"
	"calotype/internal/awstest"
	"calotype/internal/viewertest"
	"calotype/queue"
)

// TestOneDecision gives several hundred ordinary and hostile requests to the Go package, to
// the edge function in Node, to calotype edge, and to the function at CloudFront that rewrites
// paths. No rendition exists and every source does, so the calls show the decision: the
// renditions and the source that are looked for, and the job. Requests that Go's HTTP server
// refuses to parse never reach the origin; they are compared between the others only.
func TestOneDecision(t *testing.T) {
	table := requestTable(t)
	for i := range table {
		table[i].Accept = "" // It does not count.
	}
	agree(t, edge.Rules{Presets: calotype.DefaultPresets(), Prefix: "resized", Quality: 70}, unpack(t), table)
}

// TestOneDecisionWithEverything does the same with everything switched on.
func TestOneDecisionWithEverything(t *testing.T) {
	presets := append(calotype.DefaultPresets(), calotype.WebPresets()...)
	data, err := json.Marshal(presets)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "presets.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	rules := edge.Rules{
		Presets: presets, Prefix: "resized", Quality: 70, Pending: edge.PendingBest,
		Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}, Widths: true,
	}
	table := requestTable(t)
	for _, path := range []string{"/kitty.jpg", "/k.gif", "/k.webp", "/k.avif", "/k.heic", "/k.PNG", "/%C3%A9t%C3%A9.jpg", "/a+b.jpg", "/a%2Fb.png", "/resized/M/kitty.jpg", "/notes.txt"} {
		for i, query := range []string{
			"size=M&format=auto", "format=AUTO&size=w640&to_webp=1", "w=640", "w=641&format=avif", "w=320&dpr=2&format=auto", "w=320&dpr=1.501", "w=99999&format=auto", "w=0&format=auto",
			"size=&w=640", "size=Q&w=640", "dpr=2", "size=M&format=auto&auto=avif", "size=M&auto=avif", "w=%36%34%30&format=aut%6F", "w=640&undecided=1",
		} {
			table = append(table, viewerRequest{"GET", path, query, accepts[i%len(accepts)]})
		}
	}
	agree(t, rules, unzip(t, build(t, "PRESETS="+file)), table)
}

// accepts are the Accept headers of viewers, by turns.
var accepts = []string{"image/jxl,image/avif,image/webp,*/*;q=0.8", "image/webp,*/*", "*/*", "", "image/avif;q=0, IMAGE/WebP", "image/avif"}

type viewerRequest struct{ Method, Path, Query, Accept string }

// requestTable reads the table, and gives its requests Accept headers.
func requestTable(t *testing.T) []viewerRequest {
	t.Helper()
	data, err := os.ReadFile("testdata/requests.json")
	if err != nil {
		t.Fatal(err)
	}
	var table []viewerRequest
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	if len(table) < 500 {
		t.Fatalf("%d requests: want several hundred", len(table))
	}
	for i := range table {
		table[i].Accept = accepts[i%len(accepts)]
	}
	return table
}

const secret = "the-secret-of-the-distribution"

// agree compares the decisions for a table of requests.
func agree(t *testing.T, rules edge.Rules, folder string, table []viewerRequest) {
	t.Helper()
	options := viewer.Options{Auto: rules.Auto, Widths: rules.Widths}
	normalise, rewrite := cloudfrontFunction(t, rules, options, viewer.Code), cloudfrontFunction(t, rules, options, viewer.RewriteCode)
	edgeFunctions := []*function{start(t, "node22", folder), start(t, "node24", folder)}
	verdicts, refused, rewritten := map[edge.Verdict]int{}, 0, 0
	for _, r := range table {
		name := fmt.Sprintf("%s %s?%s", r.Method, r.Path, r.Query)
		d := rules.Decide(edge.Request{Method: r.Method, Path: r.Path, Query: r.Query, Accept: r.Accept})
		verdicts[d.Verdict]++
		want := "untouched"
		switch d.Verdict {
		case edge.NotFound:
			want = "hidden"
		case edge.Resize:
			looked := []string{d.Rendition, d.Source}
			for _, v := range rules.Nearest(d) {
				looked = append(looked, rules.Prefix.RenditionKey(v, d.Source))
			}
			want = decision(looked, d.Job(false, "r1").Encode())
		}
		query := normalise.Handle(viewertest.Request{Method: r.Method, URI: r.Path, Query: r.Query, Accept: []string{r.Accept}}).Query.String()
		for _, f := range edgeFunctions {
			for _, query := range []string{r.Query, query} {
				if got := decisionOfEdgeFunction(f, rules, r.Method, r.Path, query); got != want && !(query == r.Query && rules.IsAuto(query)) {
					t.Errorf("%s: the edge function says %s with the query %s, the package %s", name, got, query, want)
				}
			}
		}
		u, err := url.ParseRequestURI(r.Path)
		if err != nil || !strings.HasPrefix(r.Path, "/") {
			refused++
			continue
		}
		u.RawQuery = r.Query
		same := func(got string) bool { return got == want || want == "untouched" && got == "hidden" && !picture(d) }
		if got := decisionOfOrigin(t, rules, r.Method, u, http.Header{"Accept": {r.Accept}}); !same(got) {
			t.Errorf("%s: the origin says %s, the package %s", name, got, want)
		}
		after := rewrite.Handle(viewertest.Request{Method: r.Method, URI: r.Path, Query: r.Query, Accept: []string{r.Accept}})
		header := http.Header{"Accept": {after.Accept}}
		if after.Group != nil {
			rewritten++
			after.URI = "/" + string(rules.Prefix) + after.URI
			header.Set(origin.SecretHeader, secret)
		}
		u, err = url.ParseRequestURI(after.URI)
		if err != nil {
			t.Errorf("%s: rewritten to %s: %v", name, after.URI, err)
			continue
		}
		u.RawQuery = after.Query.String()
		if got := decisionOfOrigin(t, rules, r.Method, u, header); !same(got) {
			t.Errorf("%s: rewritten to %s?%s, the origin says %s, the package %s", name, after.URI, u.RawQuery, got, want)
		}
	}
	t.Logf("%d requests: %v; %d are rewritten; %d are refused by Go's HTTP server", len(table), verdicts, rewritten, refused)
	if rewritten < 100 {
		t.Errorf("%d requests are rewritten: want all that are plain", rewritten)
	}
}

func cloudfrontFunction(t *testing.T, rules edge.Rules, options viewer.Options, write func(calotype.Presets, viewer.Options) (string, error)) *viewertest.Function {
	t.Helper()
	code, err := write(rules.Presets, options)
	if err != nil {
		t.Fatal(err)
	}
	return viewertest.Start(t, code)
}

// decision returns what was looked for, whatever the order, and the job.
func decision(looked []string, body string) string {
	return strings.Join(append(slices.Compact(slices.Sorted(slices.Values(looked))), body), " | ")
}

func picture(d edge.Decision) bool {
	_, ok := calotype.FormatOfKey(d.Source)
	return ok
}

// decisionOfEdgeFunction handles an event with an S3 that has every source and no rendition.
func decisionOfEdgeFunction(f *function, rules edge.Rules, method, path, query string) string {
	var looked []string
	var mu sync.Mutex // It looks for several objects side by side.
	var body string
	f.aws.reset(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodHead {
			key := strings.TrimPrefix(r.URL.Path, "/"+f.bucket+"/")
			mu.Lock()
			looked = append(looked, key)
			mu.Unlock()
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
	event := request(path, query, f.settings("X-Env-Pending", string(rules.Pending), "X-Env-Auto", rules.Auto.String(), "X-Env-Widths", strconv.FormatBool(rules.Widths)))
	inner(event)["request"].(object)["method"] = method
	inner(event)["config"].(object)["requestId"] = "r1"
	result := f.handle(event)
	switch {
	case result["status"] == "404":
		return "hidden"
	case len(looked) == 0 && body == "":
		return "untouched"
	}
	return decision(looked, body)
}

var names int

// decisionOfOrigin serves a request from an S3 that has every source and no rendition.
func decisionOfOrigin(t *testing.T, rules edge.Rules, method string, u *url.URL, header http.Header) string {
	var looked []string
	var mu sync.Mutex // It inspects the nearest renditions concurrently.
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
		mu.Lock()
		looked = append(looked, key)
		mu.Unlock()
		if strings.HasPrefix(key, "resized/") {
			return awstest.Response(http.StatusNotFound)
		}
		found := awstest.Response(http.StatusOK)
		found.Header.Set("Content-Length", "0")
		return found
	}), func(o *s3.Options) { o.UsePathStyle = true })
	w := httptest.NewRecorder()
	header.Set("X-Amz-Cf-Id", "r1")
	r := (&http.Request{Method: method, URL: u, Header: header}).WithContext(t.Context())
	o := origin.New(rules, client, "pictures", queue.New(awstest.SQS(t), sqsServer.URL+"/q"), zerolog.Nop(), origin.Settings{Secrets: []string{secret}})
	o.ServeHTTP(w, r)
	o.Wait()
	switch {
	case len(looked) == 0 && w.Code == http.StatusNotFound:
		return "hidden"
	case len(looked) < 2:
		return "untouched"
	}
	return decision(looked, body)
}
