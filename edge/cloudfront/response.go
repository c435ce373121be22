package cloudfront

import (
	"maps"
	"slices"
	"strings"

	"calotype"
	"calotype/edge"
)

// handleResponse sets the X-Calotype header of an origin's response, and the short
// Cache-Control of a pending original and of a missing object. It depends on this event
// alone: origin-request may have failed and hands nothing over.
func (f *Function) handleResponse(e event) Step {
	a := Answer{Set: []Header{noSniff}}
	origin := e.Request.origin()
	s, err := parseSettings(origin.CustomHeaders)
	if f.rules(s).IsAuto(e.Request.Querystring) {
		a.Set = append(a.Set, varyAccept)
	}
	switch e.Response.Status {
	case "200", "206", "304":
	case "403", "404":
		a.Set = append(a.Set, Header{"Cache-Control", edge.NotFoundCacheControl}, Header{edge.StateHeader, edge.StateNone})
		return Step{Answer: &a}
	default:
		return Step{Answer: &a}
	}
	if err != nil {
		a.Fault, a.Detail = "settings", err.Error()
		if s.prefix == "" {
			s.prefix = "resized" // A guess is good enough to recognise a pending original.
		}
	}
	names, meta := metadata(e.Response.Headers)
	a.Remove = names
	d, from, redirected := f.decideServed(e.Request, s, origin.Path)
	if s.cacheTag != "" && d.Source != "" {
		a.Set = append(a.Set, Header{s.cacheTag, calotype.CacheTag(d.Source)})
	}
	_, isPicture := calotype.FormatOfKey(d.Source)
	if !isPicture && s.pending != edge.PendingNone {
		return Step{Answer: &a}
	}
	r := f.resolveServed(d, s, from, redirected, calotype.ParseLineage(meta))
	switch {
	case r.State == edge.StateHidden:
		return a.refused(f.refuse(e, s, hidden))
	case r.Serve == edge.ServeNotFound:
		return a.refused(f.refuse(e, s, notFound))
	}
	a.Set = append(a.Set, Header{edge.StateHeader, r.State})
	if r.CacheControl != "" {
		a.Set = append(a.Set, Header{"Cache-Control", r.CacheControl})
	}
	if stored := e.Response.Headers.get("content-type"); stored != "" && stored != edge.ContentType(stored) {
		a.Set = append(a.Set, Header{"Content-Type", edge.ContentType(stored)})
	}
	return Step{Answer: &a}
}

// refused adds the answer's fault to a step that responds with 404.
func (a Answer) refused(step Step) Step {
	step.Answer.Fault, step.Answer.Detail = a.Fault, a.Detail
	return step
}

// resolveServed finds out which resolution origin-request must have had, given the variant
// that it redirected to and the lineage of the object.
func (f *Function) resolveServed(d edge.Decision, s settings, from calotype.Variant, redirected bool, lineage calotype.Lineage) edge.Resolution {
	rendition, source := edge.Observation{Status: edge.Missing}, edge.Observation{Status: edge.Found}
	rules := f.rules(s)
	rules.CheckSource = false // origin-request did.
	variants := rules.Nearest(d)
	if !redirected {
		candidates := append([]calotype.Variant{d.Variant}, variants...)
		if i := slices.IndexFunc(candidates, func(v calotype.Variant) bool { return f.madeFor(v, lineage) }); i >= 0 {
			from, redirected = candidates[i], true
		}
	}
	nearest := make([]edge.Observation, len(variants)) // By default none was served.
	switch served := (edge.Observation{Status: edge.Found, Lineage: lineage}); {
	case !redirected:
		source.Lineage = lineage
	case from == d.Variant:
		rendition = served
	default:
		source.ETag, source.Focal = lineage.SourceETag, lineage.Focal
		nearest[slices.Index(variants, from)] = served
	}
	return rules.Resolve(d, rendition, source, nearest...)
}

// decideServed reads a request as it was sent to the origin. It reports whether
// origin-request redirected it, and to which variant.
func (f *Function) decideServed(r eventRequest, s settings, path string) (d edge.Decision, to calotype.Variant, redirected bool) {
	if rest, ok := strings.CutPrefix(path, originPath(string(s.prefix))+"/"); ok {
		name, own, _ := strings.Cut(rest, "/")
		if own != "" {
			own = "/" + own
		}
		to, err := calotype.ParseVariant(name)
		if d := f.decide(r, s, own); err == nil && d.Verdict == edge.Resize && (to == d.Variant || slices.Contains(f.rules(s).Nearest(d), to)) {
			return d, to, true
		}
	}
	return f.decide(r, s, path), calotype.Variant{}, false
}

// madeFor reports whether an object's lineage says that it is the rendition of a variant. It
// counts if the event does not contain the path that origin-request set. The box must match
// too, because a rendition may have been copied to a source's key.
func (f *Function) madeFor(v calotype.Variant, l calotype.Lineage) bool {
	p, ok := f.Presets.Lookup(v.Preset)
	return ok && l.SourceETag != "" && l.Recipe.Boxes == p.Signature() && (v.Format == "" || v.Format == l.Recipe.Format)
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
