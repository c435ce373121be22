package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			http.NotFound(w, r)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("the state"))
	}))
	address := server.Listener.Addr().String()
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("CALOTYPE_ADMIN_LISTEN", address)

	if code, stdout, stderr := call(t, "health"); code != exitOK || !strings.Contains(stdout, "the state") {
		t.Errorf("healthy: got %d, %q, %q", code, stdout, stderr)
	}
	_, port, _ := strings.Cut(address, ":")
	for _, everywhere := range []string{":" + port, "0.0.0.0:" + port} {
		if code, _, stderr := call(t, "health", "--admin-listen", everywhere); code != exitOK {
			t.Errorf("%s: got %d, %q", everywhere, code, stderr)
		}
	}
	status = http.StatusServiceUnavailable
	if code, _, stderr := call(t, "health"); code != exitFailure || !strings.Contains(stderr, "503 Service Unavailable: the state") {
		t.Errorf("unhealthy: got %d, %q", code, stderr)
	}
	if code, _, stderr := call(t, "health", "--ready"); code != exitFailure || !strings.Contains(stderr, "/readyz: 404") {
		t.Errorf("not ready: got %d, %q", code, stderr)
	}
	server.Close()
	if code, _, stderr := call(t, "health"); code != exitFailure || !strings.Contains(stderr, "refused") {
		t.Errorf("no listener: got %d, %q", code, stderr)
	}
	for address, want := range map[string]string{"": "--admin-listen is missing", "9090": "it looks like :9090"} {
		t.Setenv("CALOTYPE_ADMIN_LISTEN", address)
		if code, _, stderr := call(t, "health"); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%q: got %d, %q, want %q", address, code, stderr, want)
		}
	}
}
