// Package edge decides how to respond to a viewer's request for a picture: which variant
// of which source it asks for, which object is served, and which job makes a missing
// rendition. It does no I/O. Its hosts are calotype edge in package origin and the
// edge function in package cloudfront; they inspect objects and send jobs.
//
// Every host handles a request in the same way. [Rules.Decide] reads it. If it asks for
// a rendition, the host inspects [Decision.Rendition] and, if [Rules.Resolve] asks for
// it, the source and the renditions of [Rules.Nearest]. Then Resolve says which object is
// served, and whether [Decision.Job] is sent. [Dedupe] suppresses jobs that were sent a
// moment ago.
package edge

import (
	"errors"
	"net/url"
	"strings"

	"calotype"
)

// Rules are the settings that decisions depend on.
type Rules struct {
	Presets calotype.Presets
	Prefix  calotype.Prefix
	// Quality is the quality that jobs ask for; 0 leaves it to the worker.
	Quality int
	// CheckSource compares each rendition with its source, by [Rules.Staleness]. It costs
	// one more call.
	CheckSource bool
	// Pending is what is served while a rendition does not exist.
	Pending Pending
	// Widths makes the parameters w and dpr count where no size is requested.
	Widths bool
	// Auto are the formats of format=auto.
	Auto AutoFormats
	// Info makes info=1 ask for a description of the picture.
	Info bool
}

// Request holds the parts of a viewer's request that the decision reads.
type Request struct {
	Method string
	// Path is percent-encoded, as in the request line.
	Path string
	// Query is the part after the question mark, not decoded.
	Query string
	// Accept is the viewer's header, which only format=auto reads.
	Accept string
}

// Verdict is the kind of a request.
type Verdict int

const (
	// Passthrough requests pass unchanged: no size, an unknown size or format, no image file
	// extension, a method other than GET and HEAD, or a malformed path.
	Passthrough Verdict = iota
	// NotFound requests name an object under the resized prefix. The response is 404:
	// otherwise pictures behind signed URLs would leak through their renditions.
	NotFound
	// Resize requests ask for a variant.
	Resize
	// Info requests ask for the source's [calotype.Info], whose key is Rendition.
	Info
)

// Decision is what a request asks for. Source is the decoded key, or empty if the path
// names none. Variant is set for [Resize] only, and Rendition also for [Info]. First is a
// variant that is made and served before Variant, which then replaces it; it is zero for
// most requests.
type Decision struct {
	Verdict   Verdict
	Source    string
	Variant   calotype.Variant
	First     calotype.Variant
	Rendition string

	quality       int
	unknownFormat bool // Of a Passthrough: the size is known, and the format is not.
}

// Decide parses a request.
func (r Rules) Decide(req Request) Decision {
	key, err := url.PathUnescape(strings.TrimPrefix(req.Path, "/"))
	if err != nil && r.Prefix.Contains(unescapeSome(req.Path)) {
		return Decision{Verdict: NotFound} // A lenient store may decode it.
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
	if info, fits := r.Prefix.InfoKey(key); fits && r.AsksInfo(req.Query) {
		d.Verdict, d.Rendition, d.quality = Info, info, r.Quality
		return d
	}
	variant, first, err := r.variant(req.Query, req.Accept, own)
	if err != nil {
		d.unknownFormat = errors.Is(err, errUnknownFormat)
		return d
	}
	rendition := r.Prefix.RenditionKey(variant, key)
	if calotype.CheckKey(rendition) != nil {
		return d
	}
	if first != (calotype.Variant{}) && calotype.CheckKey(r.Prefix.RenditionKey(first, key)) == nil {
		d.First = first
	}
	d.Verdict, d.Variant, d.Rendition, d.quality = Resize, variant, rendition, r.Quality
	return d
}

// unescapeSome decodes valid escapes and leaves invalid ones unchanged, as some stores do.
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

// containsInS3 reports whether a path is under the prefix for S3, which reads "+" as a
// space.
func (r Rules) containsInS3(path string) bool {
	if !strings.Contains(path, "+") || !strings.Contains(string(r.Prefix), " ") {
		return false
	}
	key, err := url.PathUnescape(strings.TrimPrefix(strings.ReplaceAll(path, "+", "%20"), "/"))
	return err == nil && r.Prefix.Contains(key)
}

// Staleness returns why a rendition is not of the observed version of the source, in the box
// and with the options that the preset has now. A stale rendition counts as missing: the
// response is the one for a pending rendition.
func (r Rules) Staleness(d Decision, rendition calotype.Lineage, source Observation) calotype.Staleness {
	preset, _ := r.Presets.Lookup(d.Variant.Preset)
	return rendition.Staleness(calotype.Target{SourceETag: source.ETag, Preset: preset, Focal: source.Focal})
}

// Job returns the job that a resolution asks for: it makes the rendition, or the one
// before it, unless the resolution is an upgrade. request is the id of the viewer's
// request, for logs; it may be empty.
func (d Decision) Job(upgrade bool, request string) calotype.Job {
	if d.Verdict == Info {
		return calotype.Job{Source: d.Source, Info: true, Quality: d.quality, Request: request}
	}
	variant := d.Variant
	if !upgrade && d.First != (calotype.Variant{}) {
		variant = d.First
	}
	return calotype.Job{
		Source:   d.Source,
		Variants: []calotype.Variant{variant},
		Quality:  d.quality,
		Request:  request,
	}
}
