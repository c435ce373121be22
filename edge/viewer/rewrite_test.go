package viewer

import (
	"fmt"
	"testing"

	"calotype"
	"calotype/edge"
	"calotype/internal/viewertest"
)

// The function decides like package edge for every preset, extension and format, whatever
// presets are like.
func TestRewriteIsTheDecision(t *testing.T) {
	objects, err := calotype.ParsePresets([]byte(`{"M": "1200x628", "card": {"box": "600x400", "fit": "cover", "format": "webp"}, "photo": {"box": "300x300", "fit": "pad", "format": "jpeg"}, "__proto__": "10x10", "0": "30x30"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, presets := range map[string]calotype.Presets{"boxes": calotype.DefaultPresets(), "objects": objects} {
		rules := edge.Rules{Presets: presets, Prefix: "resized", Auto: edge.AutoFormats{calotype.AVIF, calotype.WebP}}
		code, err := RewriteCode(presets, Options{Auto: rules.Auto})
		if err != nil {
			t.Fatal(err)
		}
		function := viewertest.Start(t, code)
		rewritten, renditions := 0, 0
		for _, p := range presets {
			for _, extension := range calotype.Extensions() {
				for _, format := range []string{"", "webp", "avif", "jxl", "jpeg", "png", "svg", "auto"} {
					query := fmt.Sprintf("size=%s&format=%s", p.Name, format)
					const accept = "image/avif,image/webp,*/*"
					want := rules.Decide(edge.Request{Method: "GET", Path: "/k" + extension, Query: query, Accept: accept})
					if want.Verdict == edge.Resize {
						renditions++
					}
					after := function.Handle(viewertest.Request{Method: "GET", URI: "/k" + extension, Query: query, Accept: []string{accept}})
					request, decide := edge.Request{Method: "GET", Path: after.URI, Query: after.Query.String(), Accept: after.Accept}, rules.Decide
					if after.Group != nil {
						rewritten++
						request.Path, decide = "/resized"+after.URI, rules.DecideRewritten
					}
					if got := decide(request); got != want {
						t.Errorf("%s: /k%s?%s became %s?%s: decided %+v, want %+v", name, extension, query, after.URI, after.Query, got, want)
					}
				}
			}
		}
		if rewritten != renditions {
			t.Errorf("%s: %d of %d renditions are rewritten: want all", name, rewritten, renditions)
		}
	}
}
