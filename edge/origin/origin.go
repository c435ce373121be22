// Package origin serves pictures over HTTP from a bucket: the rendition if it exists,
// otherwise the source at once, while it enqueues a job for the rendition. It is an
// origin for any CDN or load balancer. Package edge decides what a request asks for
// and what answers it; origin resizes nothing.
package origin

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/queue"
)

// The maximum waits for a store or queue that does not respond: for the rendition,
// after which the source is tried; for the source; and for the enqueue, which no viewer
// waits for.
const (
	renditionTimeout = 2 * time.Second
	sourceTimeout    = 10 * time.Second
	enqueueTimeout   = 5 * time.Second
)

// viewerTimeout is how long a viewer may read nothing of a response before it is
// disconnected. It is longer than a store may pause within an object.
const viewerTimeout = 2 * time.Minute

// Origin is an [http.Handler] that serves the pictures of one bucket.
type Origin struct {
	rules   edge.Rules
	bucket  bucket
	jobs    *queue.Queue
	dedupe  edge.Dedupe
	sends   sync.WaitGroup
	log     zerolog.Logger
	metrics *metrics
}

// New returns an origin for a bucket that sends its jobs to a queue.
func New(rules edge.Rules, client *s3.Client, name string, jobs *queue.Queue, log zerolog.Logger) *Origin {
	return &Origin{rules: rules, bucket: bucket{client, name}, jobs: jobs, log: log, metrics: newMetrics()}
}

// ServeHTTP answers GET and HEAD of keys with a picture's extension. Other keys, and
// those under the resized prefix, are not found.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w, done := o.metrics.watch(w)
	defer done()
	if r.ContentLength != 0 {
		// Otherwise the server first reads the body, which may never arrive.
		w.Header().Set("Connection", "close")
	}
	d := o.rules.Decide(edge.Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery})
	_, isPicture := calotype.FormatOfKey(d.Source)
	switch {
	case d.Verdict == edge.NotFound, !isPicture:
		http.NotFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
	case d.Verdict == edge.Resize:
		o.serveVariant(w, r, d)
	default:
		o.serveSource(w, r, d, edge.Observation{})
	}
}

// serveVariant answers a request for a rendition. It is where a missing picture becomes
// a job. Whatever fails, the viewer gets the source.
func (o *Origin) serveVariant(w http.ResponseWriter, r *http.Request, d edge.Decision) {
	check := o.checkSource(r, d)
	defer check.stop()
	rendition, err := o.bucket.open(r, d.Rendition, renditionTimeout)
	if err == nil {
		defer rendition.Close()
	}
	observed, source := observe(rendition, err), edge.Observation{}
	if observed.Status == edge.Unknown {
		o.log.Warn().Err(err).Str("rendition", d.Rendition).Msg("open rendition")
	}
	if observed.Status == edge.Found {
		source = check.wait()
	}
	resolution := o.rules.Resolve(d, observed, source)
	if resolution.Serve == edge.ServeRendition {
		rendition.serve(w, r, resolution)
		return
	}
	if resolution.Serve == edge.ServeNotFound {
		http.NotFound(w, r)
		return
	}
	o.serveSource(w, r, d, observed)
}

// serveSource opens the source and answers as [edge.Rules.Resolve] says.
func (o *Origin) serveSource(w http.ResponseWriter, r *http.Request, d edge.Decision, rendition edge.Observation) {
	source, err := o.bucket.open(r, d.Source, sourceTimeout)
	if err == nil {
		defer source.Close()
	}
	resolution := o.rules.Resolve(d, rendition, observe(source, err))
	switch resolution.Serve {
	case edge.ServeNotFound:
		http.NotFound(w, r)
		return
	case edge.ServeUnavailable:
		if r.Context().Err() != nil {
			return // The viewer has gone.
		}
		o.log.Error().Err(err).Str("source", d.Source).Msg("open source")
		w.Header().Set("Cache-Control", resolution.CacheControl)
		http.Error(w, "the store of this picture does not respond", http.StatusBadGateway)
		return
	}
	if resolution.Enqueue {
		o.enqueue(r, d)
	}
	source.serve(w, r, resolution)
}

// enqueue sends the job in the background unless it was sent in the last minute. The
// viewer neither waits for it nor can cancel it.
func (o *Origin) enqueue(r *http.Request, d edge.Decision) {
	if !o.dedupe.Add(d.Rendition, time.Now()) {
		o.metrics.enqueued(enqueuedRemembered)
		return
	}
	job, ctx := d.Job(requestID(r)), context.WithoutCancel(r.Context())
	o.sends.Go(func() { // The request must not be used after the handler returns.
		ctx, cancel := context.WithTimeout(ctx, enqueueTimeout)
		defer cancel()
		if err := o.jobs.Send(ctx, job.Encode(), 0); err != nil {
			o.dedupe.Remove(d.Rendition) // The next view tries again.
			o.metrics.enqueued(enqueuedFailed)
			o.log.Error().Err(err).Str("source", d.Source).Stringer("variant", d.Variant).Str("request", job.Request).Msg("enqueue")
			return
		}
		o.metrics.enqueued(enqueuedSent)
		o.log.Info().Str("source", d.Source).Stringer("variant", d.Variant).Str("request", job.Request).Msg("enqueue")
	})
}

// Wait waits until the jobs being sent are sent. Call it after the last request.
func (o *Origin) Wait() { o.sends.Wait() }

// requestID returns the id that the CDN or load balancer gave the request, or a new one.
// It links the logs of edge and worker.
func requestID(r *http.Request) string {
	const maxLength = 128
	for _, name := range []string{"X-Amz-Cf-Id", "X-Request-Id", "X-Amzn-Trace-Id"} {
		if id := r.Header.Get(name); id != "" && len(id) <= maxLength {
			return id
		}
	}
	return rand.Text()
}

// observe translates what came of opening an object.
func observe(o *object, err error) edge.Observation {
	switch {
	case err == nil:
		return edge.Observation{Status: edge.Found, ETag: o.etag, Lineage: o.lineage}
	case errors.Is(err, fs.ErrNotExist):
		return edge.Observation{Status: edge.Missing}
	case errors.Is(err, fs.ErrPermission):
		return edge.Observation{Status: edge.Denied}
	}
	return edge.Observation{Status: edge.Unknown}
}
