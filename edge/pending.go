package edge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"calotype"
)

// Pending says what is served for a request whose rendition does not exist yet.
type Pending string

const (
	// PendingOriginal serves the source. The zero Pending means the same.
	PendingOriginal Pending = "original"
	// PendingBest serves the nearest rendition that is current, and the source if there is
	// none.
	PendingBest Pending = "best"
	// PendingNone responds with 404, as to every request whose response would be the
	// source's own bytes: they may hold what viewers must not see, such as where a photo was
	// taken.
	PendingNone Pending = "none"
)

// UnmarshalText accepts the values above, in upper or lower case, and the empty text.
func (p *Pending) UnmarshalText(text []byte) error {
	switch got := Pending(strings.ToLower(string(text))); got {
	case "", PendingOriginal, PendingBest, PendingNone:
		*p = got
		return nil
	}
	return fmt.Errorf("%q: want original, best or none", text)
}

// maxNearest is how many renditions are inspected for one response.
const maxNearest = 3

// Nearest returns the variants whose renditions may be served while the requested one does
// not exist, the nearest first: the same preset in another format, then presets of nearly
// the same aspect ratio in the requested format. There are at most three. Unless Pending is
// [PendingBest], there is only [Decision.First].
func (r Rules) Nearest(d Decision) []calotype.Variant {
	var variants []calotype.Variant
	if d.First != (calotype.Variant{}) {
		variants = append(variants, d.First)
	}
	if d.Verdict != Resize || r.Pending != PendingBest {
		return variants
	}
	own, _ := calotype.FormatOfKey(d.Source)
	plain := r.Presets.OwnFormat(d.Variant.Preset, own.Own())
	for _, format := range nearestFormats(cmp.Or(d.Variant.Format, plain), own) {
		if v := calotype.VariantOf(d.Variant.Preset, format, plain); v != d.First {
			variants = append(variants, v)
		}
	}
	for _, preset := range r.nearestPresets(d.Variant.Preset) {
		variants = append(variants, calotype.Variant{Preset: preset, Format: d.Variant.Format})
	}
	variants = slices.DeleteFunc(variants, func(v calotype.Variant) bool {
		return calotype.CheckKey(r.Prefix.RenditionKey(v, d.Source)) != nil
	})
	return variants[:min(len(variants), maxNearest)]
}

// nearestFormats returns the formats that every browser that shows the requested one also
// shows. A format in which an animation of the source would stop is left out.
func nearestFormats(asked, own calotype.Format) []calotype.Format {
	var formats []calotype.Format
	if asked == calotype.AVIF || asked == calotype.JXL {
		formats = append(formats, calotype.WebP)
	}
	if asked == calotype.WebP || len(formats) > 0 {
		switch own.Own() {
		case calotype.JPEG, calotype.PNG:
			formats = append(formats, own.Own())
		case calotype.BMP:
			formats = append(formats, calotype.JPEG)
		}
	}
	return formats
}

// aspectTolerance is the maximum ratio of two aspect ratios that count as the same, for
// boxes that are rounded to whole pixels: 854x480 and 1280x720.
const aspectTolerance = 1.01

// nearestPresets returns the presets with the same aspect ratio and the same options apart from
// the quality: the nearest larger ones first, then smaller ones of at least half the width.
func (r Rules) nearestPresets(name string) []string {
	preset, _ := r.Presets.Lookup(name)
	var larger, smaller []calotype.Preset
	for _, p := range r.Presets {
		switch {
		case p.Name == name || p.Options.WithoutQuality() != preset.Options.WithoutQuality() || !sameAspectRatio(p.Wide, preset.Wide) || !sameAspectRatio(p.Tall, preset.Tall):
		case p.Wide.Width >= preset.Wide.Width:
			larger = append(larger, p)
		case 2*p.Wide.Width >= preset.Wide.Width:
			smaller = append(smaller, p)
		}
	}
	byWidth := func(a, b calotype.Preset) int { return cmp.Compare(a.Wide.Width, b.Wide.Width) }
	slices.SortStableFunc(larger, byWidth)
	slices.SortStableFunc(smaller, func(a, b calotype.Preset) int { return byWidth(b, a) })
	var names []string
	for _, p := range append(larger, smaller...) {
		names = append(names, p.Name)
	}
	return names
}

