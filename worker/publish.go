package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"calotype"
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
		if report.changed && w.Purge != nil && !report.job.Exact {
			w.Purge(report.job.Source)
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

// want is a rendition that is to be current, and what stands at its key now.
type want struct {
	variant calotype.Variant
	preset  calotype.Preset
	key     string
	asked   bool // By the job itself, or it stands; else it is a sibling.
	there   store.Object
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

// look reports whether there is nothing to do: the source is gone, or what the job
// asks for is current. It costs one HEAD for the source and one for each variant
// asked for; only then are siblings looked at. What stands at the keys is noted
// before the source is read: it is the condition of the writes.
func (p *publication) look(ctx context.Context) (done bool, err error) {
	source, err := p.worker.bucket.Head(ctx, p.job.Source)
	if errors.Is(err, fs.ErrNotExist) {
		return true, p.remove(ctx)
	} else if err != nil {
		return false, forbidden(err)
	}
	p.source = source
	if p.wants, err = p.lookAt(ctx, p.job.Variants); err != nil {
		return false, err
	}
	if p.job.Reconcile {
		if err := p.lookAtStanding(ctx); err != nil {
			return false, err
		}
	}
	if len(p.stale(source.ETag)) == 0 && p.report.starts == 0 {
		p.report.end(current)
		return true, nil
	}
	variants := p.worker.Siblings.of(p.job, p.worker.Presets)
	siblings, err := p.lookAt(ctx, variants[len(p.job.Variants):])
	p.wants = append(p.wants, siblings...)
	return err == nil && len(p.stale(source.ETag)) == 0, err
}

// lookAtStanding adds the renditions that stand, beside those the job names, to what is
// wanted.
func (p *publication) lookAtStanding(ctx context.Context) error {
	variants, err := p.worker.variantsInUse(ctx)
	if err != nil {
		return err
	}
	variants = slices.DeleteFunc(variants, func(v calotype.Variant) bool { return slices.Contains(p.job.Variants, v) })
	wants, err := p.lookAt(ctx, variants)
	for _, w := range wants {
		if w.there.ETag != "" {
			w.asked = true // Of a broken source, a copy has to take its place.
			p.wants = append(p.wants, w)
		}
	}
	return err
}

// variantsInUse are those that any source has a rendition of. What was published before
// a source changed is under one of them; what is published later is looked at by who
// does that.
func (w *Worker) variantsInUse(ctx context.Context) ([]calotype.Variant, error) {
	names, err := w.bucket.Folders(ctx, string(w.Prefix)+"/")
	if err != nil {
		return nil, forbidden(err)
	}
	var variants []calotype.Variant
	for _, name := range names {
		if v, err := calotype.ParseVariant(name); err == nil {
			variants = append(variants, v)
		}
	}
	return variants, nil
}

// remove takes away the renditions of a source that is gone: an earlier attempt, or
// its last version, may have left some. What is seen before the source is missed a
// second time is of a version that is gone, whatever comes after.
func (p *publication) remove(ctx context.Context) error {
	variants, err := p.worker.variantsInUse(ctx)
	if err != nil {
		return err
	}
	wants, err := p.lookAt(ctx, variants)
	if err != nil {
		return err
	}
	if _, err := p.worker.bucket.Head(ctx, p.job.Source); err == nil {
		return errChanged
	} else if !errors.Is(err, fs.ErrNotExist) {
		return forbidden(err)
	}
	p.report.end(gone)
	return p.takeAway(ctx, wants)
}

// takeAway deletes renditions that are not right any more, where they still are what
// was seen.
func (p *publication) takeAway(ctx context.Context, wants []want) error {
	for _, w := range wants {
		if calotype.ParseLineage(w.there.Metadata).SourceETag == "" {
			continue // Not ours, or nothing.
		}
		err := p.worker.bucket.Delete(ctx, w.key, w.there.ETag)
		switch {
		case err == nil:
			p.report.removed++
			p.report.changed = true
		case !errors.Is(err, store.ErrConflict):
			return forbidden(err)
		}
	}
	return nil
}

// lookAt sees what stands at the keys of variants.
func (p *publication) lookAt(ctx context.Context, variants []calotype.Variant) ([]want, error) {
	wants := make([]want, len(variants))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, v := range variants {
		g.Go(func() error {
			w := want{variant: v, key: p.worker.Prefix.RenditionKey(v, p.job.Source)}
			w.preset, _ = p.worker.Presets.Lookup(v.Preset)
			w.asked = slices.Contains(p.job.Variants, v)
			there, err := p.worker.bucket.Head(ctx, w.key)
			if err == nil {
				w.there = there
			} else if !errors.Is(err, fs.ErrNotExist) {
				return forbidden(err)
			}
			wants[i] = w
			return nil
		})
	}
	return wants, g.Wait()
}

// stale returns the wants that are not current for a version of the source.
func (p *publication) stale(sourceETag string) []want {
	var stale []want
	recipe := calotype.Recipe{Quality: cmp.Or(p.job.Quality, p.worker.Quality), Encoder: render.Encoder()}
	for _, w := range p.wants {
		lineage := calotype.ParseLineage(w.there.Metadata)
		if !lineage.Current(sourceETag, w.preset, p.job.Again) || p.job.Exact && !lineage.MadeBy(recipe) {
			stale = append(stale, w)
		}
	}
	return stale
}

// read gets the source. Its ETag is the version that all the rest is about. One that is
// too large has no renditions, so what stands of an older one goes.
func (p *publication) read(ctx context.Context) error {
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
		return &Reject{render.ClassTooManyBytes, fmt.Sprintf("%d bytes, the limit is %d", source.Size, p.worker.MaxBytes)}
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
	if m := p.report.message; p.worker.killsWorkers(m) {
		return p.keep(ctx, p.stale(p.source.ETag), &Reject{classKillsWorkers, fmt.Sprintf(
			"received %d times, and each time before this the worker came to no end with it", m.Receives)})
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
		reject := &Reject{classUnknownVariant, fmt.Sprintf("no preset %q here", unknown[0].variant.Preset)}
		if err := p.keep(ctx, unknown, reject); err != nil {
			return err
		}
	}
	if len(known) == 0 {
		return nil
	}
	err := p.render(ctx, known)
	var fault *render.Fault
	if errors.As(err, &fault) {
		return p.keep(ctx, known, &Reject{fault.Class, fault.Detail})
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
		return &render.Fault{Class: classTooMuchMemory, Detail: fmt.Sprintf(
			"decoding would take about %d MB, the budget is %d MB", bytes>>20, budget>>20)}
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
		lineage.Kept = calotype.KeptAsIs
	}
	o := store.Object{ContentType: r.Format.ContentType(), CacheControl: p.worker.CacheControl}
	return p.write(ctx, w, r.Body, o, lineage)
}

// keep buries the job for a fault and then puts the source's own bytes where the
// job asked for renditions. Siblings get none: nobody asked.
func (p *publication) keep(ctx context.Context, wants []want, reject *Reject) error {
	if err := p.worker.bury(ctx, p.report, reject); err != nil {
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
			Kept:       reject.Class,
		}
		o := store.Object{ContentType: contentType, Encoding: p.source.Encoding, CacheControl: p.worker.KeptCacheControl}
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
		return &Reject{classForbidden, err.Error() + "; workers need s3:GetObject and s3:ListBucket, and s3:PutObject and s3:DeleteObject under the prefix"}
	}
	return err
}
