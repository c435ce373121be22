package deadletter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"calotype"
	"calotype/worker/store"
)

// State is what the bucket holds now for a dead letter's job.
type State struct {
	Source     store.Object // Without an ETag if the source does not exist.
	Renditions []Rendition
}

// Rendition is the object now stored under the key of a requested variant.
type Rendition struct {
	Key   string
	There bool
	Kept  string // The reason class, if it is a copy of the source's bytes.
	// Stale is why viewers should not get it, given the current source and preset.
	Stale calotype.Staleness
}

// String describes it in a few words.
func (r Rendition) String() string {
	what := "a rendition"
	if r.Kept != "" {
		what = "a copy (" + r.Kept + ")"
	}
	switch {
	case !r.There:
		return "nothing"
	case r.Stale == calotype.Missing:
		return "an object without lineage"
	case r.Stale == calotype.OtherBox:
		return what + " in another box"
	case r.Stale == calotype.OtherFocal:
		return what + " of another focal point"
	case r.Stale == calotype.OtherQuality:
		return what + " of another quality"
	case r.Stale != calotype.Current:
		return what + " of an older version of the source"
	}
	return what + " of the current source"
}

// Inspect inspects a job's source and the keys of its renditions.
func Inspect(ctx context.Context, bucket *store.Bucket, prefix calotype.Prefix, presets calotype.Presets, job calotype.Job) (State, error) {
	var state State
	source, err := bucket.Head(ctx, job.Source)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return state, fmt.Errorf("inspect the source: %w", err)
	}
	state.Source = source
	for _, v := range job.Variants {
		r := Rendition{Key: prefix.RenditionKey(v, job.Source)}
		there, err := bucket.Head(ctx, r.Key)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return state, fmt.Errorf("inspect a rendition: %w", err)
		}
		if err == nil {
			lineage := calotype.ParseLineage(there.Metadata)
			r.There, r.Kept = true, lineage.CopyReason
			preset, _ := presets.Lookup(v.Preset)
			focal, _ := calotype.FocalOf(source.Metadata)
			r.Stale = lineage.Staleness(calotype.Target{SourceETag: source.ETag, Preset: preset, Focal: focal})
		}
		state.Renditions = append(state.Renditions, r)
	}
	return state, nil
}
