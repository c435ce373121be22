package fleet

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// wire is a proxy between programs and a server that records and alters calls. It keeps the
// Host header, which is signed.
type wire struct {
	url     string
	forward *httputil.ReverseProxy
	meddle  func(call) effect

	mu    sync.Mutex
	calls []call
}

// call is a request: the operation and its object.
type call struct {
	at   time.Time
	op   string // "ReceiveMessage", or "PUT" and so on.
	path string
	body string // The body of an SQS call.
}

// effect is the outcome of a call.
type effect int

const (
	pass      effect = iota
	fail500          // An error response; the server does not see the call.
	fail503          // As above.
	cutBefore        // The connection is closed; the server does not see the call.
	cutAfter         // The server handles the call, and half of its response arrives.
)

// wires puts a proxy between the programs and each server. Every call passes unless meddle,
// which may be nil, returns another effect.
func (f *fixture) wires(t *testing.T, meddle func(call) effect) (s3, sqs *wire) {
	t.Helper()
	s3, sqs = newWire(t, os.Getenv("AWS_ENDPOINT_URL_S3"), meddle), newWire(t, os.Getenv("AWS_ENDPOINT_URL_SQS"), meddle)
	f.env = append(f.env, "AWS_ENDPOINT_URL_S3="+s3.url, "AWS_ENDPOINT_URL_SQS="+sqs.url)
	return s3, sqs
}

func newWire(t *testing.T, to string, meddle func(call) effect) *wire {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true
	transport.MaxIdleConnsPerHost = 64
	w := &wire{meddle: meddle}
	w.forward = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		Transport: transport,
		// A server that closes the connection is one of the faults that pass through.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	server := httptest.NewServer(w)
	t.Cleanup(func() {
		server.CloseClientConnections() // Polls may be in progress.
		server.Close()
	})
	w.url = server.URL
	return w
}

func (w *wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	c := call{at: time.Now(), op: r.Method, path: r.URL.Path}
	if _, op, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		c.op, c.body = op, string(body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.mu.Lock()
	w.calls = append(w.calls, c)
	w.mu.Unlock()
	end := pass
	if w.meddle != nil {
		end = w.meddle(c)
	}
	switch end {
	case pass:
		w.forward.ServeHTTP(out, r)
	case fail500, fail503:
		_, _ = io.Copy(io.Discard, r.Body)
		out.WriteHeader(map[effect]int{fail500: 500, fail503: 503}[end])
	case cutBefore:
		panic(http.ErrAbortHandler)
	case cutAfter:
		answer := httptest.NewRecorder()
		w.forward.ServeHTTP(answer, r)
		maps.Copy(out.Header(), answer.Header())
		out.WriteHeader(answer.Code)
		_, _ = out.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
		panic(http.ErrAbortHandler)
	}
}

// seen returns the calls so far of one kind, or all calls with "".
func (w *wire) seen(op string) []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	var calls []call
	for _, c := range w.calls {
		if op == "" || c.op == op {
			calls = append(calls, c)
		}
	}
	return calls
}
