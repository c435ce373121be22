package worker

import (
	"github.com/prometheus/client_golang/prometheus"

	"calotype/worker/failure"
	"calotype/worker/notify"
)

// metrics are a worker's counters and gauges. Labels have few values: no keys, no free text.
type metrics struct {
	jobs            *prometheus.CounterVec
	renditions      prometheus.Counter
	damaged         prometheus.Counter
	notifications   *prometheus.CounterVec
	bytesIn         prometheus.Counter
	bytesOut        prometheus.Counter
	stages          *prometheus.HistogramVec
	missToRendition prometheus.Histogram
	age             *prometheus.HistogramVec
	now             []prometheus.Collector // Read at each scrape.
}

// The stages of a job that are measured.
const (
	stageGet    = "get"
	stageRender = "render"
	stagePut    = "put"
)

// What becomes of a notification.
const (
	notifySent         = "sent"
	notifyQueued       = "queued"
	notifyDeadLettered = "dead-lettered"
)

func newMetrics(queues []*jobQueue, a *admission) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "calotype_" + name, Help: help})
	}
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "calotype_" + name, Help: help}, read)
	}
	m := &metrics{
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_jobs_total", Help: "Jobs by outcome, and rejected ones by the class of the failure.",
		}, []string{"outcome", "class"}),
		renditions: counter("renditions_total", "Renditions and copies of sources that were stored."),
		damaged:    counter("damaged_renditions_total", "Renditions of damaged pictures that were stored."),
		notifications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_notifications_total", Help: "Notifications by type and by result.",
		}, []string{"result", "type"}),
		bytesIn:  counter("source_bytes_total", "Bytes of sources that were read."),
		bytesOut: counter("rendition_bytes_total", "Bytes of renditions and copies of sources that were stored."),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "calotype_job_stage_seconds", Help: "Time a job spends getting its source, rendering (including waits for memory), and putting renditions.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120},
		}, []string{"stage"}),
		missToRendition: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "calotype_miss_to_rendition_seconds", Help: "Time from the first request for a rendition to the first rendition that its job stored.",
			Buckets: []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600},
		}),
		age: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "calotype_job_age_seconds", Help: "Time that a job waited in the queue until it was first received.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600},
		}, []string{"queue"}),
		now: []prometheus.Collector{
			gauge("memory_budget_bytes", "Memory budget for decoding.", func() float64 { return float64(a.budget) }),
			gauge("memory_budget_used_bytes", "Predicted memory of the pictures being decoded.", func() float64 { return float64(a.bytesUsed.Load()) }),
			gauge("jobs_waiting_for_memory", "Jobs that wait for memory or for the turn of a big picture.", func() float64 { return float64(a.waits.Load()) }),
		},
	}
	for _, q := range queues {
		gauge := func(name, help string, read func() float64) prometheus.Collector {
			return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "calotype_" + name, Help: help, ConstLabels: prometheus.Labels{"queue": q.name}}, read)
		}
		m.now = append(m.now,
			gauge("slots", "The maximum number of concurrent jobs of the queue.", func() float64 { return float64(q.slots.n) }),
			gauge("slots_used", "Slots that jobs hold.", func() float64 { return float64(q.slots.used.Load()) }))
		m.age.WithLabelValues(q.name)
	}
	m.start()
	return m
}

// start creates every series with value zero, because a series that first appears at 1
// shows no increase to Prometheus.
func (m *metrics) start() {
	for _, o := range []outcome{
		done, current, sourceMissing, remembered, retried, merged, deferred, interrupted, requeued, throttled, split, ignored, delivered, undelivered,
	} {
		m.jobs.WithLabelValues(string(o), "")
	}
	for class := range failure.Classes {
		m.jobs.WithLabelValues(string(rejected), class)
	}
	for _, t := range notify.Types() {
		for _, result := range []string{notifySent, notifyQueued, notifyDeadLettered} {
			m.notifications.WithLabelValues(result, string(t))
		}
	}
	for _, stage := range []string{stageGet, stageRender, stagePut} {
		m.stages.WithLabelValues(stage)
	}
}

// count counts an attempt.
func (m *metrics) count(a *attempt) {
	class := ""
	if a.outcome == rejected {
		class = a.failure.Class
	}
	m.jobs.WithLabelValues(string(a.outcome), class).Inc()
	m.renditions.Add(float64(a.renditions))
	m.damaged.Add(float64(a.damaged))
	if a.notified != "" {
		m.notifications.WithLabelValues(a.notifyResult(), string(a.notified)).Inc()
	}
	m.bytesIn.Add(float64(a.bytesIn))
	m.bytesOut.Add(float64(a.bytesOut))
	if a.getTime > 0 {
		m.stages.WithLabelValues(stageGet).Observe(a.getTime.Seconds())
	}
	if a.renderTime > 0 {
		m.stages.WithLabelValues(stageRender).Observe(a.renderTime.Seconds())
	}
	if a.putTime > 0 {
		m.stages.WithLabelValues(stagePut).Observe(a.putTime.Seconds())
	}
	if waited, ok := a.missToRendition(); ok {
		m.missToRendition.Observe(waited.Seconds())
	}
	if age, ok := a.age(); ok {
		m.age.WithLabelValues(a.queue.name).Observe(age.Seconds())
	}
}

func (m *metrics) collectors() []prometheus.Collector {
	return append([]prometheus.Collector{m.jobs, m.renditions, m.damaged, m.notifications, m.bytesIn, m.bytesOut, m.stages, m.missToRendition, m.age}, m.now...)
}

// Describe implements [prometheus.Collector].
func (w *Worker) Describe(to chan<- *prometheus.Desc) {
	for _, c := range w.metrics.collectors() {
		c.Describe(to)
	}
}

// Collect implements [prometheus.Collector].
func (w *Worker) Collect(to chan<- prometheus.Metric) {
	for _, c := range w.metrics.collectors() {
		c.Collect(to)
	}
}
