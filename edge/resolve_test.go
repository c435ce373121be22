package edge

import (
	"testing"

	"calotype"
)

func TestResolve(t *testing.T) {
	d := rules.Decide(Request{Method: "GET", Path: "/kitty.jpg", Query: "size=M"})
	made := func(etag, boxes, copyReason string) Observation {
		return Observation{Status: Found, Lineage: calotype.Lineage{SourceETag: etag, Recipe: calotype.Recipe{Boxes: boxes}, CopyReason: copyReason}}
	}
	current, fallback := made("v2", "1200x628", ""), made("v2", "1200x628", "corrupt")
	source := Observation{Status: Found, ETag: `"v2"`}
	is := func(s Status) Observation { return Observation{Status: s} }

	rendition := Resolution{Serve: ServeRendition, State: StateRendition}
	missed := Resolution{Serve: ServeSource, State: StatePending, CacheControl: PendingCacheControl, Enqueue: true}
	failing := Resolution{Serve: ServeSource, State: StatePending, CacheControl: PendingCacheControl}
	inspect := Resolution{Serve: InspectSource}
	none := Resolution{Serve: ServeNotFound, CacheControl: NotFoundCacheControl}
	unavailable := Resolution{Serve: ServeUnavailable, CacheControl: ErrorCacheControl}
	for name, c := range map[string]struct {
		check             bool
		rendition, source Observation
		want              Resolution
	}{
		"found":                         {false, current, is(NotInspected), rendition},
		"found, of an older version":    {false, made("v1", "1x1", ""), is(NotInspected), rendition},
		"a fallback copy":               {false, fallback, is(NotInspected), Resolution{Serve: ServeRendition, State: StateKept}},
		"missing":                       {false, is(Missing), is(NotInspected), inspect},
		"denied":                        {false, is(Denied), is(NotInspected), inspect},
		"missing, source found":         {false, is(Missing), source, missed},
		"denied, source found":          {false, is(Denied), source, missed},
		"both missing":                  {false, is(Missing), is(Missing), none},
		"both denied":                   {false, is(Denied), is(Denied), none},
		"missing, source unknown":       {false, is(Missing), is(Unknown), unavailable},
		"unknown":                       {false, is(Unknown), is(NotInspected), failing},
		"unknown, source found":         {false, is(Unknown), source, failing},
		"unknown, source missing":       {false, is(Unknown), is(Missing), none},
		"both unknown":                  {false, is(Unknown), is(Unknown), unavailable},
		"check: source not inspected":   {true, current, is(NotInspected), inspect},
		"check: current":                {true, current, source, rendition},
		"check: a current copy":         {true, fallback, source, Resolution{Serve: ServeRendition, State: StateKept}},
		"check: of an older version":    {true, made("v1", "1200x628", ""), source, missed},
		"check: in another box":         {true, made("v2", "100x100", ""), source, missed},
		"check: without lineage":        {true, is(Found), source, missed},
		"check: source removed":         {true, current, is(Missing), none},
		"check: source denied":          {true, current, is(Denied), rendition},
		"check: source unknown":         {true, current, is(Unknown), rendition},
		"missing, source a rendition":   {false, is(Missing), current, Resolution{Serve: ServeSource, State: StateUntouched}},
		"check: missing, source found":  {true, is(Missing), source, missed},
		"check: unknown, source unread": {true, is(Unknown), is(NotInspected), failing},
	} {
		r := rules
		r.CheckSource = c.check
		got := r.Resolve(d, c.rendition, c.source)
		if c.want != inspect && got.Why == "" {
			t.Errorf("%s: no reason", name)
		}
		if got.Why = ""; got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestResolveWithoutRendition(t *testing.T) {
	untouched := Resolution{Serve: ServeSource, State: StateUntouched}
	for name, c := range map[string]struct {
		path   string
		source Status
		want   Resolution
	}{
		"not inspected":  {"/kitty.jpg", NotInspected, untouched},
		"found":          {"/kitty.jpg", Found, untouched},
		"missing":        {"/kitty.jpg", Missing, Resolution{Serve: ServeNotFound, CacheControl: NotFoundCacheControl}},
		"denied":         {"/kitty.jpg", Denied, Resolution{Serve: ServeNotFound, CacheControl: NotFoundCacheControl}},
		"unknown":        {"/kitty.jpg", Unknown, Resolution{Serve: ServeUnavailable, CacheControl: ErrorCacheControl}},
		"under a prefix": {"/resized/M/kitty.jpg", Found, Resolution{Serve: ServeNotFound, CacheControl: NotFoundCacheControl}},
	} {
		d := rules.Decide(Request{Method: "GET", Path: c.path, Query: ""})
		got := rules.Resolve(d, Observation{Status: Found}, Observation{Status: c.source})
		if got.Why = ""; got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}
