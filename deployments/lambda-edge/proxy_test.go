package lambdaedge

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"testing"
)

// proxy forwards the function's requests to the S3 and SQS servers. It keeps the signed
// Host header, so the servers can check the signatures.
type proxy struct {
	s3, sqs string

	mu    sync.Mutex
	calls []string
	fault func(w http.ResponseWriter, r *http.Request) bool
}

func newProxy(t *testing.T) *proxy {
	p := &proxy{}
	p.s3 = p.serve(t, os.Getenv("AWS_ENDPOINT_URL_S3"))
	p.sqs = p.serve(t, os.Getenv("AWS_ENDPOINT_URL_SQS"))
	return p
}

func (p *proxy) serve(t *testing.T, target string) string {
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		r.Out.Host = r.In.Host
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		if len(p.calls) < 100 {
			p.calls = append(p.calls, r.Method+" "+r.URL.Path)
		}
		fault := p.fault
		p.mu.Unlock()
		if fault == nil || !fault(w, r) {
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

// reset forgets the calls and sets the faults that follow.
func (p *proxy) reset(fault ...func(http.ResponseWriter, *http.Request) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.fault = nil, nil
	if len(fault) > 0 {
		p.fault = fault[0]
	}
}

func (p *proxy) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.calls...)
}
