package main

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"calotype"
)

// newRegistry returns a registry with the metrics of every process: build, health, Go and
// the operating system.
func newRegistry(a *admin) *prometheus.Registry {
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "calotype_build_info", Help: "Always 1; the labels name the version.",
		ConstLabels: prometheus.Labels{"version": calotype.Version, "revision": revision(), "go_version": runtime.Version()},
	})
	build.Set(1)
	// The process collector knows the start time only if /proc has the boot time, which our
	// systemd unit hides.
	started := prometheus.NewGauge(prometheus.GaugeOpts{Name: "calotype_start_time_seconds", Help: "When the process started, in seconds since 1970."})
	started.SetToCurrentTime()
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		build, started,
		boolGauge("calotype_healthy", "1 unless the process should be replaced, as /healthz.", func() bool { return a.checks.Load().healthy() == nil }),
		boolGauge("calotype_ready", "1 while the process is ready, as /readyz.", func() bool { return a.checks.Load().ready() == nil }),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}

func boolGauge(name, help string, is func() bool) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
		if is() {
			return 1
		}
		return 0
	})
}
