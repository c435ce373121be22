package edge

// StateHeader tells viewers and operators what an answer is.
const StateHeader = "X-Calotype"

// The states of an answer.
const (
	// StateRendition is a rendition; StateKept a copy of the source that a worker
	// put in a rendition's place.
	StateRendition = "rendition"
	StateKept      = "rendition; kept"
	// StatePending is the original in place of a rendition that is to come.
	StatePending = "original; pending"
	// StateUntouched is the original, as asked for.
	StateUntouched = "original; untouched"
)

// PendingCacheControl is the life of an original that stands in for a rendition:
// a few seconds in a shared cache. It is not no-store, private or s-maxage=0,
// which would turn off CloudFront's request collapsing.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html#request-custom-traffic-spikes
const PendingCacheControl = "public, max-age=0, s-maxage=5"
