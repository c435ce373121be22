package awstest

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Samples are metrics by name and sorted labels, in the text format's notation:
// `calotype_jobs_total{class="",outcome="done"}`.
type Samples map[string]float64

// Scrape collects the samples of a collector, which must follow Prometheus' conventions.
func Scrape(t testing.TB, c prometheus.Collector) Samples {
	t.Helper()
	problems, err := testutil.CollectAndLint(c)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if err != nil {
		t.Fatal(err)
	}
	// CollectAndFormat formats the named metrics.
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return samplesOf(t, families)
}

// ParseSamples reads the body of a /metrics response.
func ParseSamples(t testing.TB, text io.Reader) Samples {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		t.Fatal(err)
	}
	return samplesOf(t, slices.Collect(maps.Values(families)))
}

func samplesOf(t testing.TB, families []*dto.MetricFamily) Samples {
	t.Helper()
	vector, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{}, families...)
	if err != nil {
		t.Fatal(err)
	}
	samples := Samples{}
	for _, sample := range vector {
		samples[notation(sample.Metric)] = float64(sample.Value)
	}
	return samples
}

func notation(m model.Metric) string {
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if name != model.MetricNameLabel {
			labels = append(labels, string(name)+"="+strconv.Quote(string(m[name])))
		}
	}
	name := string(m[model.MetricNameLabel])
	if len(labels) == 0 {
		return name
	}
	return name + "{" + strings.Join(labels, ",") + "}"
}

// Want compares some of the samples.
func (s Samples) Want(t testing.TB, want Samples) {
	t.Helper()
	for name, value := range want {
		if got, ok := s[name]; !ok || got != value {
			t.Errorf("%s: got %v (present: %v), want %v", name, got, ok, value)
		}
	}
}
