package worker

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"calotype"
	"calotype/internal/backoff"
	"calotype/worker/failure"
	"calotype/worker/notify"
)

// A job that ends is announced after its renditions, its dead letter and its fallback copies
// are stored, and before its message is deleted. A worker that is killed in between leaves
// the message, whose next receiver finds everything stored and announces it. What the bus
// does not accept is sent to the job's queue as a job of its own before the message is
// deleted.

// deliverFor is how long a notification is retried before it is dead-lettered, and
// deliverRefusedFor the same while the bus refuses it until an operator acts.
const (
	deliverFor        = 24 * time.Hour
	deliverRefusedFor = time.Hour
)

// errNoBus is the error of a worker without a bus that receives a notification: other
// workers of the queue may have one.
var errNoBus = errors.New("this worker has no --notify")

// conclude announces how the job ended, and deletes the message.
func (w *Worker) conclude(ctx context.Context, a *attempt) error {
	if n, ok := a.notification(); ok && w.Notify != nil {
		a.notified = n.Type
		body := n.Encode()
		if err := w.Notify(ctx, body); err != nil {
			a.notifyErr = err
			job := calotype.Job{Source: a.job.Source, Notification: body, FirstSeen: n.Time}
			q, delay := w.untilNextDelivery(a, err)
			if err := q.Send(ctx, job.Encode(), delay); err != nil {
				return err // The message returns by itself when its lease ends.
			}
		}
	}
	return w.delete(ctx, a)
}

// notification returns the notification of the attempt. It is false if the job did not end
// with it, or if there is nothing to announce: the message had no source, or the job asked
// for nothing.
func (a *attempt) notification() (n notify.Notification, ok bool) {
	n = notify.Notification{
		Version: notify.Version, ID: a.message.ID, Time: time.Now().UTC().Truncate(time.Millisecond), Bucket: a.worker.bucket.Name(), Key: a.job.Source,
		ETag: a.etag, Variants: a.variants, Request: a.job.Request,
	}
	switch {
	case a.job.Source == "" || a.job.Notification != nil || a.outcome == ignored:
		return n, false
	case a.announcedFailure != nil:
		n.Type, n.Reason = notify.Failed, &notify.Reason{Class: a.announcedFailure.Class, Detail: a.announcedFailure.Detail}
	case a.missing:
		n.Type, n.ETag = notify.Removed, ""
	case len(a.variants) == 0:
		return n, false
	case a.damagedSource:
		n.Type = notify.Damaged
	default:
		n.Type = notify.Ready
	}
	if a.announcedFailure == nil && !a.missing {
		n.ThumbHash = a.thumbHash
	}
	return n, true
}

// deliver sends a notification that waited in the queue.
func (w *Worker) deliver(ctx context.Context, a *attempt) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), completeTimeout)
	defer cancel()
	a.outcome, a.notified, a.notifyErr = delivered, notify.TypeOf(a.job.Notification), errNoBus
	if w.Notify != nil {
		a.notifyErr = w.Notify(ctx, a.job.Notification)
	}
	if a.notifyErr == nil {
		return w.delete(ctx, a)
	}
	age := time.Since(a.job.FirstSeen)
	var refused *failure.Failure
	switch {
	case errors.As(a.notifyErr, &refused) && age > deliverRefusedFor:
		return w.reject(ctx, a, failure.New(refused.Class, "refused for %v: %s", age.Round(time.Minute), shortened(refused.Detail)))
	case age > deliverFor:
		return w.reject(ctx, a, failure.New(failure.Undelivered, "not accepted for %v; the last error: %s", age.Round(time.Hour), shortened(a.notifyErr.Error())))
	}
	a.outcome = undelivered
	q, delay := w.untilNextDelivery(a, a.notifyErr)
	a.job.Attempt++
	return errors.Join(a.notifyErr, w.resendTo(ctx, a, q, delay))
}

// untilNextDelivery returns where a notification that the bus did not accept waits, and how
// long. While the bus refuses all of them until an operator acts, they wait longest, and in
// the queue where they delay the fewest jobs.
func (w *Worker) untilNextDelivery(a *attempt, err error) (*jobQueue, time.Duration) {
	if failure.KindOf(err) != failure.Permanent {
		return a.queue, backoff.Delay(a.job.Attempt+1, firstRetry, maxRetry)
	}
	for _, q := range w.queues {
		if q.name == backfillQueue {
			return q, backoff.Jitter(maxRetry)
		}
	}
	return a.queue, backoff.Jitter(maxRetry)
}

// notifyResult is what became of the attempt's notification.
func (a *attempt) notifyResult() string {
	switch {
	case a.notifyErr == nil:
		return notifySent
	case a.job.Notification != nil && a.outcome == rejected:
		return notifyDeadLettered
	}
	return notifyQueued
}

// announced holds what a notification reports about a publication: about its last start,
// because earlier ones were for another version.
type announced struct {
	missing          bool             // The source does not exist.
	announcedFailure *failure.Failure // Of this job, or of an earlier one for the same version.
	etag             string           // The source's version, without quotes.
	variants         []notify.Variant
	damagedSource    bool
}

// announce records the renditions that are current when the publication ends.
func (p *publication) announce() {
	p.etag = calotype.TrimETag(p.source.ETag)
	for _, t := range p.targets {
		o, stored := p.stored[t.key]
		if !stored {
			if o = t.existing; o.ETag == "" || p.isStale(t) {
				continue
			}
		}
		lineage := calotype.ParseLineage(o.Metadata)
		if lineage.IsFallback() {
			if p.announcedFailure == nil && t.requested {
				p.announcedFailure = &failure.Failure{Class: lineage.CopyReason}
			}
			continue
		}
		p.damagedSource = p.damagedSource || lineage.Damaged
		p.variants = append(p.variants, notify.Variant{
			Name: t.variant.String(), Width: lineage.Size.Width, Height: lineage.Size.Height, Bytes: o.Size, Type: o.ContentType,
		})
	}
}

// Notify announces how a job ended. It returns within seconds.
type Notify func(ctx context.Context, notification json.RawMessage) error
