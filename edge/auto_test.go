package edge

import (
	"fmt"
	"strings"
	"testing"

	"calotype"
)

func autoRules(formats ...calotype.Format) Rules {
	r := rules
	r.Auto = formats
	return r
}

// The Accept headers of browsers for pictures.
const (
	acceptChromium = "image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
	acceptFirefox  = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
	acceptSafari14 = "image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"
	acceptOld      = "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"
)

func TestAuto(t *testing.T) {
	both := autoRules(calotype.AVIF, calotype.WebP)
	for _, c := range []struct {
		rules        Rules
		path, accept string
		want         string // The variant, and the one before it.
	}{
		{both, "/k.jpg", acceptChromium, "M.avif M.webp"},
		{both, "/k.jpg", acceptFirefox, "M.avif M.webp"},
		{both, "/k.jpg", acceptSafari14, "M.webp "},
		{both, "/k.jpg", acceptOld, "M "},
		{both, "/k.jpg", "", "M "},
		{both, "/k.jpg", "*/*", "M "},
		{both, "/k.jpg", "image/avif", "M.avif M.webp"},
		{both, "/k.jpg", "IMAGE/AVIF ; q=0.5, image/WebP;Q=0.9", "M.avif M.webp"},
		{both, "/k.jpg", "image/avif;q=0,image/webp", "M.webp "},
		{both, "/k.jpg", "image/avif; q = 0.000 ,image/webp;q=0.001", "M.webp "},
		{both, "/k.jpg", "image/avif;q=,image/webp;q=x", "M.avif M.webp"},
		{both, "/k.jpg", "image/avif-sequence, ximage/webp", "M "},
		{both, "/k.jpg", "image/avif\x00;;,,;=;q=0", "M "},
		{both, "/k.jpg", strings.Repeat("image/avi,", 5000) + "\xff", "M "},
		{both, "/k.png", acceptFirefox, "M.avif M.webp"},
		{both, "/k.gif", acceptFirefox, "M.webp "}, // Its AVIF would be the same animated WebP.
		{both, "/k.gif", acceptOld, "M "},
		{both, "/k.webp", acceptFirefox, "M.avif M"},
		{both, "/k.webp", acceptOld, "M.png "}, // It may be an animation, or transparent.
		{both, "/k.avif", acceptFirefox, "M M.webp"},
		{both, "/k.avif", acceptSafari14, "M.webp "},
		{both, "/k.avif", acceptOld, "M.png "},
		{both, "/k.heic", acceptOld, "M "}, // Its own variant is JPEG.
		{both, "/k.heic", acceptFirefox, "M.avif M.webp"},
		{autoRules(calotype.AVIF), "/k.jpg", acceptFirefox, "M.avif "},
		{autoRules(calotype.WebP, calotype.AVIF), "/k.jpg", acceptFirefox, "M.webp "},
		{autoRules(calotype.WebP), "/k.gif", acceptFirefox, "M.webp "},
		{autoRules(calotype.JXL, calotype.AVIF, calotype.WebP), "/k.jpg", acceptChromium, "M.jxl M.webp"},
		{autoRules(calotype.JXL, calotype.AVIF, calotype.WebP), "/k.png", acceptChromium, "M.webp "},
	} {
		d := c.rules.Decide(Request{Method: "GET", Path: c.path, Query: "size=M&format=auto&to_webp=1", Accept: c.accept})
		first := ""
		if d.First != (calotype.Variant{}) {
			first = d.First.String()
		}
		if got := d.Variant.String() + " " + first; got != c.want || d.Verdict != Resize {
			t.Errorf("%v: %s, %.60q: got %q, want %q", c.rules.Auto, c.path, c.accept, got, c.want)
		}
	}
}

// While no format is allowed, format=auto means what it meant before.
func TestAutoIsOff(t *testing.T) {
	d := rules.Decide(Request{Method: "GET", Path: "/k.jpg", Query: "size=M&format=auto", Accept: acceptChromium})
	if got := rules.Resolve(d, Observation{}, Observation{Status: Found}); got.State != StateUnknownFormat || rules.IsAuto("size=M&format=auto") {
		t.Errorf("got %+v, want an unknown format", got)
	}
	on := autoRules(calotype.WebP)
	if d := on.Decide(Request{Method: "GET", Path: "/k.jpg", Query: "size=M&to_webp=1", Accept: ""}); d.Variant.Format != calotype.WebP {
		t.Errorf("got %+v: Accept counts for format=auto only", d)
	}
}

