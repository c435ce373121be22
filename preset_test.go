package calotype

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestDefaultPresets(t *testing.T) {
	// The tutorial's table, for wide pictures and for tall and square ones.
	want := map[string][2]Box{
		"L":   {{1280, 720}, {720, 1280}},
		"M":   {{1200, 628}, {628, 1200}},
		"S":   {{854, 480}, {480, 854}},
		"XS":  {{427, 240}, {240, 427}},
		"SL":  {{1080, 1080}, {1080, 1080}},
		"SM":  {{540, 540}, {540, 540}},
		"SS":  {{360, 360}, {360, 360}},
		"SXS": {{180, 180}, {180, 180}},
	}
	presets := DefaultPresets()
	if len(presets) != len(want) {
		t.Errorf("%d presets, want %d", len(presets), len(want))
	}
	for name, boxes := range want {
		p, ok := presets.Lookup(name)
		if got := [2]Box{p.Wide, p.Tall}; !ok || got != boxes {
			t.Errorf("%s: got %v, want %v", name, got, boxes)
		}
	}
}

func TestFit(t *testing.T) {
	m, _ := DefaultPresets().Lookup("M")
	xs, _ := DefaultPresets().Lookup("XS")
	for name, c := range map[string]struct {
		preset        Preset
		width, height int
		want          [2]int
	}{
		"wide":              {m, 4000, 3000, [2]int{837, 628}},
		"tall":              {m, 3000, 4000, [2]int{628, 837}},
		"square is as tall": {m, 3000, 3000, [2]int{628, 628}},
		"panorama":          {m, 10000, 1000, [2]int{1200, 120}},
		"fits exactly":      {m, 1200, 628, [2]int{1200, 628}},
		"never enlarged":    {m, 300, 200, [2]int{300, 200}},
		"one side fits":     {m, 2400, 600, [2]int{1200, 300}},
		"thread":            {xs, 20000, 3, [2]int{427, 1}},
		"one pixel":         {xs, 1, 1, [2]int{1, 1}},
		"rounded":           {xs, 1000, 667, [2]int{360, 240}},
	} {
		w, h := c.preset.BoxFor(c.width, c.height).Fit(c.width, c.height)
		if got := [2]int{w, h}; got != c.want {
			t.Errorf("%s: %dx%d fits as %v, want %v", name, c.width, c.height, got, c.want)
		}
	}
}

func FuzzFit(f *testing.F) {
	f.Add(1200, 628, 4000, 3000)
	f.Add(1, 16383, 1, 1_000_000)
	f.Fuzz(func(t *testing.T, bw, bh, w, h int) {
		for _, n := range []int{bw, bh} {
			if n < 1 || n > MaxSide {
				return // Not a box that the parser returns.
			}
		}
		if w < 1 || h < 1 || w > 1<<30 || h > 1<<30 {
			return // Not a picture.
		}
		gw, gh := Box{bw, bh}.Fit(w, h)
		if gw < 1 || gh < 1 || gw > min(w, bw) || gh > min(h, bh) {
			t.Errorf("%dx%d in %dx%d is %dx%d", w, h, bw, bh, gw, gh)
		}
		if (w > bw || h > bh) && gw != bw && gh != bh {
			t.Errorf("%dx%d in %dx%d is %dx%d: touches no side", w, h, bw, bh, gw, gh)
		}
	})
}

func plain(name string, wide, tall Box) Preset { return Preset{Name: name, Wide: wide, Tall: tall} }

func TestParsePresets(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want Presets
		err  string
	}{
		"turned":          {`{"a": "30x20"}`, Presets{plain("a", Box{30, 20}, Box{20, 30})}, ""},
		"both":            {`{"a": "30x20/15x25"}`, Presets{plain("a", Box{30, 20}, Box{15, 25})}, ""},
		"order kept":      {`{"b": "1x1", "a": "2x2"}`, Presets{plain("b", Box{1, 1}, Box{1, 1}), plain("a", Box{2, 2}, Box{2, 2})}, ""},
		"empty":           {`{}`, nil, "name at least one"},
		"no object":       {`["M"]`, nil, "not a JSON object"},
		"twice":           {`{"a": "1x1", "a": "2x2"}`, nil, "a is defined twice"},
		"number":          {`{"a": 1080}`, nil, `want a string such as "1200x628"`},
		"no box":          {`{"a": "1080"}`, nil, "not WIDTHxHEIGHT"},
		"zero":            {`{"a": "0x5"}`, nil, "number of pixels from 1 to 16383"},
		"huge":            {`{"a": "16384x5"}`, nil, "number of pixels from 1 to 16383"},
		"signed":          {`{"a": "+5x5"}`, nil, "number of pixels"},
		"dotted name":     {`{"a.b": "5x5"}`, nil, "letters, digits"},
		"slash in a name": {`{"a/b": "5x5"}`, nil, "letters, digits"},
		"cut":             {`{"a": "5x5"`, nil, "read presets"},
		"more behind":     {`{"a": "5x5"} {}`, nil, "unexpected data"},
	} {
		got, err := ParsePresets([]byte(c.file))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want one with %q", name, err, c.err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func FuzzPresets(f *testing.F) {
	f.Add(defaultPresets)
	f.Add([]byte(`{"a": "30x20/15x25"}`))
	f.Add([]byte(designers))
	f.Fuzz(func(t *testing.T, file []byte) {
		presets, err := ParsePresets(file)
		if err != nil {
			return
		}
		written, err := json.Marshal(presets)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePresets(written)
		if err != nil || !reflect.DeepEqual(again, presets) {
			t.Errorf("%v became %v, %v", presets, again, err)
		}
	})
}
