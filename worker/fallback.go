package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"calotype"
	"calotype/queue"
	"calotype/worker/failure"
	"calotype/worker/render"
	"calotype/worker/store"
)

// A failure is remembered for the source's version, so that it costs one decode and one
// dead letter, whatever variants viewers request. Fallback copies record it under the
// requested keys, and a marker object records it for every other variant. If the store
// accepts neither, this worker remembers it for rememberFor.

const rememberFor = time.Hour

// permanent returns the failure for which the job is rejected. It returns nil if the error
// is retried, or if it is about this worker and not about the job.
func (p *publication) permanent(ctx context.Context, err error) *failure.Failure {
	var f *failure.Failure
	switch {
	case err == nil, ctx.Err() != nil, aboutWorker(err):
		return nil
	case errors.As(err, &f):
		return f
	case failure.KindOf(err) == failure.Unknown:
		return exhausted(p.job, err)
	}
	return nil
}

// aboutWorker reports whether an error concerns the worker's control flow and not the job.
func aboutWorker(err error) bool {
	for _, e := range []error{errBigSlotTaken, errThrottled, errChanged, store.ErrConflict, queue.ErrLeaseLost, errTooLong, errShutdownTimeout} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// sourceFailure returns the failure of the source as a whole, which produce does not handle.
func (p *publication) sourceFailure(err error) *failure.Failure {
	var f *failure.Failure
	if aboutWorker(err) || !errors.As(err, &f) {
		return nil
	}
	return f
}

// failSource rejects the job for a failure that no fallback copy can mark: the source
// cannot be read, or nothing can be written.
func (p *publication) failSource(ctx context.Context, f *failure.Failure) error {
	p.announcedFailure = f
	if _, known := p.worker.failedVersions.recall(failedKey(p.job.Source, p.source.ETag)); known && !p.job.Again {
		p.end(remembered)
		return nil
	}
	if err := p.deadLetter(ctx, f); err != nil {
		return err
	}
	return p.remember(ctx, f)
}

// fallBack dead-letters the job for a failure and then puts copies of the source under the
// requested keys. Siblings get none.
func (p *publication) fallBack(ctx context.Context, targets []target, f *failure.Failure) error {
	p.announcedFailure = f
	if err := p.deadLetter(ctx, f); err != nil {
		return err
	}
	if err := p.putCopies(ctx, targets, f.Class); err != nil {
		return err
	}
	if f.Class == failure.UnknownVariant {
		return nil // The source is sound.
	}
	return p.remember(ctx, f)
}

// deadLetter sends the job to the dead-letter queue, unless it has its dead letter.
func (p *publication) deadLetter(ctx context.Context, f *failure.Failure) error {
	if p.outcome = rejected; p.failure == nil {
		p.failure = f
	}
	if p.job.DeadLettered {
		return nil
	}
	key := failedKey(p.job.Source, p.source.ETag)
	if err := p.worker.deadLetter(ctx, p.message, p.job, f); err != nil {
		if f.Class != failure.UnknownVariant { // The source is sound.
			p.worker.unsent.remember(key, f, time.Now().Add(rememberFor))
		}
		return failure.MarkTransient(err)
	}
	p.worker.unsent.forget(key)
	p.job.DeadLettered, p.deadLettered = true, true
	return nil
}

// putCopies puts the source's bytes under the keys of the requested targets. It skips a
// copy that the store refuses.
func (p *publication) putCopies(ctx context.Context, targets []target, class string) error {
	first := make([]byte, 64<<10) // More than a header of any format needs.
	n, err := p.body.Reader().ReadAt(first, 0)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read the source: %w", err)
	}
	contentType := "application/octet-stream" // Browsers do not run it on the pictures' host.
	if format, ok := render.Sniff(first[:n]); ok {
		contentType = format.ContentType()
	}
	o := store.Object{
		ContentType: contentType, Encoding: asHeader(p.source.Encoding, ""), Disposition: asHeader(p.source.Disposition, "attachment"),
		CacheControl: p.worker.FallbackCacheControl,
	}
	for _, t := range targets {
		if !t.requested {
			continue
		}
		lineage := calotype.Lineage{
			SourceETag: p.source.ETag,
			Recipe:     calotype.Recipe{Boxes: t.preset.Signature(), Encoder: p.worker.Engine.Encoder()},
			CopyReason: class,
		}
		err = p.writeBy(ctx, t, p.body.Size(), o, lineage, func(o store.Object) error {
			_, err := p.worker.bucket.PutFrom(ctx, t.key, p.body.Reader(), o, t.existing.ETag)
			return err
		})
		if err != nil && failure.KindOf(err) != failure.Permanent {
			return err
		}
	}
	return nil
}

