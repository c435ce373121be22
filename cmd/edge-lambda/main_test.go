package main

import (
	"encoding/base64"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdaurl"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/internal/awstest"
)

func TestMain(m *testing.M) { awstest.Main(m) }

const secret = "the-secret-of-the-distribution"

// A miss is streamed with all its headers, and the response ends only after the job is sent.
func TestResponseEndsAfterTheJob(t *testing.T) {
	jobs, _ := awstest.Queues(t)
	bucket := awstest.Bucket(t)
	awstest.Put(t, bucket, "cats/kitty 1.jpg", []byte("original"), awstest.Headers{ContentType: "image/jpeg"})
	read, sent := make(chan struct{}), atomic.Bool{}
	slow := sqsProxy(t, func() { <-read; sent.Store(true) })
	t.Setenv("AWS_ENDPOINT_URL_SQS", slow)
	for name, value := range map[string]string{"BUCKET": bucket, "QUEUE_URL": jobs, "ORIGIN_SECRETS": secret + ",", "AUTO": "avif,webp", "PENDING": "best"} {
		t.Setenv("CALOTYPE_"+name, value)
	}
	handler, err := newHandler(t.Context(), "", zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	request := &events.LambdaFunctionURLRequest{RawPath: "/resized/M.webp/cats/kitty%201.jpg", RawQueryString: "format=auto", Headers: map[string]string{"x-calotype-secret": secret}}
	request.RequestContext.HTTP.Method = http.MethodGet
	request.RequestContext.DomainName = "id.lambda-url.us-east-1.on.aws"
	response, err := lambdaurl.Wrap(handler)(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != 200 || response.Headers["X-Calotype"] != "original; pending" || response.Headers["Vary"] != "Accept" || response.Headers["Content-Type"] != "image/jpeg" {
		t.Errorf("got %d %v", response.StatusCode, response.Headers)
	}
	body := make([]byte, len("original"))
	if _, err := io.ReadFull(response.Body, body); err != nil || string(body) != "original" {
		t.Errorf("got %q, %v", body, err)
	}
	close(read) // The job is sent only now: the bytes did not wait for it.
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
		t.Errorf("got %q, %v", rest, err)
	}
	if !sent.Load() {
		t.Error("the response ended before the job was sent")
	}
	if got := awstest.Drain(t, jobs); len(got) != 1 || !strings.Contains(got[0], "M.webp") {
		t.Errorf("got jobs %v, want one", got)
	}
}

// sqsProxy passes requests to the SQS server, after before has returned.
func sqsProxy(t *testing.T, before func()) string {
	t.Helper()
	target, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL_SQS"))
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before()
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestMistakesAreReportedAtOnce(t *testing.T) {
	t.Setenv("CALOTYPE_BACKFILL_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/jobs.fifo")
	t.Setenv("CALOTYPE_QUALITY", "101")
	_, err := newHandler(t.Context(), "", zerolog.Nop())
	for _, want := range []string{"CALOTYPE_BUCKET", "CALOTYPE_QUEUE_URL", "CALOTYPE_BACKFILL_QUEUE_URL", "CALOTYPE_ORIGIN_SECRETS", "CALOTYPE_QUALITY 101"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	t.Setenv("CALOTYPE_ORIGIN_SECRETS", "too short")
	if _, err := newHandler(t.Context(), "", zerolog.Nop()); err == nil || !strings.Contains(err.Error(), "24 characters") || strings.Contains(err.Error(), "too short") {
		t.Errorf("got %v, want an error without the secret", err)
	}
}

func TestPresetsAreBuiltIn(t *testing.T) {
	table, err := calotype.BuiltInPresets(base64.StdEncoding.EncodeToString([]byte(`{"card": "600x400"}`)))
	if err != nil || len(table) != 1 || table[0].Name != "card" {
		t.Errorf("got %v, %v", table, err)
	}
	if _, err := calotype.BuiltInPresets("%"); err == nil {
		t.Error("no error")
	}
}

// Every flag of "calotype edge" is a setting here, with the same variable, or has no use here.
func TestSettingsAreThoseOfEdge(t *testing.T) {
	// There is no server, presets are built in, and the function mode's cache key has no info.
	here := map[string]bool{"Listen": true, "Grace": true, "Presets": true, "Info": true}
	for field := range reflect.TypeFor[settings]().Fields() {
		here[field.Name] = true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../calotype/edge.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "edgeCommand" {
			return true
		}
		for _, field := range spec.Type.(*ast.StructType).Fields.List {
			for _, name := range field.Names {
				found++
				if !here[name.Name] {
					t.Errorf("%s is a flag of calotype edge, and no setting here", name.Name)
				}
			}
		}
		return false
	})
	if found < 10 {
		t.Errorf("%d flags of calotype edge were found", found)
	}
}
