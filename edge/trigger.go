package edge

import (
	"fmt"
	"strings"
	"time"

	"calotype"
)

// Trigger decides for CloudFront: it takes an event of origin-request or
// origin-response, and tells its host step by step what to do. Whatever fails, the
// answer is the event's own request or response, so that the viewer gets a picture.
type Trigger struct {
	Presets calotype.Presets

	dedupe Dedupe
}

// Start takes an event, as JSON.
func (t *Trigger) Start(data []byte) Step {
	e, err := parseEvent(data)
	if err != nil {
		return failed("event", err.Error())
	}
	if e.Config.EventType == originResponse {
		return t.response(e)
	}
	return t.request(e)
}

// request points a request at the rendition or lets the original be the answer. It
// is where a missing picture becomes a job.
func (t *Trigger) request(e event) Step {
	origin := e.Request.origin()
	s, mistakes := parseSettings(origin.CustomHeaders)
	d := t.decide(e.Request, s, origin.Path)
	switch {
	case s.prefix != "" && origin.Path != "" && s.prefix.Contains(origin.Path):
		return failed("settings", fmt.Sprintf("origin path %s is under the resized path: leave it empty, the function sets it", origin.Path))
	case s.prefix != "" && d.Verdict == NotFound:
		return Step{Answer: &Answer{Response: &notFound}}
	case mistakes != nil:
		return failed("settings", mistakes.Error())
	case d.Verdict != Resize:
		return pass()
	}
	v := visit{t, e, s, origin, d}
	switch s.role {
	case roleRendition:
		if v.literalURI() != "" {
			return pass() // Whether a changed URI is seen by the second pass AWS does not say.
		}
		return v.rendition()
	case roleOriginal:
		return v.standIn()
	}
	if s.checkSource {
		return v.renditionOfSource()
	}
	return v.look(d.Rendition, func(seen Result) Step {
		switch {
		case found(seen):
			return v.rendition()
		case missing(seen):
			return v.standIn()
		}
		return failed("rendition", fmt.Sprintf("look for %s: status %d", d.Rendition, seen.Status))
	})
}

// notFound is the answer to who asks for a rendition by name.
var notFound = Response{"404", "Not Found", "text/plain; charset=utf-8", "404 page not found\n"}

// decide reads a request as one for the key under a path of the origin.
func (t *Trigger) decide(r request, s settings, path string) Decision {
	return t.rules(s).Decide(Request{Method: r.Method, Path: strings.TrimSuffix(path, "/") + r.URI, Query: r.Querystring})
}

func (t *Trigger) rules(s settings) Rules {
	return Rules{Presets: t.Presets, Prefix: s.prefix, Quality: s.quality, CheckSource: s.checkSource}
}

// visit is a request for a rendition, on its way.
type visit struct {
	*Trigger
	event    event
	settings settings
	origin   origin
	decision Decision
}

// rendition points the request at the rendition: the origin's path is what changes,
// since the source's key is the end of the rendition's.
func (v visit) rendition() Step {
	own := strings.ReplaceAll(strings.TrimSuffix(v.origin.Path, "/"), "+", "%2B")
	path := originPath(string(v.settings.prefix)+"/"+v.decision.Variant.String()) + own
	if len(path) > maxOriginPath {
		return failed("origin path", fmt.Sprintf("%d characters: CloudFront ends at %d", len(path), maxOriginPath))
	}
	return Step{Answer: &Answer{OriginPath: path, URI: v.literalURI()}}
}

// renditionOfSource looks at the rendition and the source side by side, and takes the
// rendition only if it is of the source's version. Where nothing can be said of the
// source, the rendition will do.
func (v visit) renditionOfSource() Step {
	bucket, region := v.settings.bucket, v.region()
	heads := []Head{{bucket, v.decision.Rendition, region, true}, {bucket, v.decision.Source, region, true}}
	return Step{Heads: heads, next: func(seen []Result) Step {
		rendition, source := seen[0], seen[1]
		switch {
		case missing(rendition):
			return v.standInFor(source)
		case !found(rendition):
			return failed("rendition", fmt.Sprintf("look for %s: status %d", v.decision.Rendition, rendition.Status))
		case source.Status == 404:
			return pass() // It was removed: that is the answer.
		case found(source) && v.rules(v.settings).Staleness(v.decision, calotype.ParseLineage(rendition.Metadata), source.ETag) != calotype.Current:
			return v.send()
		}
		return v.rendition()
	}}
}

// standIn lets the source be the answer and, if there is one, sends the job, unless
// that was done a moment ago.
func (v visit) standIn() Step { return v.look(v.decision.Source, v.standInFor) }

func (v visit) standInFor(source Result) Step {
	switch {
	case found(source):
		return v.send()
	case source.Status == 404:
		return pass()
	case source.Status == 403 && !v.dedupe.Add("403 "+v.settings.bucket, time.Now()):
		return pass() // It was said a moment ago.
	case source.Status == 403:
		return failed("source", fmt.Sprintf("look for %s: status 403: it is missing, or the function may not read it; "+
			"with s3:ListBucket the first would be 404", v.decision.Source))
	}
	return failed("source", fmt.Sprintf("look for %s: status %d", v.decision.Source, source.Status))
}

func (v visit) send() Step {
	d, original := v.decision, Answer{URI: v.literalURI()}
	claim := v.settings.bucket + "/" + d.Rendition // A function may serve several buckets.
	if !v.dedupe.Add(claim, time.Now()) {
		return Step{Answer: &original}
	}
	message := &Send{v.settings.queueURL, d.Job(v.event.requestID()).Encode(), queueRegion(v.settings.queueURL)}
	return Step{Send: message, next: func(seen []Result) Step {
		if !found(seen[0]) {
			v.dedupe.Remove(claim) // The next view tries again.
			original.Fault, original.Detail = "enqueue", fmt.Sprintf("enqueue %s %s: status %d", d.Source, d.Variant, seen[0].Status)
		}
		return Step{Answer: &original}
	}}
}

// literalURI spells a plus sign in the URI so that S3 takes it for one: in the path
// of a request it reads "+" as a space. It is empty where there is none.
func (v visit) literalURI() string {
	if !strings.Contains(v.event.Request.URI, "+") {
		return ""
	}
	return strings.ReplaceAll(v.event.Request.URI, "+", "%2B")
}

func (v visit) look(key string, next func(Result) Step) Step {
	head := Head{Bucket: v.settings.bucket, Key: key, Region: v.region()}
	return Step{Heads: []Head{head}, next: func(seen []Result) Step { return next(seen[0]) }}
}

// region is the bucket's.
func (v visit) region() string {
	if v.settings.region != "" {
		return v.settings.region
	}
	return bucketRegion(v.origin)
}

func found(s Result) bool { return 200 <= s.Status && s.Status < 300 }

// missing reports whether there is no such object. Without s3:ListBucket, S3 says 403
// where it would say 404.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func missing(s Result) bool { return s.Status == 404 || s.Status == 403 }
