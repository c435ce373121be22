package main

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// newRegistry makes a registry of what every process of ours tells: what it is, how it
// is, and what Go and the system know of it.
func newRegistry(a *admin) *prometheus.Registry {
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "calotype_build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"revision": revision(), "go_version": runtime.Version()},
	})
	build.Set(1)
	// The process collector knows it only where /proc tells when the machine started,
	// which it does not inside our systemd unit.
	started := prometheus.NewGauge(prometheus.GaugeOpts{Name: "calotype_start_time_seconds", Help: "When the process started, in seconds since 1970."})
	started.SetToCurrentTime()
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		build, started,
		truth("calotype_healthy", "1 unless the process should be replaced, as /healthz.", func() bool { return a.subject.Load().healthy() == nil }),
		truth("calotype_ready", "1 while the process does its work, as /readyz.", func() bool { return a.subject.Load().ready() == nil }),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}

func truth(name, help string, is func() bool) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
		if is() {
			return 1
		}
		return 0
	})
}
