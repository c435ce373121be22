package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"calotype"
	"calotype/worker/failure"
	"calotype/worker/render"
	"calotype/worker/store"
)

// mostStarts is how often a job starts over, in a row, because the source or a
// rendition changed under it.
const mostStarts = 5

// errChanged is why a job starts over: the source is another one by now, or gone.
var errChanged = errors.New("source replaced or removed")

// publish brings the job's renditions up to date with the source. For a fault of the
// picture the job is buried, before copies are kept in the renditions' places.
//
// An older version never replaces a newer one, and a source that is removed leaves
// nothing behind, whatever other workers do at the same time: every write has the
// condition that what was seen before the source was read is still there, and
// after the writes the source is looked at once more.
func (w *Worker) publish(ctx context.Context, report *report, place *place) error {
	defer func() {
		if report.changed && w.Invalidate != nil && !report.job.Exact {
			w.Invalidate(report.job.Source)
		}
	}()
	for range mostStarts {
		p := publication{worker: w, job: report.job, report: report, place: place}
		err := p.run(ctx)
		if !errors.Is(err, errChanged) && !errors.Is(err, store.ErrConflict) {
			return err
		}
		report.starts++
	}
	return fmt.Errorf("gave way %d times to other changes of %s", mostStarts, report.job.Source)
}

// publication is one attempt to publish.
type publication struct {
	worker *Worker
	job    calotype.Job
	report *report
	place  *place

	wants  []want
	body   []byte
	source store.Object
}

func (p *publication) run(ctx context.Context) error {
	if current, err := p.look(ctx); err != nil || current {
		return err
	}
	if err := p.read(ctx); err != nil {
		return err
	}
	if err := p.produce(ctx); err != nil {
		return err
	}
	return p.verify(ctx)
}

// read gets the source. Its ETag is the version that all the rest is about. One that is
// too large has no renditions, so what stands of an older one goes.
func (p *publication) read(ctx context.Context) error {
	if err := p.place.hold(ctx, min(p.source.Size, p.worker.MaxBytes)); err != nil {
		return err
	}
	start := time.Now()
	body, source, err := p.worker.bucket.Get(ctx, p.job.Source, p.worker.MaxBytes)
	p.report.get += time.Since(start)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errChanged // Seen a moment ago: look again.
	case errors.Is(err, store.ErrTooLarge):
		p.source = source
		if err := p.takeAway(ctx, p.stale(source.ETag)); err != nil {
			return err
		}
		return failure.New(render.ClassTooManyBytes, "%d bytes, the limit is %d", source.Size, p.worker.MaxBytes)
	case err != nil:
		return forbidden(err)
	}
	p.body, p.source = body, source
	p.report.bytesIn = int64(len(body))
	return nil
}

// produce renders what is stale and stores each rendition as soon as it is there,
// what was asked for first. If the picture has a fault, copies of it are kept
// where the job asked for renditions, so that viewers' requests end there.
func (p *publication) produce(ctx context.Context) error {
	if m := p.report.message; p.worker.isPoison(m) {
		return p.keep(ctx, p.stale(p.source.ETag), failure.New(classPoison,
			"received %d times; every earlier attempt ended in a crash", m.Receives))
	}
	var known, unknown, obsolete []want
	for _, w := range p.stale(p.source.ETag) {
		switch {
		case w.preset.Name != "":
			known = append(known, w)
		case slices.Contains(p.job.Variants, w.variant):
			unknown = append(unknown, w)
		default:
			obsolete = append(obsolete, w) // Of a preset that was given up.
		}
	}
	if err := p.takeAway(ctx, obsolete); err != nil {
		return err
	}
	if len(unknown) > 0 {
		f := failure.New(classUnknownVariant, "no preset %q here", unknown[0].variant.Preset)
		if err := p.keep(ctx, unknown, f); err != nil {
			return err
		}
	}
	if len(known) == 0 {
		return nil
	}
	err := p.render(ctx, known)
	var f *failure.Failure
	if errors.As(err, &f) {
		return p.keep(ctx, known, f)
	}
	return err
}

