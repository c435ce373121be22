package awstest

import (
	"bufio"
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Samples are metrics by name and labels, as they stand in the text that is served:
// `calotype_jobs_total{class="",outcome="done"}`.
type Samples map[string]float64

// Scrape reads a collector as Prometheus does.
func Scrape(t testing.TB, c prometheus.Collector) Samples {
	t.Helper()
	registry := prometheus.NewRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	return ParseSamples(t, answer.Body)
}

// ParseSamples reads what /metrics answers.
func ParseSamples(t testing.TB, text io.Reader) Samples {
	t.Helper()
	samples := Samples{}
	for lines := bufio.NewScanner(text); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		samples[line[:at]] = value
	}
	return samples
}

// Want compares some of the samples.
func (s Samples) Want(t testing.TB, want Samples) {
	t.Helper()
	for name, value := range want {
		if got, ok := s[name]; !ok || got != value {
			t.Errorf("%s: got %v (there: %v), want %v", name, got, ok, value)
		}
	}
}
