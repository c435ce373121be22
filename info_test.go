package calotype

import (
	"reflect"
	"slices"
	"testing"
)

func TestInfoRoundTrip(t *testing.T) {
	info := Info{
		Version: 1, Source: "cats/a&b.jpg", State: InfoReady, ETag: "v1", Bytes: 1000, Type: "image/jpeg", Width: 4000, Height: 3000, Frames: 1,
		ThumbHash: []byte{1, 2, 255}, Colour: "#102030", Focal: &Point{0.3, 0.7}, Attention: map[string]Point{"128x256": {0.33203125, 0}},
	}
	if got, err := ParseInfo(info.Encode()); err != nil || !reflect.DeepEqual(got, info) {
		t.Errorf("got %+v, %v", got, err)
	}
	shown := info.WithPresets(DefaultPresets(), func(v Variant) string { return "/?size=" + v.Preset })
	if got, err := ParseInfo(shown.Encode()); err != nil || !reflect.DeepEqual(got, info) {
		t.Errorf("with presets: got %+v, %v", got, err)
	}
	if got := shown.Presets["M"]; got != (InfoPreset{837, 628, "/?size=M"}) || len(shown.Presets) != 8 {
		t.Errorf("M: got %+v", got)
	}
	for name, body := range map[string]string{"no JSON": "kitty", "no version": `{"source":"a.jpg"}`, "a later version": `{"version":2}`, "another type": `{"version":1,"width":"wide"}`} {
		if got, err := ParseInfo([]byte(body)); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// A smart crop has a point of its own for each shape, and so has a focal one without a focal
// point.
func TestInfoParts(t *testing.T) {
	table, err := ParsePresets([]byte(`{
		"M": "1200x628", "middle": {"box": "60x60", "fit": "cover"},
		"small": {"box": "60x60", "fit": "cover", "gravity": "smart"}, "large": {"box": "600x600", "fit": "cover", "gravity": "smart"},
		"wide": {"box": "600x100", "fit": "cover", "gravity": "focal"}}`))
	if err != nil {
		t.Fatal(err)
	}
	info := Info{Width: 4000, Height: 3000, Attention: map[string]Point{"192x256": {0.25, 0.5}}}
	if got, want := info.Parts(table), []Box{{192, 256}, {256, 57}}; !slices.Equal(got, want) {
		t.Errorf("parts: got %v, want %v", got, want)
	}
	for name, want := range map[string]Focal{"M": "", "middle": "", "small": "0.25,0.5", "large": "0.25,0.5", "wide": ""} {
		p, _ := table.Lookup(name)
		if got := info.AttentionFor(p); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	info.Focal = &Point{0.3, 0.7}
	if got, want := info.Parts(table), []Box{{192, 256}}; !slices.Equal(got, want) {
		t.Errorf("with a focal point: got %v, want %v", got, want)
	}
	if got := (Info{}).Parts(table); len(got) > 0 {
		t.Errorf("of an unknown size: got %v", got)
	}
}

func TestInfoStaleness(t *testing.T) {
	l := Lineage{SourceETag: "v1", Recipe: InfoRecipe("e1"), Focal: "0.3,0.7"}
	if got := ParseLineage(l.Metadata()); got != l {
		t.Errorf("as metadata: got %+v", got)
	}
	for want, c := range map[Staleness]struct {
		change func(l *Lineage)
		etag   string
		focal  Focal
	}{
		Current:    {func(l *Lineage) { l.Recipe.Encoder = "e2" }, `"v1"`, "0.3,0.7"},
		Missing:    {func(l *Lineage) { l.SourceETag = "" }, `"v1"`, "0.3,0.7"},
		Replaced:   {func(*Lineage) {}, `"v2"`, "0.3,0.7"},
		OtherBox:   {func(l *Lineage) { l.Recipe.Boxes = "1200x628" }, `"v1"`, "0.3,0.7"},
		OtherFocal: {func(*Lineage) {}, `"v1"`, ""},
	} {
		changed := l
		c.change(&changed)
		if got := changed.InfoStaleness(c.etag, c.focal); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
