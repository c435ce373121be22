package worker

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"calotype"
	"calotype/worker/failure"
	"calotype/worker/render"
	"calotype/worker/store"
)

// sourceInfo is a source's info while a job publishes.
type sourceInfo struct {
	key      string       // Empty if the job does not need it, or if it is too long for S3.
	existing store.Object // What is stored under the key, without an ETag if nothing is.
	known    calotype.Info
	invalid  bool // What is stored is not an info, and is to be replaced.
	wanted   bool // The job is to store it.

	pendingDescriptions int // How many the decoder has still to send.
}

// findInfo looks up the source's info if the job is to make it, or if crops depend on what
// it contains. It is wanted if a request, a setting or an existing info asks for it, and if it
// does not contain all that this worker's presets need.
func (p *publication) findInfo(ctx context.Context) error {
	p.info, p.thumbHash = sourceInfo{}, nil
	work := p.stale()
	makes := p.job.Info || p.worker.Info && (len(work) > 0 || p.job.Reconcile)
	if !makes && !p.job.Reconcile && !slices.ContainsFunc(work, target.usesAttention) {
		return nil
	}
	switch err := p.getInfo(ctx); {
	case failure.KindOf(err) == failure.Permanent && !p.job.Info: // No reason to refuse the picture.
		p.info = sourceInfo{}
		return nil
	case err != nil || p.info.key == "":
		return err
	}
	lineage := calotype.ParseLineage(p.info.existing.Metadata)
	stale := p.info.invalid || lineage.InfoStaleness(p.source.ETag, p.focal()) != calotype.Current || lineage.IsFallback() && (p.job.Again || p.job.Exact)
	if stale {
		p.info.known = calotype.Info{}
	}
	p.thumbHash = p.info.known.ThumbHash
	exists := lineage.SourceETag != "" && p.job.Reconcile
	p.info.wanted = (makes || exists) && (stale || makes && len(p.unknownParts()) > 0)
	return nil
}

// headInfo looks up what is stored, without its content.
func (p *publication) headInfo(ctx context.Context) error {
	key, ok := p.worker.Prefix.InfoKey(p.job.Source)
	if !ok {
		return nil
	}
	existing, err := p.worker.bucket.Head(ctx, key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	p.info.key, p.info.existing = key, existing
	return nil
}

// getInfo reads what is stored.
func (p *publication) getInfo(ctx context.Context) error {
	key, ok := p.worker.Prefix.InfoKey(p.job.Source)
	if !ok {
		return nil
	}
	body, existing, err := p.worker.bucket.Get(ctx, key, calotype.MaxInfo)
	switch {
	case errors.Is(err, store.ErrTooLarge):
		p.info.invalid = true
		return p.headInfo(ctx)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err == nil:
		p.info.known, err = calotype.ParseInfo(body)
		p.info.invalid = err != nil
	}
	p.info.key, p.info.existing = key, existing
	return nil
}

// usesAttention reports whether the target's crop may depend on what attracts attention.
func (t target) usesAttention() bool {
	return t.preset.Gravity == calotype.GravitySmart || t.preset.Gravity == calotype.GravityFocal
}

// cropPoint returns the point of a preset's crop: the source's focal point, or what attracts
// attention if that is known. So all sizes with one aspect ratio show the same part, whatever
// job makes them.
func (p *publication) cropPoint(preset calotype.Preset) calotype.Focal {
	return cmp.Or(p.focalFor(preset), p.info.known.AttentionFor(preset))
}

// unknownParts returns the parts of the picture for which no point is known.
func (p *publication) unknownParts() []calotype.Box {
	known := p.info.known.Attention
	return slices.DeleteFunc(p.info.known.Parts(p.worker.Presets), func(part calotype.Box) bool {
		_, ok := known[part.String()]
		return ok
	})
}

// describe returns the targets for the parts of the info that are not known.
func (p *publication) describe(picture *render.Picture) []render.Target {
	if !p.info.wanted {
		return nil
	}
	p.info.known = calotype.Info{
		Source: p.job.Source, State: calotype.InfoReady, ETag: calotype.TrimETag(p.source.ETag), Bytes: p.source.Size,
		Type: picture.Format.ContentType(), Width: picture.Width, Height: picture.Height, Frames: picture.Frames,
		Focal: calotype.PointOf(p.focal()), Attention: maps.Clone(p.info.known.Attention),
	}
	outputs := []render.Target{picture.Describe(calotype.Box{})}
	for _, part := range p.unknownParts() {
		outputs = append(outputs, picture.Describe(part))
	}
	p.info.pendingDescriptions = len(outputs)
	return outputs
}

// described takes one description, and stores the info after the last one.
func (p *publication) described(ctx context.Context, output render.Target, r render.Rendition) error {
	info := &p.info.known
	if r.Damaged {
		info.State = calotype.InfoDamaged
	}
	if output.Whole == (calotype.Box{}) {
		info.ThumbHash, info.Colour = r.Description.ThumbHash, r.Description.Colour
		p.thumbHash = info.ThumbHash
	} else if at := calotype.PointOf(r.Description.Attention); at != nil {
		if info.Attention == nil {
			info.Attention = map[string]calotype.Point{}
		}
		info.Attention[calotype.Box{Width: output.Width, Height: output.Height}.String()] = *at
	}
	if p.info.pendingDescriptions--; p.info.pendingDescriptions > 0 {
		return nil
	}
	return p.putInfo(ctx, *info, "")
}

// failInfo stores that the source cannot be rendered, so that nothing asks for its info
// again. A permanent refusal by the store is ignored.
func (p *publication) failInfo(ctx context.Context, class string) error {
	if !p.info.wanted || p.source.ETag == "" { // Otherwise the version is unknown.
		return nil
	}
	err := p.putInfo(ctx, calotype.Info{
		Source: p.job.Source, State: calotype.InfoFailed, Reason: class, ETag: calotype.TrimETag(p.source.ETag), Bytes: p.source.Size,
		Focal: calotype.PointOf(p.focal()),
	}, class)
	if failure.KindOf(err) == failure.Permanent {
		return nil
	}
	return err
}

// putInfo stores the info if its key still holds what was found there.
func (p *publication) putInfo(ctx context.Context, info calotype.Info, failed string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	lineage := calotype.Lineage{
		SourceETag: p.source.ETag, Recipe: calotype.InfoRecipe(p.worker.Engine.Encoder()), CopyReason: failed,
		Damaged: info.State == calotype.InfoDamaged, Focal: p.focal(),
	}
	o := store.Object{ContentType: "application/json", CacheControl: p.worker.CacheControl, Metadata: lineage.Metadata()}
	if info.State != calotype.InfoReady {
		o.CacheControl = p.worker.FallbackCacheControl
	}
	o.Metadata[calotype.CacheTagMetadata] = calotype.CacheTag(p.job.Source)
	if _, err := p.worker.bucket.Put(ctx, p.info.key, info.Encode(), o, p.info.existing.ETag); err != nil {
		return err
	}
	if calotype.ParseLineage(p.info.existing.Metadata).SourceETag != "" {
		p.changed = true
	}
	p.info.wanted = false
	return nil
}
