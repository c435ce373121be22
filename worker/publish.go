package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"time"

	"calotype"
	"calotype/queue"
	"calotype/worker/decoder"
	"calotype/worker/failure"
	"calotype/worker/render"
	"calotype/worker/store"
)

// maxStarts bounds how often a job starts over, in a row, because the source or a rendition
// changed meanwhile.
const maxStarts = 5

// errChanged makes a job start over: the source was replaced or removed.
var errChanged = errors.New("source replaced or removed")

// publish brings the job's renditions up to date with the source. For a failure of the
// picture the job is dead-lettered, before fallback copies take the renditions' places.
//
// An older version never replaces a newer one, and a removed source leaves nothing behind,
// whatever other workers do at the same time: every write is conditional on what was
// stored under the key before the source was read, and after the writes the source is
// checked once more.
func (w *Worker) publish(ctx context.Context, m queue.Message, job calotype.Job, g *grant) (result, error) {
	p := publication{worker: w, message: m, job: job, grant: g, result: result{outcome: done}}
	defer func() {
		p.body.Close()
		if p.changed && w.Invalidate != nil && !job.Exact {
			w.Invalidate(job.Source)
		}
	}()
	for range maxStarts {
		err := decoder.WithGrants(func(whole bool) error {
			if whole {
				p.grant.whole = true
				p.startedOver++
			}
			return p.tryOnce(ctx)
		})
		if f := p.sourceFailure(err); f != nil {
			err = p.failSource(ctx, f)
		}
		switch {
		case errors.Is(err, errChanged), errors.Is(err, store.ErrConflict):
		default:
			p.announce()
			return p.result, err
		}
		p.startedOver++
	}
	return p.result, failure.MarkTransient(fmt.Errorf("started over %d times because of other changes to %s", maxStarts, job.Source))
}

// publication is the state of one job's publishing.
type publication struct {
	worker  *Worker
	message queue.Message
	job     calotype.Job
	grant   *grant
	result

	source  store.Object
	marker  store.Object // Records a failure of the source. Without one its ETag is empty.
	targets []target
	stored  map[string]store.Object // What this start has stored, by key.
	info    sourceInfo
	body    *decoder.Source // Nil before it is read.
}

func (p *publication) tryOnce(ctx context.Context) error {
	if finished, err := p.inspect(ctx); err != nil || finished {
		return err
	}
	if err := p.read(ctx); err != nil {
		return err
	}
	if err := p.produce(ctx); err != nil {
		return err
	}
	if err := p.verify(ctx); err != nil {
		return err
	}
	p.removeOldMarker(ctx)
	return nil
}

// end sets the outcome, unless the job was rejected on the way.
func (p *publication) end(o outcome) {
	if p.outcome != rejected {
		p.outcome = o
	}
}

// inspect reports whether there is nothing to do, because the source no longer exists or
// everything the job asks for is current. It costs one HEAD for the source and one for
// each variant asked for, in parallel; siblings are looked up only if there is work to do.
// The objects found are the conditions of the writes, so they are looked up before the
// source is read.
func (p *publication) inspect(ctx context.Context) (finished bool, err error) {
	p.end(done)
	p.announced, p.stored, p.targets = announced{}, map[string]store.Object{}, nil
	var source store.Object
	var sourceErr error
	var head sync.WaitGroup
	head.Go(func() { source, sourceErr = p.worker.bucket.Head(ctx, p.job.Source) })
	targets, err := p.headAll(ctx, p.job.Variants)
	head.Wait()
	if errors.Is(sourceErr, fs.ErrNotExist) {
		return true, p.removeAll(ctx)
	} else if sourceErr != nil {
		return false, sourceErr
	}
	if calotype.ParseLineage(source.Metadata).SourceETag != "" {
		// It is a rendition, of this prefix or another one. If two prefixes rendered each
		// other's renditions, the jobs would never end.
		p.end(ignored)
		return true, nil
	}
	p.source = source
	if p.targets = targets; err != nil {
		return false, err
	}
	if p.job.Reconcile {
		if err := p.addExisting(ctx); err != nil {
			return false, err
		}
	}
	if err := p.findInfo(ctx); err != nil {
		return false, err
	}
	if len(p.stale()) == 0 && !p.info.wanted && p.startedOver == 0 {
		p.end(current)
		return true, nil
	}
	if finished, err := p.recall(ctx); err != nil || finished {
		return finished, err
	}
	variants := p.worker.Siblings.of(p.job, p.worker.Presets)
	siblings, err := p.headAll(ctx, variants[len(p.job.Variants):])
	p.targets = append(p.targets, siblings...)
	return err == nil && len(p.stale()) == 0 && !p.info.wanted, err
}

