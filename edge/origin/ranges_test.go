package origin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestParseSpan(t *testing.T) {
	for header, want := range map[string]span{
		"":                            {},
		"bytes=2-4":                   {2, 5},
		"bytes=7-":                    {7, 10},
		"bytes=0-":                    {0, 10},
		"bytes=0-99":                  {0, 10},
		"bytes=-3":                    {7, 10},
		"bytes=-99":                   {0, 10},
		"bytes=20-":                   {20, 21},
		"bytes=20-30":                 {20, 21},
		"bytes=4-2":                   {},
		"bytes=0-1,4-5":               {},
		"bytes=0-0,0-0":               {},
		"bytes=a-b":                   {},
		"bytes=":                      {},
		"bytes=--1":                   {},
		"kilometres=2-4":              {},
		"bytes=99999999999999999999-": {},
	} {
		if got := parseSpan(header, 10); got != want {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
	if got := parseSpan("bytes=0-9223372036854775807", 10); got != (span{0, 10}) {
		t.Errorf("the largest end: got %v", got)
	}
}

// A range costs one call to the store, for exactly its bytes. Many ranges cost one call
// for the whole object.
func TestRangesAtTheStore(t *testing.T) {
	var mu sync.Mutex
	var ranges []string
	s := start(t, func(r *http.Request) *http.Response {
		if r.Method == http.MethodGet {
			mu.Lock()
			defer mu.Unlock()
			ranges = append(ranges, r.Header.Get("Range"))
		}
		return nil
	})
	body := strings.Repeat("0123456789", 20_000)
	s.putSource(t, "kitty.jpg", body)
	many := "bytes=0-0" + strings.Repeat(",5-5", 999)
	for header, want := range map[string]struct {
		status int
		body   string
		ranges string
	}{
		"bytes=2-4":         {206, "234", "bytes=2-4"},
		"bytes=100000-":     {206, body[100_000:], "bytes=100000-199999"},
		"bytes=0-1":         {206, "01", "bytes=0-1"},
		"bytes=-5":          {206, "56789", "bytes=199995-199999"},
		many:                {200, body, "bytes=0-199999"},
		"bytes=0-1,4-5,2-3": {200, body, "bytes=0-199999"},
	} {
		ranges = nil
		r, got := s.ask(t, "GET", "/kitty.jpg", "Range", header)
		if r.StatusCode != want.status || got != want.body || strings.Join(ranges, " ") != want.ranges {
			t.Errorf("%.20s: got %d, %d bytes, asked for %q; want %d, %d bytes, %q", header, r.StatusCode, len(got), ranges, want.status, len(want.body), want.ranges)
		}
	}
}

// The bytes of a range must be of the version whose headers were sent: a source that is
// replaced between both calls ends the response.
func TestReplacedBetweenCalls(t *testing.T) {
	var s fixture
	s = start(t, func(r *http.Request) *http.Response {
		if r.Method == http.MethodGet && r.Header.Get("Range") != "" {
			s.putSource(t, "kitty.jpg", "another one")
		}
		return nil
	})
	s.putSource(t, "kitty.jpg", "0123456789")
	if body, err := s.read(t, "/kitty.jpg", "Range", "bytes=2-4"); err == nil || body != "" {
		t.Errorf("got %q, %v, want the response cut before its first byte", body, err)
	}
	if n := s.log.count("response cut"); n != 1 {
		t.Errorf("%d lines about a cut response, want 1", n)
	}
}

// deadlines is a response writer that records its write deadlines.
type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

// A viewer that reads nothing for two minutes is disconnected; one that reads slowly
// is not.
func TestWriteDeadline(t *testing.T) {
	s := start(t)
	s.putSource(t, "kitty.jpg", strings.Repeat("0123456789", 20_000))
	before := time.Now()
	w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	s.origin.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/kitty.jpg", nil))
	after := time.Now()
	if w.Code != 200 || w.Body.Len() != 200_000 || len(w.set) < 3 {
		t.Fatalf("got %d, %d bytes, %d deadlines", w.Code, w.Body.Len(), len(w.set))
	}
	last := len(w.set) - 1
	for i, deadline := range w.set[:last] {
		if deadline.Before(before.Add(viewerTimeout)) || deadline.After(after.Add(viewerTimeout)) {
			t.Errorf("deadline %d is %v after the start, want %v", i, deadline.Sub(before), viewerTimeout)
		}
	}
	if !w.set[last].IsZero() {
		t.Errorf("the last deadline is %v: it outlives the response", w.set[last])
	}
}
