package origin

import (
	"context"
	"net/http"

	"calotype/edge"
)

// check inspects the source of a rendition, if the rules ask for that. It runs while
// the rendition is opened, so that it adds no latency.
type check struct {
	cancel context.CancelFunc
	done   chan struct{} // Closed once source is set; nil if nothing was started.
	source edge.Observation
}

func (o *Origin) checkSource(r *http.Request, d edge.Decision) *check {
	c := &check{cancel: func() {}}
	if !o.rules.CheckSource {
		return c
	}
	var ctx context.Context
	ctx, c.cancel = context.WithTimeout(r.Context(), o.bucket.timeouts.rendition)
	c.done = make(chan struct{})
	go func() {
		defer close(c.done)
		c.source, _ = o.bucket.inspect(ctx, d.Source) // If it fails, the rendition is served.
	}()
	return c
}

// wait returns what is known about the source.
func (c *check) wait() edge.Observation {
	if c.done != nil {
		<-c.done
	}
	return c.source
}

// stop cancels the check and waits for its goroutine.
func (c *check) stop() {
	c.cancel()
	c.wait()
}
