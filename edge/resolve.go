package edge

import "calotype"

// Status is what a host knows of an object in the store.
type Status int

const (
	// NotInspected is the status of an object that the host has not inspected.
	NotInspected Status = iota
	// Found objects exist and can be read.
	Found
	// Missing objects do not exist.
	Missing
	// Denied is S3's 403 to credentials that it accepts. Without s3:ListBucket it is
	// the response for a missing key, so a denied object counts as missing.
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
	Denied
	// Unknown is the status if the store gave no usable response: a timeout, a 5xx.
	Unknown
)

// Observation is what a host observed of an object. ETag, Lineage and Focal are set for
// [Found] only, and only if the host asked for them.
type Observation struct {
	Status  Status
	ETag    string
	Lineage calotype.Lineage
	// Focal is a source's focal point.
	Focal calotype.Focal
}

// Serve says which object is served.
type Serve int

const (
	// ServeRendition serves the rendition.
	ServeRendition Serve = iota
	// ServeSource serves the source. A host that has not inspected the source calls
	// [Rules.Resolve] again once it has opened it.
	ServeSource
	// ServeNotFound responds with 404.
	ServeNotFound
	// ServeUnavailable responds with 502: neither object can be read.
	ServeUnavailable
	// InspectSource asks the host to inspect the source and to call [Rules.Resolve] again.
	InspectSource
	// InspectNearest asks the host to inspect the source, unless it has, and the
	// renditions of [Rules.Nearest], all in parallel, and to call [Rules.Resolve] again.
	InspectNearest
	// ServeNearest serves the rendition of the variant [Resolution.Nearest].
	ServeNearest
	// ServePendingInfo responds with 202 and [PendingInfo].
	ServePendingInfo
)

// Resolution is how to respond to a request.
type Resolution struct {
	Serve Serve
	// State is the X-Calotype header; empty for errors.
	State string
	// Nearest is the variant whose rendition is served, for [ServeNearest] only.
	Nearest calotype.Variant
	// CacheControl is the response's Cache-Control. If it is empty, the object's own is kept.
	CacheControl string
	// Enqueue asks the host to send [Decision.Job], whatever it serves.
	Enqueue bool
	// Upgrade says that the job is the one for [Decision.Variant] after [Decision.First]. A
	// host with a queue for low priority sends it there.
	Upgrade bool
	// Why is the reason in a few words, for people.
	Why string
}

// Resolve decides which object is served, from what is known about the rendition, the
// source and the renditions of [Rules.Nearest], in that order. If anything fails, the source
// is served, except with [PendingNone]: a lost enqueue costs one more view of the original,
// and a lost picture is not an option.
func (r Rules) Resolve(d Decision, rendition, source Observation, nearest ...Observation) Resolution {
	switch d.Verdict {
	case NotFound:
		return notFound("objects under " + string(r.Prefix) + "/ are not served by name")
	case Passthrough:
		if r.Pending == PendingNone {
			return hidden(Resolution{Why: "no rendition is requested"}, false)
		}
		if d.unknownFormat {
			return original(source, Resolution{State: StateUnknownFormat, Why: "the format is not known"})
		}
		return original(source, Resolution{State: StateUntouched, Why: "no rendition is requested"})
	}
	if d.Verdict == Info {
		return r.resolveInfo(rendition, source)
	}
	switch rendition.Status {
	case Found:
		return r.resolveFound(d, rendition, source, nearest)
	case Missing, Denied:
		return r.whilePending(d, source, nearest, true, "the rendition does not exist yet")
	}
	if r.Pending == PendingNone {
		return Resolution{Serve: ServeUnavailable, CacheControl: ErrorCacheControl, Why: "the rendition cannot be read"}
	}
	return r.whilePending(d, source, nearest, false, "the rendition cannot be read")
}

// resolveFound decides for a rendition that exists. With CheckSource it is served only if
// it is current. If nothing is known about the source, the rendition is served.
func (r Rules) resolveFound(d Decision, rendition, source Observation, nearest []Observation) Resolution {
	if r.CheckSource {
		switch source.Status {
		case NotInspected:
			return Resolution{Serve: InspectSource}
		case Missing:
			return notFound("the picture was removed")
		case Found:
			if r.Staleness(d, rendition.Lineage, source) != calotype.Current {
				return r.whilePending(d, source, nearest, true, "the rendition is of another version or box")
			}
		}
	}
	if r.Pending == PendingNone && rendition.Lineage.IsWholeCopy() {
		return hidden(Resolution{Why: "the rendition is a copy of the original"}, false)
	}
	if rendition.Lineage.IsFallback() && d.First != (calotype.Variant{}) {
		if len(nearest) == 0 {
			return Resolution{Serve: InspectNearest}
		}
		if first := nearest[0]; r.isCurrent(d.First, first, source) && !first.Lineage.IsWholeCopy() {
			resolution := r.firstStep(d.First, first, false)
			resolution.Why = d.Variant.String() + " could not be made, and " + d.First.String() + " could"
			return resolution
		}
	}
	state := StateRendition
	if rendition.Lineage.CopyReason != "" {
		state = StateKept
	}
	return Resolution{Serve: ServeRendition, State: state, Why: "the rendition exists"}
}

// original returns r if the source can be served or was not inspected yet, otherwise an
// error.
func original(source Observation, r Resolution) Resolution {
	switch source.Status {
	case Missing:
		return notFound("the picture does not exist")
	case Denied:
		return notFound("the picture does not exist, or may not be read (403)")
	case Unknown:
		return Resolution{Serve: ServeUnavailable, CacheControl: ErrorCacheControl, Why: "the picture cannot be read"}
	}
	r.Serve = ServeSource
	if r.State == StatePending && source.Lineage.SourceETag != "" {
		return Resolution{Serve: ServeSource, State: StateUntouched, Why: "the picture is a rendition itself"}
	}
	return r
}

func pending(enqueue bool, why string) Resolution {
	return Resolution{State: StatePending, CacheControl: PendingCacheControl, Enqueue: enqueue, Why: why}
}

func notFound(why string) Resolution {
	return Resolution{Serve: ServeNotFound, CacheControl: NotFoundCacheControl, Why: why}
}