// AcceptOf is what the function at CloudFront leaves of the header.
func TestAcceptOf(t *testing.T) {
	both := autoRules(calotype.AVIF, calotype.WebP)
	for query, want := range map[string]string{
		"size=M&format=auto&auto=avif": "M.avif", "size=M&format=auto&auto=webp": "M.webp", "size=M&format=auto": "M",
		"size=M&format=auto&auto=none": "M", "size=M&format=auto&auto=svg": "M", "size=M&format=auto&auto=jxl": "M.webp",
	} {
		if strings.Contains(query, "jxl") {
			if _, known := calotype.ParseFormat("jxl"); !known {
				want = "M"
			}
		}
		if got := both.Decide(Request{Method: "GET", Path: "/k.jpg", Query: query, Accept: AcceptOf(query)}).Variant.String(); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

// The first step is served whatever is set for pending renditions, and asks for the second.
func TestAutoSteps(t *testing.T) {
	made := func(copied string) Observation {
		return Observation{Status: Found, Lineage: calotype.Lineage{SourceETag: "v2", CopyReason: copied, Recipe: calotype.Recipe{Boxes: "1200x628", Format: calotype.WebP}}}
	}
	missing, source := Observation{Status: Missing}, Observation{Status: Found, ETag: `"v2"`}
	damaged := made("")
	damaged.Lineage.Damaged = true
	const nearest = "nearest; pending; M.webp"
	for name, c := range map[string]struct {
		pending Pending
		first   Observation
		serve   Serve
		state   string
		job     string
	}{
		"nothing yet":        {PendingOriginal, missing, ServeSource, StatePending, "M.webp"},
		"nothing yet, none":  {PendingNone, missing, ServeNotFound, StateHidden, "M.webp"},
		"WebP":               {PendingOriginal, made(""), ServeNearest, nearest, "M.avif"},
		"WebP, best":         {PendingBest, made(""), ServeNearest, nearest, "M.avif"},
		"WebP, none":         {PendingNone, made(""), ServeNearest, nearest, "M.avif"},
		"a light original":   {PendingOriginal, made("as-is"), ServeNearest, nearest, "M.avif"},
		"damaged":            {PendingOriginal, damaged, ServeNearest, nearest, "M.avif"},
		"a fallback copy":    {PendingOriginal, made("corrupt"), ServeNearest, StateKept, ""},
		"that copy, none":    {PendingNone, made("corrupt"), ServeNotFound, "", ""},
		"of another version": {PendingOriginal, Observation{Status: Found, Lineage: calotype.Lineage{SourceETag: "v1"}}, ServeSource, StatePending, "M.webp"},
	} {
		r := autoRules(calotype.AVIF, calotype.WebP)
		r.Pending = c.pending
		d := r.Decide(Request{Method: "GET", Path: "/k.jpg", Query: "size=M&format=auto", Accept: acceptFirefox})
		for _, inspected := range []Observation{{}, source} {
			if got := r.Resolve(d, missing, inspected); got.Serve != InspectNearest {
				t.Errorf("%s: got %+v, want the first step inspected", name, got)
			}
		}
		found := make([]Observation, len(r.Nearest(d)))
		found[0] = c.first
		got := r.Resolve(d, missing, source, found...)
		job := ""
		if got.Enqueue {
			job = fmt.Sprint(d.Job(got.Upgrade, "").Variants[0])
		}
		if got.Serve != c.serve || got.State != c.state || job != c.job {
			t.Errorf("%s: got %+v and a job for %q, want %d %q %q", name, got, job, c.serve, c.state, c.job)
		}
		if want := map[bool]string{true: UpgradeCacheControl}[c.state == nearest]; want != "" && got.CacheControl != want {
			t.Errorf("%s: got %q, want the life of a first step", name, got.CacheControl)
		}
	}
}

// Where AVIF could not be made, its fallback copy is not a reason to withhold WebP.
func TestAutoPrefersARenditionToACopy(t *testing.T) {
	copied := func(reason string) Observation {
		return Observation{Status: Found, Lineage: calotype.Lineage{SourceETag: "v2", CopyReason: reason, Recipe: calotype.Recipe{Boxes: "1200x628"}}}
	}
	webp := Observation{Status: Found, Lineage: calotype.Lineage{SourceETag: "v2", Recipe: calotype.Recipe{Boxes: "1200x628", Format: calotype.WebP}}}
	old := webp
	old.Lineage.SourceETag = "v1"
	source := Observation{Status: Found, ETag: `"v2"`}
	for name, c := range map[string]struct {
		rendition, first Observation
		serve            Serve
		state            string
	}{
		"WebP exists":            {copied("too-much-memory"), webp, ServeNearest, "nearest; pending; M.webp"},
		"WebP is missing":        {copied("too-much-memory"), Observation{Status: Missing}, ServeRendition, StateKept},
		"WebP is old":            {copied("too-much-memory"), old, ServeRendition, StateKept},
		"WebP is a copy too":     {copied("corrupt"), copied("corrupt"), ServeRendition, StateKept},
		"a passthrough is right": {copied("as-is"), webp, ServeRendition, StateKept},
		"AVIF exists":            {webp, webp, ServeRendition, StateRendition},
	} {
		r := autoRules(calotype.AVIF, calotype.WebP)
		d := r.Decide(Request{Method: "GET", Path: "/k.jpg", Query: "size=M&format=auto", Accept: acceptFirefox})
		got := r.Resolve(d, c.rendition, Observation{})
		if got.Serve == InspectNearest {
			got = r.Resolve(d, c.rendition, source, c.first)
		}
		if got.Serve != c.serve || got.State != c.state || got.Enqueue {
			t.Errorf("%s: got %+v, want %d %q and no job", name, got, c.serve, c.state)
		}
	}
}

func TestAutoFormatsText(t *testing.T) {
	var a AutoFormats
	if err := a.UnmarshalText([]byte("AVIF, webp")); err != nil || a.String() != "avif,webp" {
		t.Errorf("got %v, %v", a, err)
	}
	if err := a.UnmarshalText(nil); err != nil || len(a) != 0 {
		t.Errorf("got %v, %v, want none", a, err)
	}
	for text, want := range map[string]string{"avif,svg": "cannot be written", "webp,png": "always allowed", "webp,webp": "twice", "avif,": "cannot be written"} {
		if err := a.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
}
