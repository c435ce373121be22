// Package edge decides how a viewer's request for a picture is answered: which variant
// of which source it asks for, which object answers it, and which job makes a missing
// rendition. It does no I/O. Its hosts are the HTTP origin in package origin and the
// CloudFront trigger in package cloudfront; they inspect objects and send jobs.
//
// Every host handles a request in the same way. [Rules.Decide] reads it. If it asks for
// a rendition, the host inspects [Decision.Rendition] and, if [Rules.Resolve] asks for
// it, the source. Then Resolve says which object is the answer, and whether
// [Decision.Job] is sent. [Dedupe] suppresses jobs that were sent a moment ago.
package edge

import (
	"net/url"
	"strings"

	"calotype"
)

// Rules are the settings that decisions depend on.
type Rules struct {
	Presets calotype.Presets
	Prefix  calotype.Prefix
	// Quality is passed on in jobs; 0 leaves it to the worker.
	Quality int
	// CheckSource asks hosts to compare a rendition with the source as it is now, by
	// [Rules.Staleness], for one call more.
	CheckSource bool
}

// Request is what a decision reads of a viewer's request.
type Request struct {
	Method string
	// Path is percent-encoded, as it stands in the request line.
	Path string
	// Query is what follows the question mark, undecoded.
	Query string
}

// Verdict says what a request asks for.
type Verdict int

const (
	// Passthrough requests pass as they are: no size, an unknown size or format,
	// no picture's extension, a method that does not read, an unreadable path.
	Passthrough Verdict = iota
	// NotFound requests name an object under the resized prefix. They get 404, or
	// pictures behind signed URLs would leak through their renditions.
	NotFound
	// Resize requests ask for a variant.
	Resize
)

// Decision is what a request asks for. Source is the decoded key, empty where the
// path does not name one; Variant and Rendition are set for [Resize] only.
type Decision struct {
	Verdict   Verdict
	Source    string
	Variant   calotype.Variant
	Rendition string

	quality int
}

// Decide reads a request.
func (r Rules) Decide(req Request) Decision {
	key, err := url.PathUnescape(strings.TrimPrefix(req.Path, "/"))
	if err != nil && r.Prefix.Contains(unescapeSome(req.Path)) {
		return Decision{Verdict: NotFound} // Some store may read it.
	}
	if err != nil {
		return Decision{}
	}
	if r.Prefix.Contains(key) || r.containsInS3(req.Path) {
		return Decision{Verdict: NotFound}
	}
	if calotype.CheckKey(key) != nil {
		return Decision{}
	}
	d := Decision{Source: key}
	if req.Method != "GET" && req.Method != "HEAD" {
		return d
	}
	own, ok := calotype.FormatOfKey(key)
	if !ok {
		return d
	}
	variant, ok := r.variant(req.Query, own)
	if !ok {
		return d
	}
	rendition := r.Prefix.RenditionKey(variant, key)
	if calotype.CheckKey(rendition) != nil {
		return d
	}
	d.Verdict, d.Variant, d.Rendition, d.quality = Resize, variant, rendition, r.Quality
	return d
}

// unescapeSome decodes the escapes that are right and takes the others as they stand,
// as a store may that is not S3.
func unescapeSome(path string) string {
	var b strings.Builder
	for len(path) > 0 {
		n := 1
		if path[0] == '%' && len(path) > 2 {
			n = 3
		}
		c, err := url.PathUnescape(path[:n])
		if err != nil {
			c, n = path[:1], 1
		}
		b.WriteString(c)
		path = path[n:]
	}
	return b.String()
}

// containsInS3 reports whether S3 would take a path for one under the prefix: it
// reads "+" as a space.
func (r Rules) containsInS3(path string) bool {
	if !strings.Contains(path, "+") || !strings.Contains(string(r.Prefix), " ") {
		return false
	}
	key, err := url.PathUnescape(strings.TrimPrefix(strings.ReplaceAll(path, "+", "%20"), "/"))
	return err == nil && r.Prefix.Contains(key)
}

// Staleness returns why a rendition is not of the version of the source that has the
// ETag, in the box that the preset has now. A stale rendition counts as missing: the
// source is the answer, and the job is sent.
func (r Rules) Staleness(d Decision, rendition calotype.Lineage, sourceETag string) calotype.Staleness {
	preset, _ := r.Presets.Lookup(d.Variant.Preset)
	return rendition.Staleness(calotype.Target{SourceETag: sourceETag, Preset: preset})
}

// Job is the job that makes the rendition. Request is the id of the viewer's
// request, for logs; it may be empty.
func (d Decision) Job(request string) calotype.Job {
	return calotype.Job{
		Source:   d.Source,
		Variants: []calotype.Variant{d.Variant},
		Quality:  d.quality,
		Request:  request,
	}
}
