package calotype

// Staleness is the reason why the object under a rendition's key is not what a job
// would make now. It is empty if the object is current.
type Staleness string

// The reasons, in the order in which [Lineage.Staleness] checks them.
const (
	// Current is the staleness of an object that needs no job.
	Current Staleness = ""
	// Missing means that there is no object, or one that records no lineage.
	Missing Staleness = "missing"
	// Replaced means that the object was made from another version of the source.
	Replaced Staleness = "replaced"
	// OtherBox means that the preset now has another box or other options, or no longer
	// exists.
	OtherBox Staleness = "box"
	// OtherFocal means that the source now has another focal point.
	OtherFocal Staleness = "focal"
	// Retried means that the object is a fallback copy and the target asks to retry it.
	Retried Staleness = "fallback"
	// OtherEncoder means that another encoder, or another version of it, made the object.
	OtherEncoder Staleness = "encoder"
	// OtherQuality means that the object was encoded at another quality than the preset's, or
	// than the target's.
	OtherQuality Staleness = "quality"
)

// Target is what a rendition should be: the version of the source and the preset, and
// optionally how it is made.
type Target struct {
	// SourceETag is the ETag of the source, with or without quotes. No rendition of a
	// source without an ETag is current.
	SourceETag string
	// Preset is the current preset; the zero Preset is one that no longer exists.
	Preset Preset
	// Focal is the source's focal point, which only presets with [GravityFocal] use.
	Focal Focal
	// Quality and Encoder are the current recipe. A zero Quality or an empty Encoder
	// accepts any: viewers get a rendition of any recipe. A quality of the preset's own
	// always counts.
	Quality int
	Encoder string
	// RetryFallback makes fallback copies stale, so that the picture is tried again.
	RetryFallback bool
}

// Staleness compares an object's lineage with a target. It is the only place that
// decides whether a rendition is current. A fallback copy has no quality: only the
// encoder counts for it.
func (l Lineage) Staleness(t Target) Staleness {
	switch {
	case l.SourceETag == "":
		return Missing
	case l.SourceETag != TrimETag(t.SourceETag):
		return Replaced
	case t.Preset == Preset{} || l.Recipe.Boxes != t.Preset.Signature():
		return OtherBox
	case t.Preset.Gravity == GravityFocal && l.Focal != t.Focal && !l.IsWholeCopy():
		return OtherFocal
	case t.RetryFallback && l.IsFallback():
		return Retried
	case t.Encoder != "" && l.Recipe.Encoder != t.Encoder:
		return OtherEncoder
	case l.IsFallback():
		return Current
	}
	if want := t.Preset.Quality.For(l.Recipe.Format, t.Quality); want != 0 && l.Recipe.Quality != want {
		return OtherQuality
	}
	return Current
}
