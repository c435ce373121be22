package worker

import (
	"context"
	"errors"
	"slices"

	"calotype"
	"calotype/queue"
)

// jobsOf turns S3 events into jobs that reconcile each source that was created or removed.
// Keys under the prefix are our own writes and are ignored, as are keys without a
// picture's extension.
func (w *Worker) jobsOf(events []calotype.Event, m queue.Message) []calotype.Job {
	var jobs []calotype.Job
	seen := map[string]bool{}
	for _, e := range events {
		own, isPicture := calotype.FormatOfKey(e.Key)
		if !e.Changes() || e.Bucket != w.bucket.Name() || !isPicture || w.Prefix.CheckSource(e.Key) != nil || seen[e.Key] {
			continue
		}
		seen[e.Key] = true
		jobs = append(jobs, calotype.Job{Source: e.Key, Variants: calotype.VariantsOf(w.OnUpload, own), Reconcile: true, FirstSeen: m.Sent})
	}
	return jobs
}

// split sends each job of a message in a message of its own, and deletes the message. If a
// send fails, the message returns when its lease ends.
func (w *Worker) split(ctx context.Context, a *attempt, jobs []calotype.Job) error {
	a.outcome = split
	if len(jobs) == 0 {
		a.outcome = ignored
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), completeTimeout)
	defer cancel()
	for some := range slices.Chunk(jobs, queue.MaxBatch) {
		bodies := make([]string, len(some))
		for i, job := range some {
			bodies[i] = job.Encode()
		}
		if err := errors.Join(a.queue.SendBatch(ctx, bodies)...); err != nil {
			a.outcome = interrupted
			return err
		}
	}
	return w.delete(ctx, a)
}
