package edge

import (
	"errors"
	"net/url"
	"strings"

	"calotype"
)

// EncodeQuery returns the canonical query of a request for a variant, such as
// "size=M&to_webp=1". The zero variant, which is the original, has none.
func EncodeQuery(v calotype.Variant) string {
	switch {
	case v == calotype.Variant{}:
		return ""
	case v.Format == "":
		return "size=" + v.Preset
	case v.Format == calotype.WebP:
		return "size=" + v.Preset + "&to_webp=1"
	}
	return "size=" + v.Preset + "&format=" + string(v.Format)
}

// RequestFor is the inverse of [Rules.Decide]: it returns a GET of a variant of a
// source, or of the source itself for the zero variant.
func RequestFor(source string, v calotype.Variant) Request {
	path := url.URL{Path: "/" + source}
	return Request{Method: "GET", Path: path.EscapedPath(), Query: EncodeQuery(v)}
}

// The errors of a query that asks for no variant.
var (
	errUnknownSize   = errors.New("unknown size")
	errUnknownFormat = errors.New("unknown format")
)

// variant parses a query: size=<preset>, or w=<width> where [Rules.Widths] is set, and
// format=<format> or to_webp=1. If a parameter is repeated, the first counts. A format that
// the source has anyway is dropped. first is the variant to make before it, or the zero
// variant.
func (r Rules) variant(query, accept string, own calotype.Format) (v, first calotype.Variant, err error) {
	preset := parameter(query, "size")
	if preset == "" && r.Widths {
		preset = r.widthPreset(query)
	}
	if _, ok := r.Presets.Lookup(preset); !ok {
		return v, first, errUnknownSize
	}
	plain := r.Presets.OwnFormat(preset, own)
	if r.IsAuto(query) {
		best, before := r.auto(accept, own)
		if v = calotype.VariantOf(preset, best, plain); before != "" {
			first = calotype.VariantOf(preset, before, plain)
		}
		return v, first, nil
	}
	var asked calotype.Format
	if format := parameter(query, "format"); format != "" {
		var ok bool
		if asked, ok = calotype.ParseFormat(format); !ok {
			return v, first, errUnknownFormat
		}
	} else if webp := parameter(query, "to_webp"); webp == "1" || strings.EqualFold(webp, "true") {
		asked = calotype.WebP
	}
	return calotype.VariantOf(preset, asked, plain), first, nil
}

// parameter returns the first value of a parameter whose name is not escaped: a cache
// with "size" in its key does not see "si%7Ae", and would store a rendition under the
// key of the original. Values that cannot be parsed are skipped.
func parameter(query, name string) string {
	for pair := range strings.SplitSeq(query, "&") {
		spelled, value, _ := strings.Cut(pair, "=")
		if spelled != name || strings.Contains(value, ";") {
			continue
		}
		if value, err := url.QueryUnescape(value); err == nil {
			return value
		}
	}
	return ""
}
