package cloudfront

import (
	"maps"
	"slices"
	"strings"

	"calotype"
	"calotype/edge"
)

// response sets the X-Calotype header of an origin's response, and the short
// Cache-Control of a pending original and of a missing object. It depends on this event alone: origin-request
// may have failed and hands nothing over.
func (t *Trigger) response(e event) Step {
	a := Answer{Set: []Header{noSniff}}
	switch e.Response.Status {
	case "200", "206", "304":
	case "403", "404":
		a.Set = append(a.Set, Header{"Cache-Control", edge.NotFoundCacheControl})
		return Step{Answer: &a}
	default:
		return Step{Answer: &a}
	}
	origin := e.Request.origin()
	s, err := parseSettings(origin.CustomHeaders)
	if err != nil {
		a.Fault, a.Detail = "settings", err.Error()
		if s.prefix == "" {
			s.prefix = "resized" // A guess is good enough to recognise a pending original.
		}
	}
	names, meta := metadata(e.Response.Headers)
	a.Remove = names
	d, redirected := t.decideAnswered(e.Request, s, origin.Path)
	_, isPicture := calotype.FormatOfKey(d.Source)
	if !isPicture {
		return Step{Answer: &a}
	}
	rendition, source := edge.Observation{Status: edge.Missing}, edge.Observation{Status: edge.Found}
	lineage := calotype.ParseLineage(meta)
	if redirected || t.madeFor(d, lineage) {
		rendition = edge.Observation{Status: edge.Found, Lineage: lineage}
	} else {
		source.Lineage = lineage
	}
	rules := t.rules(s)
	rules.CheckSource = false // origin-request did.
	r := rules.Resolve(d, rendition, source)
	a.Set = append(a.Set, Header{edge.StateHeader, r.State})
	if r.CacheControl != "" {
		a.Set = append(a.Set, Header{"Cache-Control", r.CacheControl})
	}
	if stored := e.Response.Headers.get("content-type"); stored != "" && stored != edge.ContentType(stored) {
		a.Set = append(a.Set, Header{"Content-Type", edge.ContentType(stored)})
	}
	return Step{Answer: &a}
}

// decideAnswered reads a request as it was sent to the origin. It reports whether
// origin-request redirected it to the rendition.
func (t *Trigger) decideAnswered(r eventRequest, s settings, path string) (d edge.Decision, redirected bool) {
	if rest, ok := strings.CutPrefix(path, originPath(string(s.prefix))+"/"); ok {
		variant, own, _ := strings.Cut(rest, "/")
		if own != "" {
			own = "/" + own
		}
		if d := t.decide(r, s, own); d.Verdict == edge.Resize && d.Variant.String() == variant {
			return d, true
		}
	}
	return t.decide(r, s, path), false
}

// madeFor reports whether an object's lineage says that it is the requested rendition. It
// counts if the event does not contain the path that origin-request set. The box must match
// too, because a rendition may have been copied to a source's key.
func (t *Trigger) madeFor(d edge.Decision, l calotype.Lineage) bool {
	p, ok := t.Presets.Lookup(d.Variant.Preset)
	return ok && l.SourceETag != "" && l.Recipe.Boxes == p.Boxes() && (d.Variant.Format == "" || d.Variant.Format == l.Recipe.Format)
}

// metadata returns S3's user metadata among headers, and the headers' names. They are
// removed from responses: viewers must not see them.
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
