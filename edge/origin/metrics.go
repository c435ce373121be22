package origin

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"calotype/edge"
)

// metrics are the metrics of an origin.
type metrics struct {
	responses *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
	enqueues  *prometheus.CounterVec
	failures  *prometheus.CounterVec
}

// The values of the state label: those of X-Calotype, and what has none.
const (
	stateRendition = "rendition"
	stateKept      = "kept"
	stateNearest   = "nearest"   // Another rendition of the picture.
	statePending   = "pending"   // The original, or a 202 or 404 in its place.
	stateUntouched = "untouched" // Whatever was not understood.
	stateInfo      = "info"      // A description of the picture.
	stateNotFound  = "not-found"
	stateRefused   = "refused" // Another method, or a range beyond the end.
	stateError     = "error"
	stateCut       = "cut"      // The store's bytes ended within the response.
	stateCanceled  = "canceled" // The viewer left before the headers were written.
)

var states = []string{
	stateRendition, stateKept, stateNearest, statePending, stateUntouched,
	stateInfo, stateNotFound, stateRefused, stateError, stateCut, stateCanceled,
}

// The values of the result label of an enqueue.
const (
	enqueueSent       = "sent"
	enqueueDuplicate  = "duplicate" // Sent in the last minute.
	enqueueOverBudget = "over-budget"
	enqueueFailed     = "failed"
)

// The values of the kind label of a store's failure.
const (
	failureRefused   = "refused" // The credentials.
	failureThrottled = "throttled"
	failureTimeout   = "timeout"
	failureInvalid   = "invalid" // The response is not an object's.
	failureOther     = "other"
)

func newMetrics() *metrics {
	m := &metrics{
		responses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_responses_total", Help: "Responses by their state.",
		}, []string{"state"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "calotype_response_seconds", Help: "From a request to the headers of its response.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"state"}),
		enqueues: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_enqueues_total", Help: "Jobs to enqueue, by result.",
		}, []string{"result"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_store_failures_total", Help: "Failed calls to the store, by kind. A missing object is not a failure.",
		}, []string{"kind"}),
	}
	// A series that first appears at 1 shows no increase to Prometheus.
	for _, state := range states {
		m.responses.WithLabelValues(state)
		m.seconds.WithLabelValues(state)
	}
	for _, result := range []string{enqueueSent, enqueueDuplicate, enqueueOverBudget, enqueueFailed} {
		m.enqueues.WithLabelValues(result)
	}
	for _, kind := range []string{failureRefused, failureThrottled, failureTimeout, failureInvalid, failureOther} {
		m.failures.WithLabelValues(kind)
	}
	return m
}

func (m *metrics) enqueued(result string) { m.enqueues.WithLabelValues(result).Inc() }

// observe wraps a response writer. done counts the response, by the headers written to
// the wrapper.
func (m *metrics) observe(w http.ResponseWriter) (_ *response, done func()) {
	r := &response{ResponseWriter: w, started: time.Now(), state: stateCanceled}
	return r, func() {
		if r.took == 0 {
			r.took = time.Since(r.started)
		}
		if r.cut {
			r.state = stateCut
		}
		m.responses.WithLabelValues(r.state).Inc()
		m.seconds.WithLabelValues(r.state).Observe(r.took.Seconds())
	}
}

// response is a [http.ResponseWriter] that observes the headers. It implements Unwrap
// for [http.NewResponseController].
type response struct {
	http.ResponseWriter
	started time.Time
	state   string
	took    time.Duration
	cut     bool
}

func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *response) Write(p []byte) (int, error) {
	r.observe(http.StatusOK)
	return r.ResponseWriter.Write(p)
}

// copied are buffers for bodies: without them every response would allocate one.
var copied = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// ReadFrom implements [io.ReaderFrom], which [http.ServeContent] uses.
func (r *response) ReadFrom(body io.Reader) (int64, error) {
	buffer := copied.Get().(*[64 << 10]byte)
	defer copied.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{r}, body, buffer[:])
}

func (r *response) WriteHeader(status int) {
	r.observe(status)
	r.ResponseWriter.WriteHeader(status)
}

func (r *response) observe(status int) {
	if r.took > 0 {
		return
	}
	r.took = max(1, time.Since(r.started))
	r.state = stateOf(status, r.Header().Get(edge.StateHeader))
	if r.state == statePending || r.state == stateNearest {
		// A cache that fetches ranges would join parts of the original and the rendition.
		r.Header().Del("Accept-Ranges")
	}
}

func stateOf(status int, header string) string {
	switch {
	case status >= http.StatusInternalServerError:
		return stateError
	case status == http.StatusNotFound && header == edge.StateHidden:
		return statePending
	case status == http.StatusNotFound:
		return stateNotFound
	case status >= http.StatusBadRequest && status != http.StatusPreconditionFailed:
		return stateRefused
	}
	if edge.IsNearest(header) {
		return stateNearest
	}
	switch header {
	case edge.StateRendition:
		return stateRendition
	case edge.StateKept:
		return stateKept
	case edge.StatePending, edge.StateInfoPending:
		return statePending
	case edge.StateInfo:
		return stateInfo
	}
	return stateUntouched
}

// Describe implements [prometheus.Collector].
func (o *Origin) Describe(to chan<- *prometheus.Desc) {
	for _, c := range o.metrics.collectors() {
		c.Describe(to)
	}
}

// Collect implements [prometheus.Collector].
func (o *Origin) Collect(to chan<- prometheus.Metric) {
	for _, c := range o.metrics.collectors() {
		c.Collect(to)
	}
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.responses, m.seconds, m.enqueues, m.failures}
}
