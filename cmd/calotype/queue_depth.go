package main

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"calotype/queue"
	"calotype/worker"
)

// A scrape counts the queues within countTimeout. Counts are cached for countLife, since
// they are approximate and each call costs money.
const (
	countTimeout = 2 * time.Second
	countLife    = 15 * time.Second
)

// queueDepth collects the number of messages in each queue. A queue that cannot be counted
// has only the failure's sample.
type queueDepth struct {
	queues   map[string]*queue.Queue
	messages *prometheus.Desc
	failures *prometheus.CounterVec

	mu     sync.Mutex
	at     time.Time
	counts map[string]queue.Count // Without the queues that failed.
}

func newQueueDepth(queues map[string]*queue.Queue) *queueDepth {
	d := &queueDepth{
		queues: queues,
		messages: prometheus.NewDesc("calotype_queue_messages",
			"The approximate number of messages in a queue: visible (can be received), leased, delayed.", []string{"queue", "state"}, nil),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_queue_count_failures_total", Help: "Failed calls to count the messages in a queue.",
		}, []string{"queue"}),
	}
	for name := range queues {
		d.failures.WithLabelValues(name)
	}
	return d
}

// named returns a worker's queues, keyed by their names in metrics and logs.
func named(q worker.Queues) map[string]*queue.Queue {
	queues := map[string]*queue.Queue{"jobs": q.Jobs, "events": q.Events, "backfill": q.Backfill, "dead": q.Dead}
	maps.DeleteFunc(queues, func(_ string, q *queue.Queue) bool { return q == nil })
	return queues
}

// Describe implements [prometheus.Collector].
func (d *queueDepth) Describe(to chan<- *prometheus.Desc) {
	to <- d.messages
	d.failures.Describe(to)
}

// Collect implements [prometheus.Collector].
func (d *queueDepth) Collect(to chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.at) > countLife {
		d.count()
	}
	for name, count := range d.counts {
		for state, n := range map[string]int{"visible": count.Visible, "leased": count.Leased, "delayed": count.Delayed} {
			to <- prometheus.MustNewConstMetric(d.messages, prometheus.GaugeValue, float64(n), name, state)
		}
	}
	d.failures.Collect(to)
}

// count counts all queues concurrently.
func (d *queueDepth) count() {
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	counts := make(map[string]queue.Count, len(d.queues))
	var mu sync.Mutex
	var counting sync.WaitGroup
	for name, q := range d.queues {
		counting.Go(func() {
			count, err := q.Count(ctx)
			if err != nil {
				d.failures.WithLabelValues(name).Inc()
				return
			}
			mu.Lock()
			defer mu.Unlock()
			counts[name] = count
		})
	}
	counting.Wait()
	d.at, d.counts = time.Now(), counts
}
