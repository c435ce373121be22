package origin

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"calotype/edge"
)

// metrics are what an origin counts.
type metrics struct {
	answers  *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	enqueues *prometheus.CounterVec
}

// What an answer is, for who watches: the states that viewers are told, and the rest.
const (
	answeredRendition = "rendition"
	answeredKept      = "kept"
	answeredPending   = "pending"
	answeredUntouched = "untouched"
	answeredNotFound  = "not-found"
	answeredRefused   = "refused" // Another method, or a range that is not there.
	answeredError     = "error"
	answeredNobody    = "nobody" // The viewer left before there was an answer.
)

var answerStates = []string{
	answeredRendition, answeredKept, answeredPending, answeredUntouched,
	answeredNotFound, answeredRefused, answeredError, answeredNobody,
}

// What becomes of a job that is to be sent.
const (
	enqueuedSent       = "sent"
	enqueuedRemembered = "remembered" // It was sent a moment ago.
	enqueuedFailed     = "failed"
)

func newMetrics() *metrics {
	m := &metrics{
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_answers_total", Help: "Answers by what they were.",
		}, []string{"state"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "calotype_answer_seconds", Help: "From a request to the headers of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"state"}),
		enqueues: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_enqueues_total", Help: "Jobs that were to be sent, by what became of them.",
		}, []string{"result"}),
	}
	for _, state := range answerStates { // There from the start, as zero.
		m.answers.WithLabelValues(state)
		m.seconds.WithLabelValues(state)
	}
	for _, result := range []string{enqueuedSent, enqueuedRemembered, enqueuedFailed} {
		m.enqueues.WithLabelValues(result)
	}
	return m
}

func (m *metrics) enqueued(result string) { m.enqueues.WithLabelValues(result).Inc() }

// watch counts an answer, by the headers that are written to what it returns. The
// answer is over when done is called.
func (m *metrics) watch(w http.ResponseWriter) (_ http.ResponseWriter, done func()) {
	a := &watched{ResponseWriter: w, began: time.Now(), state: answeredNobody}
	return a, func() {
		if a.took == 0 {
			a.took = time.Since(a.began)
		}
		m.answers.WithLabelValues(a.state).Inc()
		m.seconds.WithLabelValues(a.state).Observe(a.took.Seconds())
	}
}

// watched is a [http.ResponseWriter] that looks at the headers. [http.NewResponseController]
// finds what is below it.
type watched struct {
	http.ResponseWriter
	began time.Time
	state string
	took  time.Duration
}

func (a *watched) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *watched) Write(p []byte) (int, error) {
	a.look(http.StatusOK)
	return a.ResponseWriter.Write(p)
}

func (a *watched) WriteHeader(status int) {
	a.look(status)
	a.ResponseWriter.WriteHeader(status)
}

func (a *watched) look(status int) {
	if a.took > 0 {
		return
	}
	a.took = max(1, time.Since(a.began))
	a.state = stateOf(status, a.Header().Get(edge.StateHeader))
}

func stateOf(status int, told string) string {
	switch {
	case status >= http.StatusInternalServerError:
		return answeredError
	case status == http.StatusNotFound:
		return answeredNotFound
	case status >= http.StatusBadRequest && status != http.StatusPreconditionFailed:
		return answeredRefused
	}
	switch told {
	case edge.StateRendition:
		return answeredRendition
	case edge.StateKept:
		return answeredKept
	case edge.StatePending:
		return answeredPending
	}
	return answeredUntouched
}

// Describe and Collect make an origin a [prometheus.Collector] of its metrics.
func (o *Origin) Describe(to chan<- *prometheus.Desc) {
	for _, c := range o.metrics.collectors() {
		c.Describe(to)
	}
}

// Collect says how things stand.
func (o *Origin) Collect(to chan<- prometheus.Metric) {
	for _, c := range o.metrics.collectors() {
		c.Collect(to)
	}
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.answers, m.seconds, m.enqueues}
}
