package edge

import (
	"fmt"
	"slices"
	"strings"

	"calotype"
)

// AutoFormats are the formats that a request with format=auto may get, the preferred
// first. While it is empty, format=auto is an unknown format.
type AutoFormats []calotype.Format

// UnmarshalText parses a list such as "avif,webp". JPEG and PNG need not be listed: what
// every browser shows is always allowed.
func (a *AutoFormats) UnmarshalText(text []byte) error {
	*a = nil
	for name := range strings.SplitSeq(string(text), ",") {
		name = strings.TrimSpace(name)
		if name == "" && len(text) == 0 {
			return nil
		}
		f, ok := calotype.ParseFormat(name)
		switch {
		case !ok:
			return fmt.Errorf("%q cannot be written: use formats such as avif,webp", name)
		case f == calotype.JPEG || f == calotype.PNG:
			return fmt.Errorf("%q is always allowed: list only formats that not every browser shows, such as avif,webp", name)
		case slices.Contains(*a, f):
			return fmt.Errorf("%q is listed twice", name)
		}
		*a = append(*a, f)
	}
	return nil
}

func (a AutoFormats) String() string {
	names := make([]string, len(a))
	for i, f := range a {
		names[i] = string(f)
	}
	return strings.Join(names, ",")
}

// IsAuto reports whether a query leaves the format to the viewer's Accept header. Every
// response to it, also a 404, depends on that header.
func (r Rules) IsAuto(query string) bool {
	return len(r.Auto) > 0 && strings.EqualFold(parameter(query, "format"), "auto")
}

// AcceptOf returns the Accept header that the auto parameter of a query stands for. The
// viewer function reduces the viewer's header to that parameter: the first of [Rules.Auto]
// that is accepted. A browser that shows it shows WebP too.
func AcceptOf(query string) string {
	best, ok := calotype.ParseFormat(parameter(query, "auto"))
	if !ok {
		return ""
	}
	return best.ContentType() + "," + calotype.WebP.ContentType()
}

// accepts reports whether an Accept header names a format. "image/*" and "*/*" name none:
// browsers send them whatever they show.
func accepts(accept string, f calotype.Format) bool {
	for part := range strings.SplitSeq(accept, ",") {
		media, parameters, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.Trim(media, " \t"), f.ContentType()) {
			continue
		}
		refused := false
		for parameter := range strings.SplitSeq(parameters, ";") {
			name, value, _ := strings.Cut(parameter, "=")
			value = strings.Trim(value, " \t")
			if strings.EqualFold(strings.Trim(name, " \t"), "q") && strings.Trim(value, "0.") == "" && value != "" {
				refused = true
			}
		}
		if !refused {
			return true
		}
	}
	return false
}

// auto returns the formats for a viewer: the best, and the one to be made first because
// the best takes long, or "". Neither is one in which an animation of the source stops.
// Only two things in the header matter: the first format of Auto that it names, and WebP,
// which is shown wherever the newer ones are. Caches need no more than that in their keys.
func (r Rules) auto(accept string, own calotype.Format) (best, first calotype.Format) {
	i := slices.IndexFunc(r.Auto, func(f calotype.Format) bool { return accepts(accept, f) })
	for _, f := range r.Auto {
		switch {
		case i < 0, f != r.Auto[i] && f != calotype.WebP, !keepsMotion(own, f):
		case best != "" && f != calotype.WebP:
		case best == "":
			best = f
		default:
			first = f
		}
	}
	if best == "" {
		best = safeFormat(own)
	}
	return best, first
}

// keepsMotion reports whether an animation in a source of format own moves in a rendition
// of format f. As AVIF it is an animated WebP, so a GIF, which is nearly always an
// animation, becomes that at once.
func keepsMotion(own, f calotype.Format) bool {
	switch own {
	case calotype.GIF:
		return f == calotype.WebP
	case calotype.PNG, calotype.WebP, calotype.AVIF:
		return f != calotype.JXL
	}
	return true
}

// safeFormat returns the format of a source that every browser shows. If its own is not,
// PNG keeps transparency and animations.
func safeFormat(own calotype.Format) calotype.Format {
	switch own.Own() {
	case calotype.WebP, calotype.AVIF, calotype.JXL, calotype.ICO:
		return calotype.PNG
	}
	return own
}
