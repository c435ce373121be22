package edge

import (
	"strings"

	"calotype"
)

// AsksInfo reports whether a query asks for a description of the picture, by info=1. It
// counts only where [Rules.Info] is set, and then whatever else the query asks for.
func (r Rules) AsksInfo(query string) bool {
	asked := r.Info && strings.Contains(query, "info=")
	value := ""
	if asked {
		value = parameter(query, "info")
	}
	return value == "1" || strings.EqualFold(value, "true")
}

// InfoURL returns the path and the query with which a viewer requests a variant of a source.
func InfoURL(source string) func(calotype.Variant) string {
	return func(v calotype.Variant) string {
		request := RequestFor(source, v)
		return request.Path + "?" + request.Query
	}
}

// PendingInfo returns what is known of a source before a worker has decoded it.
func PendingInfo(source string, bytes int64, o Observation) calotype.Info {
	i := calotype.Info{Source: source, State: calotype.InfoPending, ETag: calotype.TrimETag(o.ETag), Bytes: bytes, Focal: calotype.PointOf(o.Focal)}
	if format, ok := calotype.FormatOfKey(source); ok {
		i.Type = format.ContentType()
	}
	return i
}

// resolveInfo decides about a request for a description. If it is not stored, a job asks for
// it, and the response is what is known.
func (r Rules) resolveInfo(info, source Observation) Resolution {
	why := "the description does not exist yet"
	switch {
	case info.Status == Unknown:
		return Resolution{Serve: ServeUnavailable, CacheControl: ErrorCacheControl, Why: "the description cannot be read"}
	case info.Status == Found && info.Lineage.SourceETag != "":
		served := Resolution{Serve: ServeRendition, State: StateInfo, Why: "the description exists"}
		if !r.CheckSource {
			return served
		}
		switch source.Status {
		case NotInspected:
			return Resolution{Serve: InspectSource}
		case Found:
		case Missing:
			return notFound("the picture was removed")
		default:
			return served
		}
		if info.Lineage.InfoStaleness(source.ETag, source.Focal) == calotype.Current {
			return served
		}
		why = "the description is of another version"
	}
	switch source.Status {
	case NotInspected:
		return Resolution{Serve: InspectSource}
	case Found:
	default:
		return original(source, Resolution{}) // An error.
	}
	if source.Lineage.SourceETag != "" {
		return notFound("the picture is a rendition itself")
	}
	return Resolution{Serve: ServePendingInfo, State: StateInfoPending, CacheControl: NotFoundCacheControl, Enqueue: true, Why: why}
}