// asHeader returns a header's value if it can be sent, or else other. A store may hold
// bytes that no request can be signed with, and each retry would fail the same way.
func asHeader(value, other string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return other
	}
	return value
}

func failedKey(source, etag string) string { return etag + " " + source }

// findMarker looks up the marker.
func (p *publication) findMarker(ctx context.Context) (err error) {
	key, ok := p.worker.Prefix.FailureKey(p.job.Source)
	if !ok {
		return nil
	}
	p.marker, err = p.worker.bucket.Head(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// deleteMarker deletes the marker that was found.
func (p *publication) deleteMarker(ctx context.Context) error {
	key, _ := p.worker.Prefix.FailureKey(p.job.Source)
	return p.worker.bucket.Delete(ctx, key, p.marker.ETag)
}

// remember records the failure of the source's version in the marker or else in memory.
func (p *publication) remember(ctx context.Context, f *failure.Failure) error {
	if err := p.failInfo(ctx, f.Class); err != nil && !errors.Is(err, store.ErrConflict) { // Another worker wrote one.
		return err
	}
	body, err := json.Marshal(map[string]string{"class": f.Class, "detail": f.Detail})
	if err != nil {
		return err
	}
	key, ok := p.worker.Prefix.FailureKey(p.job.Source)
	if ok && p.source.ETag != "" { // Otherwise the version is unknown.
		lineage := calotype.Lineage{SourceETag: p.source.ETag, Recipe: calotype.Recipe{Encoder: p.worker.Engine.Encoder()}, CopyReason: f.Class}
		o := store.Object{ContentType: "application/json", Metadata: lineage.Metadata()}
		_, err = p.worker.bucket.Put(ctx, key, body, o, p.marker.ETag)
		if err == nil || errors.Is(err, store.ErrConflict) { // Another worker wrote one.
			return p.verifyReadable(ctx)
		}
	}
	p.worker.failedVersions.remember(failedKey(p.job.Source, p.source.ETag), f, time.Now().Add(rememberFor))
	return nil
}

// verifyReadable verifies a source that is known to be unreadable.
func (p *publication) verifyReadable(ctx context.Context) error {
	err := p.verify(ctx)
	if failure.KindOf(err) == failure.Permanent {
		return nil
	}
	return err
}

// recall reports whether the job is finished because this version of the source failed
// before. It puts missing fallback copies. A replay ignores the failure, and so does a
// backfill if the failed attempt used another encoder.
func (p *publication) recall(ctx context.Context) (finished bool, err error) {
	if p.outcome == rejected {
		return false, nil // This job records the failure itself and starts over.
	}
	if err := p.findMarker(ctx); err != nil {
		return false, err
	}
	memory := failedKey(p.job.Source, p.source.ETag)
	if p.job.Again {
		p.worker.failedVersions.forget(memory)
		if p.marker.ETag == "" {
			return false, nil
		}
		err := p.deleteMarker(ctx)
		p.marker = store.Object{}
		return false, err
	}
	lineage, class := calotype.ParseLineage(p.marker.Metadata), ""
	if lineage.SourceETag == calotype.TrimETag(p.source.ETag) && (!p.job.Exact || lineage.Recipe.Encoder == p.worker.Engine.Encoder()) {
		class = lineage.CopyReason
	} else if f, ok := p.worker.failedVersions.recall(memory); ok {
		class = f.Class
	}
	if class == "" || p.job.DeadLettered {
		return false, nil
	}
	p.announcedFailure = &failure.Failure{Class: class}
	p.end(remembered)
	described := p.info.wanted
	if err := p.failInfo(ctx, class); err != nil {
		return false, err
	}
	if failure.Classes[class] == failure.Permanent || class == failure.TooManyBytes {
		if described {
			return true, p.verifyReadable(ctx)
		}
		return true, nil
	}
	if err := p.read(ctx); err != nil {
		return false, err
	}
	if err := p.putCopies(ctx, p.stale(), class); err != nil {
		return false, err
	}
	return true, p.verify(ctx)
}

// removeOldMarker deletes the marker of an older version. If that fails, the marker stays
// and is ignored.
func (p *publication) removeOldMarker(ctx context.Context) {
	if p.marker.ETag != "" && p.outcome != rejected {
		_ = p.deleteMarker(ctx)
	}
}
