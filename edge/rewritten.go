package edge

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"calotype"
)

// DecideRewritten parses a request whose path is a rendition's key. Only the function of
// package viewer makes such requests, after the bucket had no such object; the host must be
// certain that the function made the request. The query is empty or "format=auto". The
// decision is that for the request before the function. Whatever the function does not
// write is [NotFound].
func (r Rules) DecideRewritten(req Request) Decision {
	key, err := url.PathUnescape(strings.TrimPrefix(req.Path, "/"))
	if err != nil {
		return Decision{Verdict: NotFound}
	}
	v, source, err := r.Prefix.ParseRenditionKey(key)
	if err != nil {
		return Decision{Verdict: NotFound}
	}
	asked := RequestFor(source, v)
	asked.Method = req.Method
	if r.IsAuto(req.Query) {
		asked.Query = EncodeQuery(calotype.Variant{Preset: v.Preset}) + "&format=auto"
		own, _ := calotype.FormatOfKey(source)
		if best := cmp.Or(v.Format, r.Presets.OwnFormat(v.Preset, own)); slices.Contains(r.Auto, best) {
			asked.Accept = AcceptOf("auto=" + string(best))
		}
	}
	d := r.Decide(asked)
	if d.Verdict != Resize || d.Variant != v {
		return Decision{Verdict: NotFound}
	}
	return d
}
