// Package origin serves pictures over HTTP from a bucket: the rendition if it exists,
// otherwise the source at once, while it enqueues a job for the rendition. It is an
// origin for any CDN or load balancer. Package edge decides what a request asks for
// and what is served; origin resizes nothing.
package origin

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/edge"
	"calotype/internal/s3direct"
	"calotype/queue"
)

// timeouts are the maximum waits for a store or queue that does not respond.
type timeouts struct {
	store     time.Duration // For all calls of a request together: the viewer waits for them.
	rendition time.Duration // The part of store for the rendition, after which the source is tried.
	probe     time.Duration
	enqueue   time.Duration // No viewer waits for it.
}

var defaultTimeouts = timeouts{store: 3 * time.Second, rendition: 1500 * time.Millisecond, probe: time.Second, enqueue: 5 * time.Second}

// maxBackoff limits the wait between two attempts of a call.
const maxBackoff = 200 * time.Millisecond

// viewerTimeout is how long a viewer may read nothing of a response before it is
// disconnected. It is longer than a store may pause within an object.
const viewerTimeout = 2 * time.Minute

// Origin is an [http.Handler] that serves the pictures of one bucket.
type Origin struct {
	rules    edge.Rules
	bucket   bucket
	jobs     *queue.Queue
	lowJobs  *queue.Queue // nil if there is none.
	dedupe   edge.Dedupe
	budget   edge.Budget
	limits   edge.Limits
	allowed  string   // The Access-Control-Allow-Origin; empty for none.
	cacheTag string   // The header with the tag; empty for none.
	secrets  []string // Of requests that were rewritten; without one there are none.
	health   health   // The health of the store.
	queue    outage
	sends    sync.WaitGroup
	log      zerolog.Logger
	metrics  *metrics

	budgetLogged atomic.Int64 // When it was last logged that the budget is used up, in Unix seconds.
}

// Settings are an operator's settings. Zero fields have defaults.
type Settings struct {
	// MaxSourceJobs and MaxJobs limit the jobs sent in a minute, for one source and in
	// total; by default [edge.DefaultSourceJobs] and [edge.DefaultTotalJobs].
	MaxSourceJobs, MaxJobs int
	// AllowOrigin is the website whose pages may read pictures and their timing, or "*" for
	// all; by default none may. It is a constant of the response, which therefore does not
	// depend on the request's Origin.
	AllowOrigin string
	// CacheTag is the header that names a source's tag for a CDN that invalidates by tags,
	// such as Cache-Tag; by default there is none.
	CacheTag string
	// Secrets are the values of [SecretHeader] with which a path is a rendition's key, by
	// [edge.Rules.DecideRewritten]; by default such a path is not found. Two are valid
	// while one replaces the other.
	Secrets []string
	// LowPriority is the queue for jobs that no viewer waits for; by default the queue for
	// all jobs.
	LowPriority *queue.Queue
}

// New returns an origin for a bucket that sends its jobs to a queue.
func New(rules edge.Rules, client *s3.Client, name string, jobs *queue.Queue, log zerolog.Logger, settings Settings) *Origin {
	// The SDK waits up to 20 s between attempts, longer than a viewer.
	client = s3.New(client.Options(), func(options *s3.Options) {
		options.Retryer = retry.AddWithMaxBackoffDelay(options.Retryer, maxBackoff)
	})
	return &Origin{
		rules:    rules,
		bucket:   bucket{client, s3direct.New(client, name), name, &reason{}, defaultTimeouts},
		jobs:     jobs,
		lowJobs:  settings.LowPriority,
		limits:   edge.Limits{PerSource: settings.MaxSourceJobs, Total: settings.MaxJobs},
		allowed:  settings.AllowOrigin,
		cacheTag: settings.CacheTag,
		secrets:  settings.Secrets,
		log:      log,
		metrics:  newMetrics(),
	}
}

// ServeHTTP serves GET and HEAD of keys with an image file extension. Other keys, and
// those under the resized prefix, are not found.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	observed, done := o.metrics.observe(w)
	defer done()
	observed.Header().Set("X-Content-Type-Options", "nosniff")
	if o.allowed != "" {
		setCrossOrigin(observed.Header(), o.allowed)
	}
	if r.ContentLength != 0 {
		// Otherwise the server first reads the body, which may never arrive.
		observed.Header().Set("Connection", "close")
	}
	if o.rules.IsAuto(r.URL.RawQuery) {
		observed.Header().Set("Vary", "Accept")
	}
	decide := o.rules.Decide
	if o.isRewritten(r) {
		decide = o.rules.DecideRewritten
	}
	d := decide(edge.Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Accept: strings.Join(r.Header.Values("Accept"), ","),
	})
	if o.cacheTag != "" && d.Source != "" {
		observed.Header().Set(o.cacheTag, calotype.CacheTag(d.Source))
	}
	_, isPicture := calotype.FormatOfKey(d.Source)
	v := view{Origin: o, w: observed, r: r, decision: d, deadline: time.Now().Add(o.bucket.timeouts.store)}
	switch {
	case d.Verdict == edge.NotFound, !isPicture:
		v.notFound()
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		observed.Header().Set("Allow", "GET, HEAD")
		observed.Header().Set(edge.StateHeader, edge.StateNone)
		http.Error(observed, "only GET and HEAD", http.StatusMethodNotAllowed)
	case d.Verdict == edge.Resize:
		v.serveVariant()
	case d.Verdict == edge.Info:
		v.serveInfo()
	default:
		v.serveSource(edge.Observation{}, edge.Observation{}, nil)
	}
}

// setCrossOrigin lets pages of other websites read the response, the state that it has, and
// its timing. A page with Cross-Origin-Embedder-Policy shows it too.
func setCrossOrigin(h http.Header, allowed string) {
	h.Set("Access-Control-Allow-Origin", allowed)
	h.Set("Access-Control-Expose-Headers", edge.StateHeader)
	h.Set("Timing-Allow-Origin", allowed)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// Wait waits until the jobs being sent are sent. Call it after the last request.
func (o *Origin) Wait() { o.sends.Wait() }
