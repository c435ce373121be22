package worker

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"calotype/worker/render"
)

// metrics are what a worker counts. Labels have few values: no keys, no free text.
type metrics struct {
	jobs            *prometheus.CounterVec
	renditions      prometheus.Counter
	bytesIn         prometheus.Counter
	bytesOut        prometheus.Counter
	stages          *prometheus.HistogramVec
	missToRendition prometheus.Histogram
	age             *prometheus.HistogramVec
	now             []prometheus.Collector // Read when asked for.
}

// rejectClasses are all that there are.
var rejectClasses = []string{
	classMalformedJob, classUnknownVersion, classUnknownVariant, classForbidden,
	classRetriedTooLong, classPoison, classTooMuchMemory,
	render.ClassUnsupported, render.ClassCorrupt, render.ClassTooManyBytes,
	render.ClassTooManyPixels, render.ClassTooManyFrames, render.ClassTooSlow,
	render.ClassTooManyScans, render.ClassTooManyChunks, render.ClassTooManyChannels,
	render.ClassDerivedImages, render.ClassSizeMismatch,
}

// The stages of a job that take time.
const (
	stageGet    = "get"
	stageRender = "render"
	stagePut    = "put"
)

func newMetrics(lanes []*lane, r *room) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "calotype_" + name, Help: help})
	}
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "calotype_" + name, Help: help}, read)
	}
	m := &metrics{
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_jobs_total", Help: "Jobs that ended, by how, and for rejected ones by the class of the reason.",
		}, []string{"outcome", "class"}),
		renditions: counter("renditions_total", "Renditions and kept copies that were stored."),
		bytesIn:    counter("source_bytes_total", "Bytes of sources that were read."),
		bytesOut:   counter("rendition_bytes_total", "Bytes of renditions and kept copies that were stored."),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "calotype_job_stage_seconds", Help: "The time that a job took to get its source, to render (waiting for memory included) and to put.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120},
		}, []string{"stage"}),
		missToRendition: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "calotype_miss_to_rendition_seconds", Help: "From the first request for a rendition to the first rendition that its job stored.",
			Buckets: []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600},
		}),
		age: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "calotype_job_age_seconds", Help: "How long a job had waited in the queue when it was received for the first time.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600},
		}, []string{"lane"}),
		now: []prometheus.Collector{
			gauge("memory_budget_bytes", "The memory that decoding may take, as it is predicted.", func() float64 { return float64(r.allBytes) }),
			gauge("memory_budget_used_bytes", "The memory that decoding takes, as it is predicted.", func() float64 { return float64(r.bytesUsed.Load()) }),
			gauge("jobs_waiting_for_memory", "Jobs that wait for memory, or for the turn of a big picture.", func() float64 { return float64(r.waits.Load()) }),
			gauge("native_memory_bytes", "The memory that libvips holds.", func() float64 { return float64(render.NativeMemory().Bytes) }),
			gauge("native_memory_highwater_bytes", "The most memory that libvips has held.", func() float64 { return float64(render.NativeMemory().Highest) }),
			gauge("native_allocations", "The pieces of memory that libvips holds.", func() float64 { return float64(render.NativeMemory().Pieces) }),
		},
	}
	for _, l := range lanes {
		gauge := func(name, help string, read func() float64) prometheus.Collector {
			return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "calotype_" + name, Help: help, ConstLabels: prometheus.Labels{"lane": l.name}}, read)
		}
		m.now = append(m.now,
			gauge("slots", "Jobs that may run at once.", func() float64 { return float64(l.slots.n) }),
			gauge("slots_used", "Slots that jobs hold.", func() float64 { return float64(l.slots.used.Load()) }))
		m.age.WithLabelValues(l.name)
	}
	m.begin()
	return m
}

// begin makes everything there from the start, as zero: what appears with its first
// event has not increased, for whoever watches.
func (m *metrics) begin() {
	for _, o := range []outcome{done, current, gone, putOff, interrupted, unbegun, crowded, spread, ignored} {
		m.jobs.WithLabelValues(string(o), "")
	}
	for _, class := range append(rejectClasses, otherClass) {
		m.jobs.WithLabelValues(string(rejected), class)
	}
	for _, stage := range []string{stageGet, stageRender, stagePut} {
		m.stages.WithLabelValues(stage)
	}
}

// otherClass bounds the label, should a class come to be that is not listed.
const otherClass = "other"

// count counts what a report says.
func (m *metrics) count(r *report) {
	class := r.class
	if class != "" && !slices.Contains(rejectClasses, class) {
		class = otherClass
	}
	m.jobs.WithLabelValues(string(r.outcome), class).Inc()
	m.renditions.Add(float64(r.renditions))
	m.bytesIn.Add(float64(r.bytesIn))
	m.bytesOut.Add(float64(r.bytesOut))
	if r.get > 0 {
		m.stages.WithLabelValues(stageGet).Observe(r.get.Seconds())
	}
	if r.render > 0 {
		m.stages.WithLabelValues(stageRender).Observe(r.render.Seconds())
	}
	if r.put > 0 {
		m.stages.WithLabelValues(stagePut).Observe(r.put.Seconds())
	}
	if r.waitedFor() {
		m.missToRendition.Observe(r.firstStored.Seconds())
	}
	if age, ok := r.age(); ok {
		m.age.WithLabelValues(r.lane.name).Observe(age.Seconds())
	}
}

func (m *metrics) collectors() []prometheus.Collector {
	return append([]prometheus.Collector{m.jobs, m.renditions, m.bytesIn, m.bytesOut, m.stages, m.missToRendition, m.age}, m.now...)
}

// Describe and Collect make a worker a [prometheus.Collector] of its metrics.
func (w *Worker) Describe(to chan<- *prometheus.Desc) {
	for _, c := range w.metrics.collectors() {
		c.Describe(to)
	}
}

// Collect says how things stand.
func (w *Worker) Collect(to chan<- prometheus.Metric) {
	for _, c := range w.metrics.collectors() {
		c.Collect(to)
	}
}
