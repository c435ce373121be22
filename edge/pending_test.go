package edge

import (
	"fmt"
	"strings"
	"testing"

	"calotype"
)

func TestNearest(t *testing.T) {
	best := rules
	best.Pending = PendingBest
	for _, c := range []struct{ path, query, want string }{
		{"/k.jpg", "size=M&format=avif", "[M.webp M]"},
		{"/k.jpg", "size=M&to_webp=1", "[M]"},
		{"/k.jpg", "size=M", "[]"}, // No preset has its aspect ratio, and another format is not shown by all.
		{"/k.jpg", "size=M&format=png", "[]"},
		{"/k.jpg", "size=S", "[L XS]"},
		{"/k.jpg", "size=S&format=avif", "[S.webp S L.avif]"}, // Three at most.
		{"/k.jpg", "size=S&to_webp=1", "[S L.webp XS.webp]"},
		{"/k.jpg", "size=XS", "[S L]"}, // The nearest larger one first.
		{"/k.jpg", "size=L", "[S]"},    // XS is less than half as wide.
		{"/k.png", "size=M&format=avif", "[M.webp M]"},
		{"/k.gif", "size=M&to_webp=1", "[]"}, // GIF is not in the list of formats that may be served.
		{"/k.gif", "size=M&format=avif", "[M.webp]"},
		{"/k.webp", "size=M&format=avif", "[M]"},
		{"/k.heic", "size=M&to_webp=1", "[M]"}, // Its own variant is JPEG.
		{"/k.bmp", "size=M&to_webp=1", "[M.jpeg]"},
		{"/k.avif", "size=M&to_webp=1", "[]"}, // The AVIF is not shown by all who see WebP.
		{"/k.jpg", "", "[]"},
		{"/resized/M/k.jpg", "size=M", "[]"},
		{"/" + strings.Repeat("a", 1010) + ".jpg", "size=S", "[L]"}, // XS's key is too long.
	} {
		if got := fmt.Sprint(best.Nearest(best.Decide(Request{Method: "GET", Path: c.path, Query: c.query}))); got != c.want {
			t.Errorf("%.40s?%s: got %s, want %s", c.path, c.query, got, c.want)
		}
	}
	for _, pending := range []Pending{"", PendingOriginal, PendingNone} {
		r := rules
		r.Pending = pending
		if got := r.Nearest(r.Decide(Request{Method: "GET", Path: "/k.jpg", Query: "size=M&format=avif"})); got != nil {
			t.Errorf("%s: got %v, want none", pending, got)
		}
	}
}

