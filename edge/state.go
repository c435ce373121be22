package edge

import (
	"strings"

	"calotype"
)

// StateHeader is the response header that says what a response is.
const StateHeader = "X-Calotype"

// The values of [StateHeader].
const (
	// StateRendition is a rendition. StateKept is a copy of the source that a worker
	// stored in a rendition's place: a fallback copy or a passthrough.
	StateRendition = "rendition"
	StateKept      = "rendition; kept"
	// StatePending is the original, served while its rendition does not exist yet.
	StatePending = "original; pending"
	// StateUntouched is the original of a request that asks for no rendition.
	StateUntouched = "original; untouched"
	// StateUnknownFormat is that of a request for a format that is not known.
	StateUnknownFormat = "original; untouched; unknown-format"
	// StateInfo is a description of the picture, and StateInfoPending is what is known before
	// it was decoded.
	StateInfo        = "info"
	StateInfoPending = "info; pending"
	// StateHidden is a 404 in place of a pending original, by [PendingNone].
	StateHidden = "none; pending"
	// StateNone is every other 404, and a 502.
	StateNone = "none"

	stateNearest = "nearest; pending"
)

// NearestState returns the state of a response with the rendition of another variant, by
// [PendingBest]: "nearest; pending; M.webp".
func NearestState(v calotype.Variant) string { return stateNearest + "; " + v.String() }

// IsNearest reports whether a state is one of [NearestState].
func IsNearest(state string) bool { return strings.HasPrefix(state, stateNearest+"; ") }

// PendingCacheControl is the Cache-Control of an original served in place of a
// rendition: a few seconds in a shared cache, and a day if the origin fails then.
// no-store, private and s-maxage=0 would turn off CloudFront's request collapsing, and
// stale-while-revalidate would show the original once more than needed. HAProxy 2.6 stores
// nothing with max-age=0, whatever s-maxage says.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html#request-custom-traffic-spikes
const PendingCacheControl = "public, max-age=1, s-maxage=5, stale-if-error=86400"

// UpgradeCacheControl is the Cache-Control of an interim rendition that a better format will
// replace, which is made when no viewer waits.
const UpgradeCacheControl = "public, max-age=1, s-maxage=60, stale-if-error=86400"

// NotFoundCacheControl is the Cache-Control of a 404. Without one, caches keep a 404 for
// minutes by default, also after the picture was uploaded.
const NotFoundCacheControl = "public, max-age=1, s-maxage=5"

// ErrorCacheControl is the Cache-Control of a 502.
const ErrorCacheControl = "no-store"
