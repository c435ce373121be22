package edge

import (
	"testing"

	"calotype"
)

// A rewritten request is decided as the one that it was made of.
func TestRewritten(t *testing.T) {
	for _, formats := range [][]calotype.Format{nil, {calotype.AVIF, calotype.WebP}, {calotype.WebP, calotype.AVIF}, {calotype.AVIF}, {calotype.JXL, calotype.AVIF, calotype.WebP}} {
		r := autoRules(formats...)
		for _, extension := range calotype.Extensions() {
			for _, query := range []string{"size=M", "size=M&format=webp", "size=M&format=avif", "size=M&format=png", "size=XS&to_webp=1", "size=M&format=auto"} {
				for _, accept := range []string{acceptChromium, acceptFirefox, acceptSafari14, acceptOld, "image/avif"} {
					for _, name := range []string{"/k", "/cats/%C3%A9t%C3%A9%20(1)"} {
						want := r.Decide(Request{Method: "GET", Path: name + extension, Query: query, Accept: accept})
						if want.Verdict != Resize {
							continue // format=auto, which is not switched on.
						}
						rewritten := Request{Method: "GET", Path: RequestFor(want.Rendition, calotype.Variant{}).Path}
						if query == "size=M&format=auto" {
							rewritten.Query = "format=auto"
						}
						if got := r.DecideRewritten(rewritten); got != want {
							t.Errorf("%v: %s%s?%s, %s: became %s, decided %+v, want %+v", formats, name, extension, query, accept, rewritten.Path, got, want)
						}
					}
				}
			}
		}
	}
}

func TestNotRewritten(t *testing.T) {
	r := autoRules(calotype.AVIF, calotype.WebP)
	for _, path := range []string{
		"", "/", "/kitty.jpg", "/resized", "/resized/M", "/resized/M/", "/resized/Q/kitty.jpg", "/resized/M.svg/kitty.jpg", "/resized/M.jpeg/kitty.jpg", "/resized/M/notes.txt",
		"/resized/M/resized/M/kitty.jpg", "/resized/M//resized/M/kitty.jpg", "/resized/M/../kitty.jpg", "/resized/.failed/kitty.jpg", "/M/kitty.jpg", "//resized/M/kitty.jpg", "/resized/M/%zz.jpg", "/resized/M/%FF.jpg",
	} {
		if got := r.DecideRewritten(Request{Method: "GET", Path: path}); got != (Decision{Verdict: NotFound}) {
			t.Errorf("%s: got %+v, want not found", path, got)
		}
	}
	for _, c := range []struct{ method, path, query string }{
		{"POST", "/resized/M/kitty.jpg", ""},
		{"GET", "/resized/M.jxl/kitty.jpg", "format=auto"}, // It is not among those of auto.
		{"GET", "/resized/M.png/kitty.jpg", "format=auto"},
		{"GET", "/resized/M.avif/kitty.gif", "format=auto"},
	} {
		if got := r.DecideRewritten(Request{Method: c.method, Path: c.path, Query: c.query}); got != (Decision{Verdict: NotFound}) {
			t.Errorf("%v: got %+v, want not found", c, got)
		}
	}
}