// read gets the source. Its ETag is the version that the renditions are made from. A
// source that is too large has no renditions, so those of an older version are removed.
func (p *publication) read(ctx context.Context) error {
	if err := p.grant.reserveSource(ctx, min(p.source.Size, p.worker.MaxBytes)); err != nil {
		return err
	}
	start := time.Now()
	p.body.Close() // That of an earlier start.
	p.body = nil
	var body *decoder.Source
	source, err := p.worker.bucket.Read(ctx, p.job.Source, p.worker.MaxBytes, func(from io.Reader, size int64) (err error) {
		body, err = decoder.NewSource(from, size)
		return err
	})
	p.getTime += time.Since(start)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errChanged // It was there before: check again.
	case errors.Is(err, store.ErrTooLarge):
		p.source = source
		if err := p.removeStale(ctx, p.stale()); err != nil {
			return err
		}
		return failure.New(failure.TooManyBytes, "%d bytes, the limit is %d", source.Size, p.worker.MaxBytes)
	case err != nil:
		body.Close()
		return err
	}
	if p.info.key != "" && source.ETag != p.source.ETag {
		body.Close()
		return errChanged // What the info says is of another version.
	}
	p.body, p.source = body, source
	p.logFocal()
	p.bytesIn = body.Size()
	return nil
}

// produce renders what is stale and stores each rendition as soon as it is ready, the
// requested ones first.
func (p *publication) produce(ctx context.Context) error {
	if m := p.message; p.worker.isPoison(m) {
		f := failure.New(failure.PoisonMessage, "received %d times; every earlier attempt ended in a crash", m.Receives)
		return p.fallBack(ctx, p.stale(), f)
	}
	var known, unknown, obsolete []target
	for _, t := range p.stale() {
		switch {
		case t.preset.Name != "":
			known = append(known, t)
		case slices.Contains(p.job.Variants, t.variant):
			unknown = append(unknown, t)
		default: // The rendition exists, for a preset that no longer does.
			obsolete = append(obsolete, t)
		}
	}
	if err := p.removeStale(ctx, obsolete); err != nil {
		return err
	}
	if len(unknown) > 0 {
		f := failure.New(failure.UnknownVariant, "this worker has no preset %q; give edge and workers the same presets", unknown[0].variant.Preset)
		if err := p.fallBack(ctx, unknown, f); err != nil {
			return err
		}
	}
	if len(known) == 0 && !p.info.wanted {
		return nil
	}
	if f, ok := p.worker.unsent.recall(failedKey(p.job.Source, p.source.ETag)); ok && !p.job.Again {
		return p.fallBack(ctx, known, f) // Decoded before; only the dead letter is missing.
	}
	err := p.render(ctx, known)
	if f := p.permanent(ctx, err); f != nil {
		return p.fallBack(ctx, known, f)
	}
	return err
}

// render makes and stores renditions. A panic becomes an error of unknown kind.
func (p *publication) render(ctx context.Context, targets []target) (err error) {
	start, puts := time.Now(), p.putTime
	defer func() {
		if v := recover(); v != nil {
			err = panicError(v)
		}
		p.renderTime += time.Since(start) - (p.putTime - puts)
	}()
	var allowed decoder.Grant
	if p.grant.whole {
		allowed = decoder.Grant{Bytes: p.worker.Memory, Whole: true}
		if err := p.grant.reserve(ctx, p.worker.Memory); err != nil {
			return err
		}
	}
	picture, err := p.worker.Engine.Open(ctx, p.body, p.worker.Limits, allowed)
	if err != nil {
		return err
	}
	defer picture.Close()
	outputs, first := p.outputs(picture.Header(), targets)
	if !p.grant.whole {
		if allowed.Bytes, err = picture.Memory(ctx, outputs); err != nil {
			return err
		}
		if err := p.reserveMemory(ctx, allowed.Bytes); err != nil {
			return err
		}
	}
	i := 0
	var failed error
	for rendition, err := range picture.Render(ctx, outputs, allowed) {
		if err != nil {
			return err
		}
		if outputs[i].Describe {
			failed = p.described(ctx, outputs[i], rendition)
		} else {
			failed = p.store(ctx, targets[i-first], outputs[i], rendition)
		}
		if i++; failed != nil && i < len(outputs) {
			return failed // To stop here ends the decoder, so not after the last one.
		}
	}
	return failed
}

