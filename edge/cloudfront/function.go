package cloudfront

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"calotype"
	"calotype/edge"
)

// Function is the edge function. It handles origin-request and origin-response events.
// Whatever fails, it returns the event's own request or response, so that the viewer gets a
// picture.
type Function struct {
	Presets calotype.Presets

	dedupe edge.Dedupe
	budget edge.Budget
}

// Start takes an event as JSON and returns its first step.
func (f *Function) Start(data []byte) Step {
	e, err := parseEvent(data)
	if err != nil {
		return failed("event", err.Error())
	}
	if e.Config.EventType == originResponse {
		return f.handleResponse(e)
	}
	return f.handleRequest(e)
}

// handleRequest redirects an origin-request to the rendition, or leaves it to the original.
// Here a missing rendition becomes a job.
func (f *Function) handleRequest(e event) Step {
	origin := e.Request.origin()
	s, err := parseSettings(origin.CustomHeaders)
	d := f.decide(e.Request, s, origin.Path)
	switch {
	case s.prefix != "" && origin.Path != "" && s.prefix.Contains(origin.Path):
		return failed("settings", fmt.Sprintf("origin path %s is under the renditions' prefix: leave it empty, because the function sets it", origin.Path))
	case s.prefix != "" && d.Verdict == edge.NotFound:
		return f.refuse(e, s, notFound)
	case err != nil:
		return failed("settings", err.Error())
	case d.Verdict != edge.Resize && s.pending == edge.PendingNone:
		return f.refuse(e, s, notFound)
	case d.Verdict != edge.Resize:
		return pass()
	}
	r := request{Function: f, event: e, settings: s, origin: origin, decision: d}
	switch {
	case s.role == roleRendition && r.literalURI() != "":
		return pass() // AWS does not document whether the second origin sees a changed URI.
	case s.role == roleRendition:
		return r.redirect(d.Variant)
	case s.role == roleOriginal:
		return r.resolve()
	case s.checkSource:
		return r.inspect(rendition, source)
	}
	return r.inspect(rendition)
}

// notFound responds to requests for a rendition by its key, and hidden while the rendition
// of an original that is not served does not exist.
var notFound, hidden = response404(edge.StateNone), response404(edge.StateHidden)

// refuse responds with a generated response.
func (f *Function) refuse(e event, s settings, response Response) Step {
	if f.rules(s).IsAuto(e.Request.Querystring) {
		response.Headers = append(slices.Clip(response.Headers), varyAccept)
	}
	return Step{Answer: &Answer{Response: &response}}
}

