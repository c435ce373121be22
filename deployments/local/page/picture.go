package page

import (
	"cmp"
	"time"

	"calotype"
	"calotype/edge"
)

// state is the current response at the URL of a variant.
type state string

const (
	// original: the rendition does not exist yet, and viewers get the source.
	original state = "original"
	// rendition: a rendition of the current source.
	rendition state = "rendition"
	// kept: a copy of the source that a worker put there, with a reason.
	kept state = "kept"
	// outdated: made from an earlier source or for another box.
	outdated state = "outdated"
)

// picture is what the page shows of one source. Width and height are zero if unknown, and
// those of the file's header until there is a description.
type picture struct {
	Key      string          `json:"key"`
	ETag     string          `json:"etag"`
	Format   calotype.Format `json:"format"`
	Bytes    int64           `json:"bytes"`
	Width    int             `json:"width,omitempty"`
	Height   int             `json:"height,omitempty"`
	Modified time.Time       `json:"modified"`
	Variants []variant       `json:"variants"`
	// Info is the picture's description, once a worker has stored that of this version.
	Info *calotype.Info `json:"info,omitempty"`
}

// variant is one size and format of a picture. Query is how a viewer requests it.
type variant struct {
	Name   string          `json:"name"`
	Preset string          `json:"preset"`
	Format calotype.Format `json:"format"`
	Query  string          `json:"query"`
	State  state           `json:"state"`
	Kept   string          `json:"kept,omitempty"`
	ETag   string          `json:"etag,omitempty"`
	Bytes  int64           `json:"bytes,omitempty"`
	Width  int             `json:"width,omitempty"`
	Height int             `json:"height,omitempty"`
}

// describe makes a picture from what is known about it: for each preset the source's own
// format, then WebP, then whatever else was requested.
func (e *entry) describe(key string, presets calotype.Presets) *picture {
	own, _ := calotype.FormatOfKey(key)
	p := &picture{
		Key:      key,
		ETag:     e.source.etag,
		Format:   own,
		Bytes:    e.source.bytes,
		Width:    e.size.Width,
		Height:   e.size.Height,
		Modified: e.source.modified,
	}
	if e.info != nil && e.info.ETag == e.source.etag {
		if p.Info = e.info; p.Info.Width > 0 {
			p.Width, p.Height = p.Info.Width, p.Info.Height // As shown, and of formats that Go does not read.
		}
	}
	formats := []calotype.Format{""}
	if own != calotype.WebP {
		formats = append(formats, calotype.WebP)
	}
	for _, f := range []calotype.Format{calotype.AVIF, calotype.JXL, calotype.JPEG, calotype.PNG} {
		if e.hasFormat(f) {
			formats = append(formats, f)
		}
	}
	for _, format := range formats {
		for _, preset := range presets {
			p.Variants = append(p.Variants, e.variant(calotype.Variant{Preset: preset.Name, Format: format}, preset, own))
		}
	}
	return p
}

func (e *entry) hasFormat(f calotype.Format) bool {
	for v := range e.renditions {
		if v.Format == f {
			return true
		}
	}
	return false
}

func (e *entry) variant(v calotype.Variant, preset calotype.Preset, own calotype.Format) variant {
	out := variant{Name: v.String(), Preset: v.Preset, Format: v.Format, Query: edge.EncodeQuery(v), State: original}
	if v.Format == "" {
		out.Format = cmp.Or(preset.Format, own.Own())
	}
	// A preset with a format has one rendition for both ways to ask for it.
	there, ok := e.renditions[calotype.VariantOf(v.Preset, v.Format, preset.Format)]
	if !ok {
		return out
	}
	out.State = rendition
	switch {
	case there.lineage.Staleness(calotype.Target{SourceETag: e.source.etag, Preset: preset, Focal: there.lineage.Focal}) != calotype.Current:
		out.State = outdated
	case there.lineage.CopyReason != "":
		out.State, out.Kept = kept, there.lineage.CopyReason
	}
	out.ETag, out.Bytes = there.etag, there.bytes
	out.Width, out.Height = there.lineage.Size.Width, there.lineage.Size.Height
	return out
}
