package worker

import (
	"context"
	"errors"
	"slices"

	"calotype"
	"calotype/queue"
)

// jobsOf makes jobs of what S3 tells: to look at each source that was put or removed,
// and at its renditions. What is under the prefix is our own doing, and what is not
// named like a picture has no renditions.
func (w *Worker) jobsOf(events []calotype.Event, m queue.Message) []calotype.Job {
	var jobs []calotype.Job
	told := map[string]bool{}
	for _, e := range events {
		own, isPicture := calotype.FormatOfKey(e.Key)
		if !e.Changes() || e.Bucket != w.bucket.Name() || !isPicture || w.Prefix.CheckSource(e.Key) != nil || told[e.Key] {
			continue
		}
		told[e.Key] = true
		jobs = append(jobs, calotype.Job{Source: e.Key, Variants: calotype.VariantsOf(w.OnUpload, own), Reconcile: true, FirstSeen: m.Sent})
	}
	return jobs
}

// spread sends each job of a message in one of its own, and deletes the message. What
// fails of it is left to the message, which returns by itself when its lease ends.
func (w *Worker) spread(ctx context.Context, r *report, jobs []calotype.Job) error {
	r.outcome = spread
	if len(jobs) == 0 {
		r.outcome = ignored
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	for some := range slices.Chunk(jobs, queue.MaxBatch) {
		bodies := make([]string, len(some))
		for i, job := range some {
			bodies[i] = job.Encode()
		}
		if err := errors.Join(r.lane.SendBatch(ctx, bodies)...); err != nil {
			r.outcome = interrupted
			return err
		}
	}
	return w.delete(ctx, r)
}