func TestResolvePending(t *testing.T) {
	made := func(format calotype.Format, change ...func(*calotype.Lineage)) Observation {
		l := calotype.Lineage{SourceETag: "v2", Recipe: calotype.Recipe{Boxes: "1200x628", Format: format}}
		for _, c := range change {
			c(&l)
		}
		return Observation{Status: Found, Lineage: l}
	}
	source := Observation{Status: Found, ETag: `"v2"`}
	missing := Observation{Status: Missing}
	is := func(serve Serve, state string, enqueue bool) string {
		return fmt.Sprint(serve, " ", state, " ", enqueue)
	}
	webp, jpeg := is(ServeNearest, "nearest; pending; M.webp", true), is(ServeNearest, "nearest; pending; M", true)
	original := is(ServeSource, StatePending, true)
	for name, c := range map[string]struct {
		pending           Pending
		check             bool
		rendition, source Observation
		nearest           []Observation
		want              string
	}{
		"not inspected":     {PendingBest, false, missing, Observation{}, nil, is(InspectNearest, "", false)},
		"WebP":              {PendingBest, false, missing, source, []Observation{made("webp"), made("jpeg")}, webp},
		"JPEG":              {PendingBest, false, missing, source, []Observation{missing, made("jpeg")}, jpeg},
		"a light original":  {PendingBest, false, missing, source, []Observation{missing, made("jpeg", func(l *calotype.Lineage) { l.CopyReason = "as-is" })}, jpeg},
		"none":              {PendingBest, false, missing, source, []Observation{missing, missing}, original},
		"a fallback copy":   {PendingBest, false, missing, source, []Observation{made("webp", func(l *calotype.Lineage) { l.CopyReason = "corrupt" }), missing}, original},
		"an animation":      {PendingBest, false, missing, source, []Observation{made("webp", func(l *calotype.Lineage) { l.CopyReason = "animation" }), missing}, original},
		"damaged":           {PendingBest, false, missing, source, []Observation{made("webp", func(l *calotype.Lineage) { l.Damaged = true }), missing}, original},
		"replaced":          {PendingBest, false, missing, source, []Observation{made("webp", func(l *calotype.Lineage) { l.SourceETag = "v1" }), missing}, original},
		"in another box":    {PendingBest, false, missing, source, []Observation{made("webp", func(l *calotype.Lineage) { l.Recipe.Boxes = "1x1" }), missing}, original},
		"a GIF named .jpg":  {PendingBest, false, missing, source, []Observation{missing, made("gif")}, original},
		"nearest unread":    {PendingBest, false, missing, source, []Observation{{Status: Unknown}, {Status: Denied}}, original},
		"no source":         {PendingBest, false, missing, missing, []Observation{made("webp"), made("jpeg")}, is(ServeNotFound, "", false)},
		"source unread":     {PendingBest, false, missing, Observation{Status: Unknown}, []Observation{made("webp"), made("jpeg")}, is(ServeUnavailable, "", false)},
		"a rendition":       {PendingBest, false, missing, made("webp"), nil, is(ServeSource, StateUntouched, false)},
		"unread":            {PendingBest, false, Observation{Status: Unknown}, Observation{}, nil, is(ServeSource, StatePending, false)},
		"found":             {PendingBest, false, made("avif"), Observation{}, nil, is(ServeRendition, StateRendition, false)},
		"stale":             {PendingBest, true, made("avif", func(l *calotype.Lineage) { l.SourceETag = "v1" }), source, nil, is(InspectNearest, "", false)},
		"stale, WebP":       {PendingBest, true, made("avif", func(l *calotype.Lineage) { l.SourceETag = "v1" }), source, []Observation{made("webp"), missing}, webp},
		"none: missing":     {PendingNone, false, missing, Observation{}, nil, is(InspectSource, "", false)},
		"none: source":      {PendingNone, false, missing, source, nil, is(ServeNotFound, StateHidden, true)},
		"none: no source":   {PendingNone, false, missing, missing, nil, is(ServeNotFound, "", false)},
		"none: a rendition": {PendingNone, false, missing, made("webp"), nil, is(ServeNotFound, "", false)},
		"none: unread":      {PendingNone, false, Observation{Status: Unknown}, Observation{}, nil, is(ServeUnavailable, "", false)},
		"none: found":       {PendingNone, false, made("avif"), Observation{}, nil, is(ServeRendition, StateRendition, false)},
		"none: as it is":    {PendingNone, false, made("avif", func(l *calotype.Lineage) { l.CopyReason = "as-is" }), Observation{}, nil, is(ServeRendition, StateKept, false)},
		"none: a copy":      {PendingNone, false, made("avif", func(l *calotype.Lineage) { l.CopyReason = "corrupt" }), Observation{}, nil, is(ServeNotFound, "", false)},
		"none: animation":   {PendingNone, false, made("avif", func(l *calotype.Lineage) { l.CopyReason = "animation" }), Observation{}, nil, is(ServeNotFound, "", false)},
		"none: stale":       {PendingNone, true, made("avif", func(l *calotype.Lineage) { l.SourceETag = "v1" }), source, nil, is(ServeNotFound, StateHidden, true)},
	} {
		r := rules
		r.Pending, r.CheckSource = c.pending, c.check
		got := r.Resolve(r.Decide(Request{Method: "GET", Path: "/k.jpg", Query: "size=M&format=avif"}), c.rendition, c.source, c.nearest...)
		if is(got.Serve, got.State, got.Enqueue) != c.want {
			t.Errorf("%s: got %+v, want %s", name, got, c.want)
		}
		if short := got.Serve != ServeRendition && got.State != StateUntouched && got.Serve != InspectSource && got.Serve != InspectNearest; short && got.CacheControl == "" {
			t.Errorf("%s: no Cache-Control: %+v", name, got)
		}
	}
}

// With PendingNone, no request whose response would be the source's bytes is served.
func TestPendingNoneHidesOriginals(t *testing.T) {
	none := rules
	none.Pending = PendingNone
	for _, c := range []struct{ method, path, query string }{
		{"GET", "/k.jpg", ""}, {"GET", "/k.jpg", "size=Q"}, {"GET", "/k.jpg", "size=M&format=svg"}, {"GET", "/k.jpg", "to_webp=1"},
		{"GET", "/notes.txt", "size=M"}, {"GET", "/k%zz.jpg", "size=M"}, {"GET", "/", ""}, {"POST", "/k.jpg", "size=M"},
	} {
		got := none.Resolve(none.Decide(Request{Method: c.method, Path: c.path, Query: c.query}), Observation{}, Observation{})
		if got.Serve != ServeNotFound || got.CacheControl != NotFoundCacheControl || got.Enqueue {
			t.Errorf("%s %s?%s: got %+v, want a short-lived 404", c.method, c.path, c.query, got)
		}
	}
}

func TestPendingText(t *testing.T) {
	for text, want := range map[string]Pending{"": "", "best": PendingBest, "NONE": PendingNone, "Original": PendingOriginal} {
		var p Pending
		if err := p.UnmarshalText([]byte(text)); err != nil || p != want {
			t.Errorf("%q: got %q, %v", text, p, err)
		}
	}
	if err := new(Pending).UnmarshalText([]byte("nothing")); err == nil {
		t.Error("an unknown value is accepted")
	}
}
