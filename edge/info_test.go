package edge

import (
	"testing"

	"calotype"
)

func TestDecideInfo(t *testing.T) {
	on := rules
	on.Info = true
	for query, want := range map[string]Verdict{
		"info=1": Info, "info=true": Info, "info=TRUE": Info, "size=M&info=1": Info, "info=1&size=M&format=svg": Info, "v=7&info=1&info=0": Info,
		"info": Passthrough, "info=": Passthrough, "info=0": Passthrough, "info=0&info=1": Passthrough, "INFO=1": Passthrough, "i%6Efo=1": Passthrough,
		"moreinfo=1": Passthrough, "info=1;": Passthrough, "size=M&info=0": Resize, "size=M&noinfo=1": Resize,
	} {
		d := on.Decide(Request{Method: "GET", Path: "/cats/kitty.jpg", Query: query})
		if d.Verdict != want || (d.Rendition == "resized/.info/cats/kitty.jpg") != (want == Info) {
			t.Errorf("%s: got %v %q, want %v", query, d.Verdict, d.Rendition, want)
		}
		// Switched off, the parameter is unknown.
		without := rules.Decide(Request{Method: "GET", Path: "/cats/kitty.jpg", Query: query})
		if without.Verdict == Info || want != Info && without != d {
			t.Errorf("%s: switched off, got %+v", query, without)
		}
	}
	for path, want := range map[string]Verdict{
		"/kitty.txt": Passthrough, "/resized/.info/kitty.jpg": NotFound, "/resized/M/kitty.jpg": NotFound, "/a/../kitty.jpg": Passthrough, "/.info/kitty.jpg": Info,
	} {
		if d := on.Decide(Request{Method: "GET", Path: path, Query: "info=1"}); d.Verdict != want {
			t.Errorf("%s: got %v, want %v", path, d.Verdict, want)
		}
	}
	if d := on.Decide(Request{Method: "PUT", Path: "/kitty.jpg", Query: "info=1"}); d.Verdict != Passthrough {
		t.Errorf("PUT: got %v", d.Verdict)
	}
	if d := on.DecideRewritten(Request{Method: "GET", Path: "/resized/.info/kitty.jpg"}); d.Verdict != NotFound {
		t.Errorf("as a rendition's key: got %v", d.Verdict)
	}
	d := on.Decide(Request{Method: "GET", Path: "/kitty.jpg", Query: "info=1"})
	if got, want := d.Job(false, "r1").Encode(), `{"v":2,"source":"kitty.jpg","quality":70,"info":true,"request":"r1"}`; got != want {
		t.Errorf("the job is %s, want %s", got, want)
	}
}

func TestResolveInfo(t *testing.T) {
	stored := func(etag string, focal calotype.Focal) Observation {
		return Observation{Status: Found, Lineage: calotype.Lineage{SourceETag: etag, Recipe: calotype.InfoRecipe("e"), Focal: focal}}
	}
	source := Observation{Status: Found, ETag: `"v2"`, Focal: "0.3,0.7"}
	for name, c := range map[string]struct {
		info, source Observation
		check        bool
		want         Serve
		enqueue      bool
	}{
		"stored":                      {stored("v1", ""), Observation{}, false, ServeRendition, false},
		"missing":                     {Observation{Status: Missing}, Observation{}, false, InspectSource, false},
		"missing, of a source":        {Observation{Status: Missing}, source, false, ServePendingInfo, true},
		"denied, of a source":         {Observation{Status: Denied}, source, false, ServePendingInfo, true},
		"of another program":          {Observation{Status: Found}, source, false, ServePendingInfo, true},
		"missing, as its source":      {Observation{Status: Missing}, Observation{Status: Missing}, false, ServeNotFound, false},
		"of a source that is denied":  {Observation{Status: Missing}, Observation{Status: Denied}, false, ServeNotFound, false},
		"of a source that is unknown": {Observation{Status: Missing}, Observation{Status: Unknown}, false, ServeUnavailable, false},
		"of a rendition":              {Observation{Status: Missing}, stored("v1", ""), false, ServeNotFound, false},
		"unreadable":                  {Observation{Status: Unknown}, source, false, ServeUnavailable, false},
		"checked: first":              {stored("v2", "0.3,0.7"), Observation{}, true, InspectSource, false},
		"checked: current":            {stored("v2", "0.3,0.7"), source, true, ServeRendition, false},
		"checked: replaced":           {stored("v1", "0.3,0.7"), source, true, ServePendingInfo, true},
		"checked: another point":      {stored("v2", ""), source, true, ServePendingInfo, true},
		"checked: removed":            {stored("v2", ""), Observation{Status: Missing}, true, ServeNotFound, false},
		"checked: not readable":       {stored("v2", ""), Observation{Status: Unknown}, true, ServeRendition, false},
	} {
		r := Rules{Info: true, CheckSource: c.check, Prefix: "resized", Presets: calotype.DefaultPresets()}
		got := r.Resolve(Decision{Verdict: Info, Source: "kitty.jpg"}, c.info, c.source)
		if got.Serve != c.want || got.Enqueue != c.enqueue {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
