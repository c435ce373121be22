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

// SQS is asked how much a queue holds when somebody wants to know, for so long at
// most, and not again for a while: it counts approximately, and a call is paid for.
const (
	countPatience = 2 * time.Second
	countLife     = 15 * time.Second
)

// depth is a collector of what queues hold. Where SQS does not say, there are no
// samples but that of the failure.
type depth struct {
	queues   map[string]*queue.Queue
	messages *prometheus.Desc
	failures *prometheus.CounterVec

	mu     sync.Mutex
	at     time.Time
	counts map[string]queue.Count // Without those that failed.
}

func newDepth(queues map[string]*queue.Queue) *depth {
	d := &depth{
		queues: queues,
		messages: prometheus.NewDesc("calotype_queue_messages",
			"What a queue holds, approximately: visible (can be received), leased, delayed.", []string{"queue", "state"}, nil),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "calotype_queue_count_failures_total", Help: "How often SQS did not say what a queue holds.",
		}, []string{"queue"}),
	}
	for name := range queues {
		d.failures.WithLabelValues(name)
	}
	return d
}

// named are a worker's queues by the names that they have in metrics and logs.
func named(q worker.Queues) map[string]*queue.Queue {
	queues := map[string]*queue.Queue{"jobs": q.Jobs, "events": q.Events, "backfill": q.Backfill, "dead": q.Dead}
	maps.DeleteFunc(queues, func(_ string, q *queue.Queue) bool { return q == nil })
	return queues
}

// Describe and Collect make it a [prometheus.Collector].
func (d *depth) Describe(to chan<- *prometheus.Desc) {
	to <- d.messages
	d.failures.Describe(to)
}

// Collect tells what is known, or asks.
func (d *depth) Collect(to chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.at) > countLife {
		d.ask()
	}
	for name, count := range d.counts {
		for state, n := range map[string]int{"visible": count.Visible, "leased": count.Leased, "delayed": count.Delayed} {
			to <- prometheus.MustNewConstMetric(d.messages, prometheus.GaugeValue, float64(n), name, state)
		}
	}
	d.failures.Collect(to)
}

// ask counts all queues, side by side.
func (d *depth) ask() {
	ctx, cancel := context.WithTimeout(context.Background(), countPatience)
	defer cancel()
	counts := make(map[string]queue.Count, len(d.queues))
	var mu sync.Mutex
	var asking sync.WaitGroup
	for name, q := range d.queues {
		asking.Go(func() {
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
	asking.Wait()
	d.at, d.counts = time.Now(), counts
}
