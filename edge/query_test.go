package edge

import (
	"testing"

	"calotype"
)

func TestRequestFor(t *testing.T) {
	for name, c := range map[string]struct {
		source  string
		variant calotype.Variant
		want    Request
	}{
		"the source": {"cats/kitty.jpg", calotype.Variant{}, Request{Method: "GET", Path: "/cats/kitty.jpg", Query: ""}},
		"own format": {"a b+c.jpg", calotype.Variant{Preset: "M"}, Request{Method: "GET", Path: "/a%20b+c.jpg", Query: "size=M"}},
		"webp":       {"50%.jpg", calotype.Variant{Preset: "XS", Format: calotype.WebP}, Request{Method: "GET", Path: "/50%25.jpg", Query: "size=XS&to_webp=1"}},
		"avif":       {"a?b.jpg", calotype.Variant{Preset: "L", Format: calotype.AVIF}, Request{Method: "GET", Path: "/a%3Fb.jpg", Query: "size=L&format=avif"}},
	} {
		if got := RequestFor(c.source, c.variant); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// FuzzRequestFor checks that Decide is the inverse of RequestFor.
func FuzzRequestFor(f *testing.F) {
	f.Add("cats/kitty.jpg", "M.webp")
	f.Add("a b+c%3F?&;=.PNG", "XS")
	f.Add("//é.webp", "SS.avif")
	f.Add("a:b.bmp", "L.png")
	f.Fuzz(func(t *testing.T, source, name string) {
		own, ok := calotype.FormatOfKey(source)
		if !ok || rules.Prefix.CheckSource(source) != nil {
			return
		}
		v, err := calotype.ParseVariant(name)
		if err != nil || v.Format == own || calotype.CheckKey(rules.Prefix.RenditionKey(v, source)) != nil {
			return
		}
		if _, known := rules.Presets.Lookup(v.Preset); !known {
			return
		}
		if d := rules.Decide(RequestFor(source, v)); d.Verdict != Resize || d.Source != source || d.Variant != v {
			t.Errorf("%q %v became %+v", source, v, d)
		}
		if d := rules.Decide(RequestFor(source, calotype.Variant{})); d.Verdict != Passthrough || d.Source != source {
			t.Errorf("%q became %+v", source, d)
		}
	})
}