func (p *publication) render(ctx context.Context, wants []want) error {
	start, puts := time.Now(), p.report.put
	defer func() { p.report.render += time.Since(start) - (p.report.put - puts) }()
	picture, err := p.worker.open(p.body, p.worker.Limits)
	if err != nil {
		return err
	}
	targets := make([]render.Target, len(wants))
	for i, w := range wants {
		targets[i] = picture.Target(w.variant, w.preset, cmp.Or(p.job.Quality, p.worker.Quality))
	}
	if err := p.takeMemory(ctx, picture.Memory(targets)); err != nil {
		return err
	}
	i := 0
	for rendition, err := range picture.Render(targets) {
		if err != nil {
			return err
		}
		if err := p.store(ctx, wants[i], targets[i], rendition); err != nil {
			return err
		}
		i++
	}
	return nil
}

// takeMemory takes what decoding will need. The source's bytes do not stay for a
// turn that may be long in coming.
func (p *publication) takeMemory(ctx context.Context, bytes int64) error {
	if budget := p.worker.Memory; bytes > budget {
		return failure.New(classTooMuchMemory,
			"decoding would take about %d MB, the budget is %d MB", bytes>>20, budget>>20)
	}
	return p.place.take(ctx, bytes)
}

// store publishes one rendition.
func (p *publication) store(ctx context.Context, w want, t render.Target, r render.Rendition) error {
	lineage := calotype.Lineage{
		SourceETag: p.source.ETag,
		Recipe: calotype.Recipe{
			Boxes:   w.preset.Boxes(),
			Quality: t.Quality,
			Format:  t.Format,
			Encoder: render.Encoder(),
		},
		Size: calotype.Box{Width: r.Width, Height: r.Height},
	}
	if r.AsIs {
		lineage.CopyReason = calotype.CopyAsIs
	}
	o := store.Object{ContentType: r.Format.ContentType(), CacheControl: p.worker.CacheControl}
	return p.write(ctx, w, r.Body, o, lineage)
}

// keep buries the job for a fault and then puts the source's own bytes where the
// job asked for renditions. Siblings get none: nobody asked.
func (p *publication) keep(ctx context.Context, wants []want, f *failure.Failure) error {
	if err := p.worker.deadLetter(ctx, p.report, f); err != nil {
		return err
	}
	contentType := p.source.ContentType
	if format, ok := render.Sniff(p.body); ok {
		contentType = format.ContentType()
	}
	for _, w := range wants {
		if !w.asked {
			continue
		}
		lineage := calotype.Lineage{
			SourceETag: p.source.ETag,
			Recipe:     calotype.Recipe{Boxes: w.preset.Boxes(), Encoder: render.Encoder()},
			CopyReason: f.Class,
		}
		o := store.Object{ContentType: contentType, Encoding: p.source.Encoding, CacheControl: p.worker.FallbackCacheControl}
		if err := p.write(ctx, w, p.body, o, lineage); err != nil {
			return err
		}
	}
	return nil
}

// write puts an object where the want's key still holds what was seen there.
func (p *publication) write(ctx context.Context, w want, body []byte, o store.Object, lineage calotype.Lineage) error {
	if err := context.Cause(ctx); err != nil {
		return err // The lease may be lost by now, and libvips did not stop for it.
	}
	start := time.Now()
	defer func() { p.report.put += time.Since(start) }()
	o.Metadata = lineage.Metadata()
	_, err := p.worker.bucket.Put(ctx, w.key, body, o, w.there.ETag)
	if err != nil {
		return forbidden(err)
	}
	if was := calotype.ParseLineage(w.there.Metadata); was.SourceETag != "" && was.SourceETag != lineage.SourceETag {
		p.report.changed = true
	}
	p.report.stored(int64(len(body)))
	return nil
}

// verify looks at the source once more. Replaced or removed in the meantime, the job
// starts over, and what was put is replaced or removed as well.
func (p *publication) verify(ctx context.Context) error {
	source, err := p.worker.bucket.Head(ctx, p.job.Source)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errChanged
	case err != nil:
		return forbidden(err)
	case source.ETag != p.source.ETag:
		return errChanged
	}
	return nil
}

// forbidden makes a reject of what is not allowed, and so needs an operator. With
// s3:ListBucket, which workers are given, S3 says so only where it is true.
func forbidden(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return failure.New(classForbidden, "%v; workers need s3:GetObject and s3:ListBucket, and s3:PutObject and s3:DeleteObject under the prefix", err)
	}
	return err
}