func response404(state string) Response {
	return Response{
		Status:      "404",
		Description: "Not Found",
		Headers:     []Header{{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", edge.NotFoundCacheControl}, noSniff, {edge.StateHeader, state}},
		Body:        "404 page not found\n",
	}
}

// varyAccept is for caches between CloudFront and the viewer.
var varyAccept = Header{"Vary", "Accept"}

// noSniff keeps browsers from guessing a type other than the Content-Type.
var noSniff = Header{"X-Content-Type-Options", "nosniff"}

// decide reads a request for the key under an origin's path.
func (f *Function) decide(r eventRequest, s settings, path string) edge.Decision {
	return f.rules(s).Decide(edge.Request{Method: r.Method, Path: strings.TrimSuffix(path, "/") + r.URI, Query: r.Querystring, Accept: edge.AcceptOf(r.Querystring)})
}

func (f *Function) rules(s settings) edge.Rules {
	return edge.Rules{Presets: f.Presets, Prefix: s.prefix, Quality: s.quality, CheckSource: s.checkSource, Pending: s.pending, Auto: s.auto, Widths: s.widths}
}

// request is an origin-request for a rendition while it is being decided. results holds
// the results of its HEADs so far, and nearest those of the nearest renditions.
type request struct {
	*Function
	event    event
	settings settings
	origin   eventOrigin
	decision edge.Decision
	results  [2]*Result
	nearest  []edge.Observation
}

// The objects of a request, as indexes of results.
const (
	rendition = iota
	source
)

// inspect sends a HEAD for each of the objects, then resolves the request.
func (r request) inspect(objects ...int) Step {
	keys := [...]string{rendition: r.decision.Rendition, source: r.decision.Source}
	heads := make([]Head, len(objects))
	for i, object := range objects {
		// The metadata of a source says whether it is a rendition.
		// That of a rendition says whether it is a fallback copy, where another may be served.
		version := r.settings.checkSource || object == source || r.settings.pending == edge.PendingNone || r.decision.First != calotype.Variant{}
		heads[i] = Head{Bucket: r.settings.bucket, Key: keys[object], Region: r.region(), Version: version}
	}
	return Step{Heads: heads, next: func(results []Result) Step {
		for i, object := range objects {
			r.results[object] = &results[i]
		}
		return r.resolve()
	}}
}

// inspectNearest sends a HEAD for the nearest renditions, and for the source.
func (r request) inspectNearest() Step {
	var heads []Head
	for _, v := range r.rules(r.settings).Nearest(r.decision) {
		key := r.settings.prefix.RenditionKey(v, r.decision.Source)
		heads = append(heads, Head{Bucket: r.settings.bucket, Key: key, Region: r.region(), Version: true})
	}
	n := len(heads)
	if r.results[source] == nil {
		heads = append(heads, Head{Bucket: r.settings.bucket, Key: r.decision.Source, Region: r.region(), Version: true})
	}
	return Step{Heads: heads, next: func(results []Result) Step {
		for i := range n {
			r.nearest = append(r.nearest, observe(&results[i]))
		}
		if r.results[source] == nil {
			r.results[source] = &results[n]
		}
		return r.resolve()
	}}
}

// resolve does what the decision says, given the results so far. In an origin group
// the primary origin has already found that the rendition is missing.
func (r request) resolve() Step {
	observed := edge.Observation{Status: edge.Missing}
	if result := r.results[rendition]; result != nil {
		observed = observe(result)
		if observed.Status == edge.Unknown {
			return r.unreadable(rendition)
		}
	}
	resolution := r.rules(r.settings).Resolve(r.decision, observed, observe(r.results[source]), r.nearest...)
	switch {
	case resolution.Serve == edge.InspectSource:
		return r.inspect(source)
	case resolution.Serve == edge.InspectNearest:
		return r.inspectNearest()
	}
	step := r.serve(resolution)
	if step.Answer != nil && step.Answer.Fault == "" && resolution.Enqueue {
		return r.send(*step.Answer, resolution.Upgrade)
	}
	return step
}

// serve returns the step that serves what the decision says.
func (r request) serve(resolution edge.Resolution) Step {
	switch {
	case resolution.Serve == edge.ServeRendition:
		return r.redirect(r.decision.Variant)
	case resolution.Serve == edge.ServeNearest:
		return r.redirect(resolution.Nearest)
	case resolution.Serve == edge.ServeNotFound && resolution.State == edge.StateHidden:
		return r.refuse(r.event, r.settings, hidden)
	case resolution.Enqueue:
		return Step{Answer: &Answer{URI: r.literalURI()}}
	case resolution.Serve == edge.ServeNotFound && r.settings.pending == edge.PendingNone:
		return r.refuse(r.event, r.settings, notFound)
	case resolution.Serve == edge.ServeSource, r.results[source].Status == 404:
		return pass()
	}
	return r.unreadable(source)
}

// unreadable logs that an object cannot be read. The response to a HEAD does not say
// why it is 403 or 400: it may be the object, and without s3:ListBucket a missing one,
// or the function's credentials. A GET therefore asks for the reason, once a minute.
func (r request) unreadable(object int) Step {
	fault, key := "source", r.decision.Source
	if object == rendition {
		fault, key = "rendition", r.decision.Rendition
	}
	status := r.results[object].Status
	detail := fmt.Sprintf("head %s: status %d", key, status)
	if status != 403 && status != 400 {
		return failed(fault, detail)
	}
	if !r.dedupe.Add(fmt.Sprint(status, " ", r.settings.bucket), time.Now()) {
		return pass()
	}
	head := Head{Bucket: r.settings.bucket, Key: key, Region: r.region(), Code: true}
	return Step{Heads: []Head{head}, next: func(results []Result) Step {
		code := results[0].Code
		switch {
		case edge.Refused(code):
			return failed("credentials", fmt.Sprintf("%s: %s: S3 refuses the function's credentials, or the bucket does not exist", detail, code))
		case status == 403:
			detail += ": it is missing, or the function may not read it; with s3:ListBucket S3 answers 404 for a missing one"
		case code != "":
			detail += ": " + code
		}
		return failed(fault, detail)
	}}
}

// redirect points the request to the rendition of a variant. Only the origin's path
// changes, because a rendition's key ends in the source's key.
func (r request) redirect(v calotype.Variant) Step {
	own := strings.ReplaceAll(strings.TrimSuffix(r.origin.Path, "/"), "+", "%2B")
	path := originPath(string(r.settings.prefix)+"/"+v.String()) + own
	if len(path) > maxOriginPath {
		return failed("origin path", fmt.Sprintf("%d characters: CloudFront allows %d", len(path), maxOriginPath))
	}
	return Step{Answer: &Answer{OriginPath: path, URI: r.literalURI()}}
}

// send sends the job, unless it was sent a moment ago, and then returns the answer.
func (r request) send(answer Answer, upgrade bool) Step {
	d, queueURL := r.decision, r.settings.queueURL
	if upgrade {
		queueURL = cmp.Or(r.settings.lowQueueURL, queueURL)
	}
	key := r.settings.bucket + "/" + d.Rendition // A function may serve several buckets.
	if !r.dedupe.AddJob(key, upgrade, time.Now()) {
		return Step{Answer: &answer}
	}
	job := d.Job(upgrade, r.event.requestID())
	if !r.budget.Take(r.settings.bucket+"/"+d.Source, r.settings.limits, time.Now()) {
		r.dedupe.RemoveJob(key, upgrade)
		if r.dedupe.Add("budget", time.Now()) {
			answer.Fault, answer.Detail = "budget", fmt.Sprintf("enqueue %s %s: the budget of this minute is used up", d.Source, job.Variants[0])
		}
		return Step{Answer: &answer}
	}
	message := &Send{queueURL, job.Encode(), queueRegion(queueURL)}
	return Step{Send: message, next: func(results []Result) Step {
		if !results[0].ok() {
			r.dedupe.RemoveJob(key, upgrade) // The next view tries again.
			answer.Fault, answer.Detail = "enqueue", fmt.Sprintf("enqueue %s %s: status %d", d.Source, job.Variants[0], results[0].Status)
		}
		return Step{Answer: &answer}
	}}
}

// literalURI escapes plus signs in the URI, because S3 reads "+" in a path as a space.
// It returns "" if there is none.
func (r request) literalURI() string {
	if !strings.Contains(r.event.Request.URI, "+") {
		return ""
	}
	return strings.ReplaceAll(r.event.Request.URI, "+", "%2B")
}

// region returns the bucket's Region.
func (r request) region() string {
	if r.settings.region != "" {
		return r.settings.region
	}
	return bucketRegion(r.origin)
}

func (r Result) ok() bool { return 200 <= r.Status && r.Status < 300 }

// observe translates the result of a HEAD. A nil result is of a HEAD not sent.
func observe(r *Result) edge.Observation {
	switch {
	case r == nil:
		return edge.Observation{}
	case r.ok():
		focal, _ := calotype.FocalOf(r.Metadata)
		return edge.Observation{Status: edge.Found, ETag: r.ETag, Lineage: calotype.ParseLineage(r.Metadata), Focal: focal}
	case r.Status == 404:
		return edge.Observation{Status: edge.Missing}
	case r.Status == 403:
		return edge.Observation{Status: edge.Denied}
	}
	return edge.Observation{Status: edge.Unknown}
}
