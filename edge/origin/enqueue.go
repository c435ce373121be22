package origin

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"calotype"
	"calotype/edge"
)

// enqueue sends the job in the background, unless it was sent a moment ago or the budget
// is used up. The viewer neither waits for it nor can cancel it.
func (o *Origin) enqueue(r *http.Request, d edge.Decision, upgrade bool) {
	now, jobs := time.Now(), o.jobs
	if upgrade {
		jobs = cmp.Or(o.lowJobs, jobs)
	}
	if !o.dedupe.AddJob(d.Rendition, upgrade, now) {
		o.metrics.enqueued(enqueueDuplicate)
		return
	}
	if !o.budget.Take(d.Source, o.limits, now) {
		o.dedupe.RemoveJob(d.Rendition, upgrade)
		o.metrics.enqueued(enqueueOverBudget)
		if last := o.budgetLogged.Load(); now.Unix()-last >= 60 && o.budgetLogged.CompareAndSwap(last, now.Unix()) {
			o.log.Warn().Str("source", d.Source).Msg("job budget used up")
		}
		return
	}
	job, ctx := d.Job(upgrade, requestID(r)), context.WithoutCancel(r.Context())
	o.sends.Go(func() { // The request must not be used after the handler returns.
		ctx, cancel := context.WithTimeout(ctx, o.bucket.timeouts.enqueue)
		defer cancel()
		if err := jobs.Send(ctx, job.Encode(), 0); err != nil {
			o.dedupe.RemoveJob(d.Rendition, upgrade) // The next view tries again.
			o.metrics.enqueued(enqueueFailed)
			if failures, log := o.queue.failed(err); log {
				o.log.Error().Err(err).Str("source", d.Source).Str("variant", requested(job)).Str("request", job.Request).
					Int("failures", failures).Msg("enqueue")
			}
			return
		}
		if length, _, log := o.queue.succeeded(); log {
			o.log.Info().Int64("ms", length.Milliseconds()).Msg("queue responds")
		}
		o.metrics.enqueued(enqueueSent)
		o.log.Info().Str("source", d.Source).Str("variant", requested(job)).Str("request", job.Request).Msg("enqueue")
	})
}

// requested returns what a job is for, in logs.
func requested(job calotype.Job) string {
	if job.Info {
		return "info"
	}
	return job.Variants[0].String()
}

// requestID returns the id that the CDN or load balancer gave the request, or a new one.
// It links the logs of edge and worker.
func requestID(r *http.Request) string {
	const maxLength = 128
	for _, name := range []string{"X-Amz-Cf-Id", "X-Request-Id", "X-Amzn-Trace-Id"} {
		if id := r.Header.Get(name); id != "" && len(id) <= maxLength {
			return id
		}
	}
	return rand.Text()
}
