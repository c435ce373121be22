package origin

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"calotype"
	"calotype/edge"
)

// view is one request for a picture while the response is being made.
type view struct {
	*Origin
	w        *response
	r        *http.Request
	decision edge.Decision
	deadline time.Time // For the store, of all its calls together.
}

// serveVariant serves a request for a rendition. Here a missing rendition becomes a job.
// If the rendition cannot be served the viewer gets the source, unless that cannot be read
// either or [edge.PendingNone] is set.
func (v view) serveVariant() {
	check := v.checkSource(v.r, v.decision)
	defer check.stop()
	rendition, err := v.bucket.open(v.r, v.decision.Rendition, v.bucket.timeouts.rendition)
	if err == nil {
		defer rendition.Close()
		if isHTML(rendition.header.Get("Content-Type")) {
			err = fmt.Errorf("open %s: %w: it is HTML", v.decision.Rendition, errNotAnObject)
		}
	}
	observed, source := observe(rendition, err), edge.Observation{}
	v.note("open rendition", v.decision.Rendition, err)
	if observed.Status == edge.Found {
		source = check.wait()
	}
	nearest := []edge.Observation(nil)
	resolution := v.rules.Resolve(v.decision, observed, source)
	switch resolution.Serve {
	case edge.InspectNearest:
		source, nearest = v.inspectNearest(source, v.rules.Nearest(v.decision))
		resolution = v.rules.Resolve(v.decision, observed, source, nearest...)
	case edge.InspectSource:
		if v.rules.Pending == edge.PendingNone { // Its bytes are not needed.
			source, _ = v.inspectNearest(source, nil)
			resolution = v.rules.Resolve(v.decision, observed, source)
		}
	}
	switch resolution.Serve {
	case edge.ServeRendition:
		v.serve(rendition, resolution)
	case edge.ServeNearest:
		v.serveNearest(observed, source, resolution)
	case edge.ServeNotFound, edge.ServeUnavailable:
		v.refuse(resolution)
	default:
		v.serveSource(observed, source, nearest)
	}
}

// inspectNearest sends a HEAD for the renditions of variants, and for the source unless it
// was inspected, all in parallel.
func (v view) inspectNearest(source edge.Observation, variants []calotype.Variant) (edge.Observation, []edge.Observation) {
	ctx, cancel := context.WithTimeoutCause(v.r.Context(), min(v.bucket.timeouts.rendition, time.Until(v.deadline)), errTimeout)
	defer cancel()
	nearest := make([]edge.Observation, len(variants))
	var inspections sync.WaitGroup
	for i, variant := range variants {
		inspections.Go(func() {
			nearest[i], _ = v.bucket.inspect(ctx, v.rules.Prefix.RenditionKey(variant, v.decision.Source)) // If it fails, another is served.
		})
	}
	if source.Status == edge.NotInspected {
		var err error
		source, err = v.bucket.inspect(ctx, v.decision.Source)
		v.note("inspect source", v.decision.Source, err)
	}
	inspections.Wait()
	return source, nearest
}

// serveNearest opens another rendition and serves it. If that fails, or if it became a copy
// of the source meanwhile, the response is the one without it.
func (v view) serveNearest(rendition, source edge.Observation, resolution edge.Resolution) {
	key := v.rules.Prefix.RenditionKey(resolution.Nearest, v.decision.Source)
	nearest, err := v.bucket.open(v.r, key, min(v.bucket.timeouts.rendition, time.Until(v.deadline)))
	v.note("open nearest rendition", key, err)
	replaced := false // Since it was inspected.
	if err == nil {
		defer nearest.Close()
		replaced = nearest.lineage.IsWholeCopy() && resolution.State != edge.StateKept
	}
	if err != nil || replaced {
		none := make([]edge.Observation, len(v.rules.Nearest(v.decision)))
		if rendition.Status == edge.Found {
			rendition = edge.Observation{Status: edge.Missing} // It is a fallback copy: the source is as good.
		}
		v.serveSource(rendition, source, none)
		return
	}
	if resolution.Enqueue {
		v.enqueue(v.r, v.decision, resolution.Upgrade)
	}
	v.serve(nearest, resolution)
}

// serveSource opens the source and responds as [edge.Rules.Resolve] says. The nearest
// renditions were inspected before; none of them is served.
func (v view) serveSource(rendition, inspected edge.Observation, nearest []edge.Observation) {
	if d := v.decision; d.Verdict != edge.Resize {
		if resolution := v.rules.Resolve(d, rendition, inspected); resolution.Serve != edge.ServeSource {
			v.refuse(resolution)
			return
		}
	}
	source, err := v.bucket.open(v.r, v.decision.Source, time.Until(v.deadline))
	if err == nil {
		defer source.Close()
	}
	v.note("open source", v.decision.Source, err)
	resolution := v.rules.Resolve(v.decision, rendition, observe(source, err), nearest...)
	if resolution.Serve != edge.ServeSource {
		v.refuse(resolution)
		return
	}
	if resolution.Enqueue {
		v.enqueue(v.r, v.decision, resolution.Upgrade)
	}
	v.serve(source, resolution)
}

// refuse responds with 404 or 502. A 404 may be for a rendition that will exist.
func (v view) refuse(resolution edge.Resolution) {
	if resolution.Enqueue {
		v.enqueue(v.r, v.decision, resolution.Upgrade)
	}
	h := v.w.Header()
	h.Set("Cache-Control", resolution.CacheControl)
	h.Set(edge.StateHeader, cmp.Or(resolution.State, edge.StateNone))
	switch {
	case resolution.Serve == edge.ServeNotFound:
		http.NotFound(v.w, v.r)
	case v.r.Context().Err() == nil: // Otherwise the viewer has disconnected.
		http.Error(v.w, "the picture cannot be read from the store", http.StatusBadGateway)
	}
}

// note records how the store responded to a call. A missing object is a success. A call
// that the viewer cancelled is ignored.
func (v view) note(message, key string, err error) {
	switch {
	case err == nil, missing(err):
		v.succeeded()
	case v.r.Context().Err() == nil:
		v.failed(message, v.decision.Source, key, err)
	}
}

func (v view) serve(o *object, resolution edge.Resolution) {
	if err := o.serve(v.w, v.r, resolution); err != nil {
		v.w.cut = true
		v.failed("response cut", v.decision.Source, o.key, err)
	}
}

func (v view) notFound() {
	v.refuse(edge.Resolution{Serve: edge.ServeNotFound, CacheControl: edge.NotFoundCacheControl})
}
