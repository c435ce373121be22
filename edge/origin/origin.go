// Package origin serves pictures over HTTP from a bucket: the rendition where it
// exists, and otherwise the source at once, while a job for the rendition is
// enqueued. It is an origin for any CDN or load balancer, and the edge of one
// machine. What a request asks for it leaves to package edge; it resizes nothing.
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

// How long a viewer waits for a store that does not answer, at most: for a look at
// the rendition, after which the source is tried; for the source; and for the
// enqueue, behind the picture.
const (
	renditionPatience = 2 * time.Second
	sourcePatience    = 10 * time.Second
	enqueuePatience   = 5 * time.Second
)

// viewerPatience is how long a viewer may take nothing of an answer before it is cut
// off. It is longer than a store may be silent in the midst of one.
const viewerPatience = 2 * time.Minute

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

// New returns an origin for a bucket, which sends its jobs to a queue.
func New(rules edge.Rules, client *s3.Client, name string, jobs *queue.Queue, log zerolog.Logger) *Origin {
	return &Origin{rules: rules, bucket: bucket{client, name}, jobs: jobs, log: log, metrics: newMetrics()}
}

// ServeHTTP answers GET and HEAD of keys with a picture's extension; all else, and
// what is under the resized prefix, is not found.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w, done := o.metrics.watch(w)
	defer done()
	if r.ContentLength != 0 {
		// Or else the server reads the body first, which may never come.
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
		o.serveSource(w, r, d, edge.StateUntouched)
	}
}

// serveVariant is where a missing picture becomes a job. Whatever fails on the way,
// the viewer gets the source.
func (o *Origin) serveVariant(w http.ResponseWriter, r *http.Request, d edge.Decision) {
	check := o.checkSource(r, d)
	defer check.end()
	rendition, err := o.bucket.open(r, d.Rendition, renditionPatience)
	if err == nil {
		defer rendition.Close()
	}
	if err == nil && check.passes(rendition.lineage) {
		state := edge.StateRendition
		if rendition.kept() {
			state = edge.StateKept
		}
		rendition.serve(w, r, state, rendition.cacheControl)
		return
	}
	if err != nil && !missing(err) {
		o.log.Warn().Err(err).Str("rendition", d.Rendition).Msg("look for rendition")
		o.serveSource(w, r, d, edge.StatePending)
		return
	}
	source, err := o.bucket.open(r, d.Source, sourcePatience)
	if err != nil {
		o.serveError(w, r, d, err)
		return
	}
	defer source.Close()
	o.enqueue(r, d)
	source.serve(w, r, edge.StatePending, edge.PendingCacheControl)
}

func (o *Origin) serveSource(w http.ResponseWriter, r *http.Request, d edge.Decision, state string) {
	source, err := o.bucket.open(r, d.Source, sourcePatience)
	if err != nil {
		o.serveError(w, r, d, err)
		return
	}
	defer source.Close()
	cacheControl := source.cacheControl
	if state == edge.StatePending {
		cacheControl = edge.PendingCacheControl
	}
	source.serve(w, r, state, cacheControl)
}

// serveError answers for a source that cannot be had.
func (o *Origin) serveError(w http.ResponseWriter, r *http.Request, d edge.Decision, err error) {
	switch {
	case missing(err):
		http.NotFound(w, r)
	case r.Context().Err() != nil: // The viewer left.
	default:
		o.log.Error().Err(err).Str("source", d.Source).Msg("open source")
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "the picture's store does not answer", http.StatusBadGateway)
	}
}

// enqueue sends the job beside the answer, unless it was sent a moment ago. Neither
// does the viewer wait for it, nor take it along in leaving.
func (o *Origin) enqueue(r *http.Request, d edge.Decision) {
	if !o.dedupe.Add(d.Rendition, time.Now()) {
		o.metrics.enqueued(enqueuedRemembered)
		return
	}
	job, ctx := d.Job(requestID(r)), context.WithoutCancel(r.Context())
	o.sends.Go(func() { // The request itself is the handler's alone.
		ctx, cancel := context.WithTimeout(ctx, enqueuePatience)
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

// Wait waits for the jobs that are being sent. It is for the time after the last
// answer.
func (o *Origin) Wait() { o.sends.Wait() }

// requestID is what the CDN or load balancer calls the request, or else a name of our
// own, by which the logs of edge and worker can be put together.
func requestID(r *http.Request) string {
	const most = 128
	for _, name := range []string{"X-Amz-Cf-Id", "X-Request-Id", "X-Amzn-Trace-Id"} {
		if id := r.Header.Get(name); id != "" && len(id) <= most {
			return id
		}
	}
	return rand.Text()
}

// missing reports whether a store's answer means that there is no such object.
// Without s3:ListBucket, S3 says 403 where it would say 404.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}
