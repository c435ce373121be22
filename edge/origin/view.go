package origin

import (
	"fmt"
	"net/http"
	"time"

	"calotype/edge"
)

// view is one request for a picture while it is being answered.
type view struct {
	*Origin
	w        *response
	r        *http.Request
	decision edge.Decision
	deadline time.Time // For the store, of all its calls together.
}

// serveVariant serves a request for a rendition. Here a missing picture becomes a job.
// Whatever fails, the viewer gets the source.
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
	resolution := v.rules.Resolve(v.decision, observed, source)
	switch resolution.Serve {
	case edge.ServeRendition:
		v.serve(rendition, resolution)
	case edge.ServeNotFound:
		v.notFound()
	default:
		v.serveSource(observed)
	}
}

// serveSource opens the source and answers as [edge.Rules.Resolve] says.
func (v view) serveSource(rendition edge.Observation) {
	source, err := v.bucket.open(v.r, v.decision.Source, time.Until(v.deadline))
	if err == nil {
		defer source.Close()
	}
	v.note("open source", v.decision.Source, err)
	resolution := v.rules.Resolve(v.decision, rendition, observe(source, err))
	switch resolution.Serve {
	case edge.ServeNotFound:
		v.notFound()
		return
	case edge.ServeUnavailable:
		if v.r.Context().Err() == nil { // Otherwise the viewer has disconnected.
			v.w.Header().Set("Cache-Control", resolution.CacheControl)
			http.Error(v.w, "the store of this picture does not respond", http.StatusBadGateway)
		}
		return
	}
	if resolution.Enqueue {
		v.enqueue(v.r, v.decision)
	}
	v.serve(source, resolution)
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
	v.w.Header().Set("Cache-Control", edge.NotFoundCacheControl)
	http.NotFound(v.w, v.r)
}