// sameAspectRatio reports whether two boxes have the same aspect ratio, within
// aspectTolerance.
func sameAspectRatio(a, b calotype.Box) bool {
	x, y := float64(a.Width)*float64(b.Height), float64(b.Width)*float64(a.Height)
	return max(x, y) <= aspectTolerance*min(x, y)
}

// firstStep returns the resolution that serves the rendition of [Decision.First]. If it is
// only a copy of the source, the upgrade would be one too, and is not asked for.
func (r Rules) firstStep(v calotype.Variant, o Observation, enqueue bool) Resolution {
	if o.Lineage.IsWholeCopy() {
		if r.Pending == PendingNone {
			return hidden(Resolution{Why: "the rendition is a copy of the original"}, false)
		}
		return Resolution{Serve: ServeNearest, Nearest: v, State: StateKept, Why: v.String() + " is a copy of the original"}
	}
	return Resolution{
		Serve: ServeNearest, Nearest: v, State: NearestState(v), CacheControl: UpgradeCacheControl,
		Enqueue: enqueue, Upgrade: enqueue, Why: v.String() + " exists, and a better format takes its place",
	}
}

// isCurrent reports whether a variant's rendition was made from the current source.
func (r Rules) isCurrent(v calotype.Variant, o, source Observation) bool {
	preset, _ := r.Presets.Lookup(v.Preset)
	return o.Status == Found && source.Status == Found &&
		o.Lineage.Staleness(calotype.Target{SourceETag: source.ETag, Preset: preset, Focal: source.Focal}) == calotype.Current
}

// isServable reports whether a variant's rendition may be served for the requested one.
func (r Rules) isServable(d Decision, v calotype.Variant, o, source Observation) bool {
	l := o.Lineage
	switch {
	case l.Damaged, l.IsWholeCopy():
		return false
	case v.Format == "" && d.Variant.Format != "" && l.Recipe.Format != calotype.JPEG && l.Recipe.Format != calotype.PNG:
		return false // The source's content is not what its extension says.
	case v.Format != "" && v.Format != l.Recipe.Format:
		return false
	}
	return r.isCurrent(v, o, source)
}

// whilePending returns the resolution of a request whose rendition is not served.
func (r Rules) whilePending(d Decision, source Observation, nearest []Observation, enqueue bool, why string) Resolution {
	inspect := Resolution{Serve: InspectSource}
	variants := r.Nearest(d)
	if enqueue && len(variants) > len(nearest) && (source.Status == NotInspected || source.Status == Found) && source.Lineage.SourceETag == "" {
		inspect.Serve = InspectNearest
		return inspect
	}
	if source.Status == NotInspected && enqueue && (len(variants) == 0 || r.Pending == PendingNone) {
		return inspect
	}
	resolution := original(source, pending(enqueue, why))
	if resolution.Serve != ServeSource {
		return resolution
	}
	first := d.First != (calotype.Variant{}) && len(nearest) > 0 && r.isCurrent(d.First, nearest[0], source)
	if r.Pending == PendingNone && !first {
		return hidden(Resolution{Enqueue: resolution.Enqueue, Why: resolution.Why}, resolution.State == StatePending)
	}
	if resolution.State != StatePending {
		return resolution
	}
	for i, v := range variants[:min(len(variants), len(nearest))] {
		if v == d.First && r.isCurrent(v, nearest[i], source) {
			return r.firstStep(v, nearest[i], enqueue)
		}
		if r.isServable(d, v, nearest[i], source) {
			resolution.Serve, resolution.State, resolution.Nearest = ServeNearest, NearestState(v), v
			resolution.Why += "; " + v.String() + " is the nearest that is current"
			break
		}
	}
	return resolution
}

// hidden returns the 404 of [PendingNone]. If the rendition will exist, its state says so.
func hidden(r Resolution, willExist bool) Resolution {
	r.Serve, r.CacheControl = ServeNotFound, NotFoundCacheControl
	if willExist {
		r.State = StateHidden
	}
	r.Why += "; originals are not served"
	return r
}
