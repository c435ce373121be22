package decoder

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are a pool's counters.
type metrics struct {
	starts   prometheus.Counter
	replaced *prometheus.CounterVec
	ended    *prometheus.CounterVec
	sandbox  *prometheus.GaugeVec
	highest  prometheus.Gauge
	peak     atomic.Int64
	now      []prometheus.Collector // Read at each collection.
}

func newMetrics(p *Pool) *metrics {
	m := &metrics{
		starts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "calotype_decoder_starts_total", Help: "Decoder processes that were started.",
		}),
		replaced: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_decoder_replaced_total", Help: "Decoder processes that were not used again, by reason: ended, tainted by a damaged picture, after many pictures, or for the memory that they kept.",
		}, []string{"reason"}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_decoder_ended_total", Help: "Decoder processes that ended while they had a picture, by reason: crash, memory, time, wall, stopped, garbage, cancelled, or machine.",
		}, []string{"reason"}),
		sandbox: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "calotype_decoder_sandbox", Help: "Whether a layer of the decoders' sandbox is in force.",
		}, []string{"layer"}),
		highest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "calotype_decoder_memory_highwater_bytes", Help: "The maximum memory seen in one decoder process.",
		}),
	}
	gauge := func(name, help string, read func() float64) {
		m.now = append(m.now, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "calotype_" + name, Help: help}, read))
	}
	gauge("decoders", "Decoder processes.", func() float64 { all, _ := p.count(); return float64(all) })
	gauge("decoders_idle", "Decoder processes without a picture.", func() float64 { _, idle := p.count(); return float64(idle) })
	gauge("decoder_memory_bytes", "The memory of all decoder processes; shared pages count in each.", func() float64 { return float64(p.resident()) })
	for _, reason := range []string{usedEnded, usedTainted, usedOld, usedGrown} {
		m.replaced.WithLabelValues(reason)
	}
	for _, reason := range []string{endCrash, endMemory, endTime, endWall, endStopped, endGarbage, endCancelled, endMachine} {
		m.ended.WithLabelValues(reason)
	}
	return m
}

// saw records the memory of a process.
func (m *metrics) saw(resident int64) {
	for peak := m.peak.Load(); resident > peak; peak = m.peak.Load() {
		if m.peak.CompareAndSwap(peak, resident) {
			m.highest.Set(float64(resident))
			return
		}
	}
}

func (m *metrics) collectors() []prometheus.Collector {
	return append([]prometheus.Collector{m.starts, m.replaced, m.ended, m.sandbox, m.highest}, m.now...)
}

// Describe and Collect make a pool a [prometheus.Collector].
func (p *Pool) Describe(to chan<- *prometheus.Desc) {
	for _, c := range p.metrics.collectors() {
		c.Describe(to)
	}
}

// Collect implements [prometheus.Collector].
func (p *Pool) Collect(to chan<- prometheus.Metric) {
	s := p.hello.Sandbox
	for layer, inForce := range map[string]bool{"no_new_privs": s.NoNewPrivs, "seccomp": s.Seccomp, "landlock": s.Landlock > 0} {
		value := 0.0
		if inForce {
			value = 1
		}
		p.metrics.sandbox.WithLabelValues(layer).Set(value)
	}
	for _, c := range p.metrics.collectors() {
		c.Collect(to)
	}
}
