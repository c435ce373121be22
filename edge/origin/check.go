package origin

import (
	"context"
	"errors"
	"io/fs"
	"net/http"

	"calotype"
	"calotype/edge"
)

// check compares a rendition with its source as it is now, if that is asked for. It
// looks at the source beside the look at the rendition, so that it costs no time.
type check struct {
	rules    edge.Rules
	decision edge.Decision
	cancel   context.CancelFunc
	looked   chan struct{} // Closed when etag and err are there; nil if nobody looks.
	etag     string
	err      error
}

func (o *Origin) checkSource(r *http.Request, d edge.Decision) *check {
	c := &check{rules: o.rules, decision: d, cancel: func() {}}
	if !o.rules.CheckSource {
		return c
	}
	var ctx context.Context
	ctx, c.cancel = context.WithTimeout(r.Context(), renditionPatience)
	c.looked = make(chan struct{})
	go func() {
		defer close(c.looked)
		c.etag, c.err = o.bucket.version(ctx, d.Source)
	}()
	return c
}

// passes reports whether a rendition is one of the source as it is. Where nothing can
// be said of the source, the rendition will do.
func (c *check) passes(rendition calotype.Lineage) bool {
	if c.looked == nil {
		return true
	}
	<-c.looked
	if c.err != nil {
		return !errors.Is(c.err, fs.ErrNotExist)
	}
	return c.rules.Staleness(c.decision, rendition, c.etag) == calotype.Current
}

// end ends the look, wherever it is.
func (c *check) end() {
	c.cancel()
	if c.looked != nil {
		<-c.looked
	}
}
