package edge

import (
	"maps"
	"slices"
	"strings"

	"calotype"
)

// response gives an origin's answer its state and, where the original stands in
// for a rendition, its short life. It goes by its event alone: nothing needs to be
// handed over from origin-request, which may have failed.
func (t *Trigger) response(e event) Step {
	switch e.Response.Status {
	case "200", "206", "304":
	default:
		return pass()
	}
	var a Answer
	origin := e.Request.origin()
	s, mistakes := parseSettings(origin.CustomHeaders)
	if mistakes != nil {
		a.Fault, a.Detail = "settings", mistakes.Error()
		if s.prefix == "" {
			s.prefix = "resized" // To tell what may be a stand-in, a guess will do.
		}
	}
	names, meta := metadata(e.Response.Headers)
	a.Remove = names
	d, pointed := t.decideAnswered(e.Request, s, origin.Path)
	lineage := calotype.ParseLineage(meta)
	_, isPicture := calotype.FormatOfKey(d.Source)
	switch {
	case d.Verdict == Resize && (pointed || t.madeFor(d, lineage)):
		state := StateRendition
		if lineage.CopyReason != "" {
			state = StateKept
		}
		a.Set = []Header{{StateHeader, state}}
	case d.Verdict == Resize:
		a.Set = []Header{{StateHeader, StatePending}, {"Cache-Control", PendingCacheControl}}
	case isPicture:
		a.Set = []Header{{StateHeader, StateUntouched}}
	}
	return Step{Answer: &a}
}

// decideAnswered reads the request as it went to the origin, and reports whether it
// was pointed at the rendition.
func (t *Trigger) decideAnswered(r request, s settings, path string) (d Decision, pointed bool) {
	if rest, ok := strings.CutPrefix(path, originPath(string(s.prefix))+"/"); ok {
		variant, own, _ := strings.Cut(rest, "/")
		if own != "" {
			own = "/" + own
		}
		if d := t.decide(r, s, own); d.Verdict == Resize && d.Variant.String() == variant {
			return d, true
		}
	}
	return t.decide(r, s, path), false
}

// madeFor reports whether an answer says of itself that it is the rendition, which
// counts where the event does not show the path that origin-request set. That it
// says so is not enough: somebody may have copied a rendition to a source's key.
func (t *Trigger) madeFor(d Decision, l calotype.Lineage) bool {
	p, ok := t.Presets.Lookup(d.Variant.Preset)
	return ok && l.SourceETag != "" && l.Recipe.Boxes == p.Boxes() && (d.Variant.Format == "" || d.Variant.Format == l.Recipe.Format)
}

// metadata finds S3's user metadata among headers: it is nobody's business.
func metadata(h headers) (names []string, meta map[string]string) {
	meta = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if key, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-meta-"); ok {
			names = append(names, name)
			meta[key] = h.get(name)
		}
	}
	return names, meta
}