// outputs returns what the decoder is to make: the targets' renditions from the first index
// on, and descriptions for the source's info. If crops depend on the descriptions, those
// come first: a job for other sizes, in another worker, may make the info at the same time,
// and then this one starts over with its points.
func (p *publication) outputs(picture *render.Picture, targets []target) (outputs []render.Target, first int) {
	descriptions, needed := p.describe(picture), false
	for _, t := range targets {
		output := picture.Target(t.variant, t.preset, cmp.Or(p.job.Quality, p.worker.Quality))
		output.Focal = p.cropPoint(t.preset)
		needed = needed || t.usesAttention() && output.Focal == ""
		outputs = append(outputs, output)
	}
	if needed {
		return append(descriptions, outputs...), len(descriptions)
	}
	return append(outputs, descriptions...), 0
}

// reserveMemory reserves the memory that decoding is predicted to need.
func (p *publication) reserveMemory(ctx context.Context, bytes int64) error {
	if budget := p.worker.Memory; bytes > budget {
		return failure.New(failure.TooMuchMemory,
			"decoding would take about %d MB, the budget is %d MB", bytes>>20, budget>>20)
	}
	return p.grant.reserve(ctx, bytes)
}

// store publishes one rendition.
func (p *publication) store(ctx context.Context, t target, output render.Target, r render.Rendition) error {
	lineage := calotype.Lineage{
		SourceETag: p.source.ETag,
		Recipe: calotype.Recipe{
			Boxes:   t.preset.Signature(),
			Quality: output.Quality,
			Format:  output.Format,
			Encoder: p.worker.Engine.Encoder(),
		},
		Size:  calotype.Box{Width: r.Width, Height: r.Height},
		Focal: p.focalFor(t.preset),
	}
	if r.AsIs {
		lineage.CopyReason = calotype.CopyAsIs
		if r.Undecoded {
			lineage.CopyReason = calotype.CopyAnimation
		}
	}
	o := store.Object{ContentType: r.Format.ContentType(), CacheControl: p.worker.CacheControl}
	if lineage.Damaged = r.Damaged; r.Damaged {
		o.CacheControl = p.worker.FallbackCacheControl // The picture may soon be uploaded again, repaired.
	}
	if err := p.write(ctx, t, r.Body, o, lineage); err != nil {
		return err
	}
	if r.Damaged {
		p.damaged++
	}
	return nil
}

// write puts an object if the target's key still holds what was found there.
func (p *publication) write(ctx context.Context, t target, body []byte, o store.Object, lineage calotype.Lineage) error {
	return p.writeBy(ctx, t, int64(len(body)), o, lineage, func(o store.Object) error {
		_, err := p.worker.bucket.Put(ctx, t.key, body, o, t.existing.ETag)
		return err
	})
}

// writeBy is write for a body that only put has. Its size is in bytes.
func (p *publication) writeBy(ctx context.Context, t target, size int64, o store.Object, lineage calotype.Lineage, put func(store.Object) error) error {
	if err := context.Cause(ctx); err != nil {
		return err // The lease may have been lost while the picture was rendered.
	}
	start := time.Now()
	defer func() { p.putTime += time.Since(start) }()
	o.Metadata = lineage.Metadata()
	o.Metadata[calotype.CacheTagMetadata] = calotype.CacheTag(p.job.Source)
	if err := put(o); err != nil {
		return err
	}
	if was := calotype.ParseLineage(t.existing.Metadata); was.SourceETag != "" && (was.SourceETag != lineage.SourceETag || was.Focal != lineage.Focal) {
		p.changed = true
	}
	if p.renditions == 0 {
		p.firstStored = time.Now()
	}
	p.stored[t.key] = store.Object{Size: size, ContentType: o.ContentType, Metadata: o.Metadata}
	p.renditions++
	p.bytesOut += size
	return nil
}

// verify checks the source once more. If it was replaced or removed meanwhile, the job
// starts over, which replaces or removes the stored renditions too.
func (p *publication) verify(ctx context.Context) error {
	source, err := p.worker.bucket.Head(ctx, p.job.Source)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errChanged
	case err != nil:
		return err
	case source.ETag != p.source.ETag, p.usesFocal() && focalOf(source) != p.focal():
		return errChanged
	}
	return nil
}
