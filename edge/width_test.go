package edge

import (
	"testing"

	"calotype"
)

func TestWidths(t *testing.T) {
	r := Rules{Presets: calotype.WebPresets(), Prefix: "resized", Widths: true}
	for query, want := range map[string]string{
		"w=640": "w640", "w=641": "w828", "w=1": "w320", "w=9999": "w3840", "w=99999": "w3840", "w=320&dpr=2": "w640",
		"w=320&dpr=1.5": "w480", "w=320&dpr=1.501": "w640", "w=640&dpr=0.5": "w320", "w=320&dpr=": "w320", "w=320&dpr=two": "w320", "w=320&dpr=0": "w320",
		"w=320&dpr=1.": "w320", "w=320&dpr=.5": "w320", "w=320&dpr=1.0001": "w320", "w=100&dpr=99": "w3840", "dpr=2&w=320&w=640": "w640", "w=%33%320": "w320",
		"size=w480&w=3840": "w480", "size=&w=640": "w640", "w=00640": "w640",
		"size=Q&w=640": "", "w=0": "", "w=": "", "w=-1": "", "w=640px": "", "w=64.0": "", "w=100000": "", "w=+640": "", "w=6e2": "", "W=640": "", "dpr=2": "", "": "",
	} {
		if got := r.Decide(Request{Method: "GET", Path: "/k.jpg", Query: query}).Variant.Preset; got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	r.Widths = false
	if d := r.Decide(Request{Method: "GET", Path: "/k.jpg", Query: "w=640"}); d.Verdict != Passthrough {
		t.Errorf("switched off: got %+v, want the parameter ignored", d)
	}
	r.Widths, r.Presets = true, calotype.DefaultPresets()
	if d := r.Decide(Request{Method: "GET", Path: "/k.jpg", Query: "w=640"}); d.Verdict != Passthrough {
		t.Errorf("a table without widths: got %+v, want the parameter ignored", d)
	}
}
