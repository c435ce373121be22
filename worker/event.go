package worker

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"calotype"
	"calotype/queue"
)

// jobsOf turns S3 events into jobs that reconcile each source that was created or removed.
// Keys under the prefix are our own writes and are ignored, as are keys without an image
// file extension.
func (w *Worker) jobsOf(events []calotype.Event, m queue.Message) []calotype.Job {
	var jobs []calotype.Job
	seen := map[string]bool{}
	for _, e := range events {
		own, isPicture := calotype.FormatOfKey(e.Key)
		if !e.Changes() || e.Bucket != w.bucket.Name() || !isPicture || w.Prefix.CheckSource(e.Key) != nil || seen[e.Key] {
			continue
		}
		seen[e.Key] = true
		jobs = append(jobs, calotype.Job{Source: e.Key, Variants: w.Presets.Variants(w.OnUpload, own), Reconcile: true, FirstSeen: m.Sent})
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

// reportEvery is the minimum time between two dead letters of one foreign sender.
const reportEvery = time.Hour

// sender identifies the sender of messages that are neither jobs nor S3 events: a topic, a
// source of EventBridge, or the message's own keys. It is empty for a job, which may be
// malformed but is not foreign.
func sender(body string) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &fields) != nil {
		return "text"
	}
	if _, isJob := fields["v"]; isJob {
		return ""
	}
	for _, name := range []string{"TopicArn", "source"} {
		var value string
		if json.Unmarshal(fields[name], &value) == nil && len(value) <= maxDetail && (name != "source" || fields["detail-type"] != nil) {
			return name + " " + value
		}
	}
	return "keys " + shortened(strings.Join(slices.Sorted(maps.Keys(fields)), " "))
}

// firstOfSender reports whether a rejected message needs a dead letter. A foreign sender
// gets one per [reportEvery]; one per upload would fill the dead-letter queue. It also
// returns a function that reverts this if the dead letter cannot be sent.
func (w *Worker) firstOfSender(a *attempt) (first bool, takeBack func()) {
	from := ""
	if a.job.Source == "" {
		from = sender(a.message.Body)
	}
	if from == "" {
		return true, func() {}
	}
	return w.foreign.add(from, time.Now().Add(reportEvery)), func() { w.foreign.forget(from) }
}
