package deadletter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"calotype"
	"calotype/worker/store"
)

// Now is what stands in the bucket for a dead letter's job.
type Now struct {
	Source     store.Object // Without an ETag where the source is gone.
	Renditions []Rendition
}

// Rendition is what stands where a job asked for a variant.
type Rendition struct {
	Key     string
	There   bool
	Kept    string // The reason class, where it is a copy of the source's bytes.
	Current bool   // It was made from the source as it is now.
}

// String says it in a few words.
func (r Rendition) String() string {
	what, of := "a rendition", "the source as it is now"
	if r.Kept != "" {
		what = "a kept copy (" + r.Kept + ")"
	}
	if !r.Current {
		of = "an older source"
	}
	if !r.There {
		return "nothing"
	}
	return what + " of " + of
}

// LookAt looks at the source of a job and at where its renditions are kept.
func LookAt(ctx context.Context, bucket *store.Bucket, prefix calotype.Prefix, job calotype.Job) (Now, error) {
	var now Now
	source, err := bucket.Head(ctx, job.Source)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return now, fmt.Errorf("look at the source: %w", err)
	}
	now.Source = source
	for _, v := range job.Variants {
		r := Rendition{Key: prefix.RenditionKey(v, job.Source)}
		there, err := bucket.Head(ctx, r.Key)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return now, fmt.Errorf("look at a rendition: %w", err)
		}
		if err == nil {
			lineage := calotype.ParseLineage(there.Metadata)
			r.There, r.Kept = true, lineage.CopyReason
			r.Current = lineage.SourceETag != "" && lineage.SourceETag == calotype.TrimETag(source.ETag)
		}
		now.Renditions = append(now.Renditions, r)
	}
	return now, nil
}
