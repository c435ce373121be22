package calotype

import "testing"

func TestStaleness(t *testing.T) {
	m := plain("M", Box{1200, 628}, Box{628, 1200})
	made := func(change func(*Lineage)) Lineage {
		l := Lineage{SourceETag: "v1", Recipe: Recipe{Boxes: "1200x628", Quality: 50, Encoder: "e1"}}
		change(&l)
		return l
	}
	same := made(func(*Lineage) {})
	older := made(func(l *Lineage) { l.SourceETag = "v0" })
	resized := made(func(l *Lineage) { l.Recipe.Boxes = "1000x500" })
	fallback := made(func(l *Lineage) { l.CopyReason, l.Recipe.Quality = "corrupt", 0 })
	asIs := made(func(l *Lineage) { l.CopyReason = CopyAsIs })

	own, focal := m, m
	own.Quality.WebP = 60
	focal.Gravity = GravityFocal
	focused := made(func(l *Lineage) { l.Recipe.Boxes, l.Focal = focal.Signature(), "0.3,0.7" })
	webp := made(func(l *Lineage) { l.Recipe.Format = WebP })

	viewer := Target{SourceETag: `"v1"`, Preset: m}
	exact := Target{SourceETag: "v1", Preset: m, Quality: 50, Encoder: "e1"}
	retry := Target{SourceETag: "v1", Preset: m, RetryFallback: true}
	for name, c := range map[string]struct {
		lineage Lineage
		target  Target
		want    Staleness
	}{
		"the same":                       {same, viewer, Current},
		"no lineage":                     {Lineage{}, viewer, Missing},
		"no lineage, no source":          {Lineage{}, Target{Preset: m}, Missing},
		"source replaced":                {older, viewer, Replaced},
		"source removed":                 {same, Target{Preset: m}, Replaced},
		"preset changed":                 {resized, viewer, OtherBox},
		"preset removed":                 {made(func(l *Lineage) { l.Recipe.Boxes = "0x0" }), Target{SourceETag: "v1"}, OtherBox},
		"replaced before box":            {made(func(l *Lineage) { l.SourceETag, l.Recipe.Boxes = "v0", "1x1" }), viewer, Replaced},
		"any recipe for viewers":         {made(func(l *Lineage) { l.Recipe.Quality, l.Recipe.Encoder = 10, "e0" }), viewer, Current},
		"the same recipe":                {same, exact, Current},
		"other quality":                  {same, Target{SourceETag: "v1", Preset: m, Quality: 51}, OtherQuality},
		"other encoder":                  {same, Target{SourceETag: "v1", Preset: m, Encoder: "e2"}, OtherEncoder},
		"encoder before quality":         {same, Target{SourceETag: "v1", Preset: m, Quality: 51, Encoder: "e2"}, OtherEncoder},
		"fallback copy":                  {fallback, viewer, Current},
		"fallback copy has no quality":   {fallback, exact, Current},
		"fallback copy, other encoder":   {fallback, Target{SourceETag: "v1", Preset: m, Encoder: "e2"}, OtherEncoder},
		"fallback copy, retried":         {fallback, retry, Retried},
		"fallback copy, source replaced": {made(func(l *Lineage) { l.CopyReason, l.SourceETag = "corrupt", "v0" }), retry, Replaced},
		"passthrough, retried":           {asIs, retry, Current},
		"passthrough has the quality's":  {asIs, Target{SourceETag: "v1", Preset: m, Quality: 51}, OtherQuality},
		"rendition, retried":             {same, retry, Current},
		"quality of the preset's own":    {webp, Target{SourceETag: "v1", Preset: own}, OtherQuality},
		"that of another format":         {same, Target{SourceETag: "v1", Preset: own, Quality: 50}, Current},
		"focal point":                    {focused, Target{SourceETag: "v1", Preset: focal, Focal: "0.3,0.7"}, Current},
		"focal point changed":            {focused, Target{SourceETag: "v1", Preset: focal, Focal: "0.3,0.8"}, OtherFocal},
		"focal point removed":            {focused, Target{SourceETag: "v1", Preset: focal}, OtherFocal},
		"focal point not used":           {same, Target{SourceETag: "v1", Preset: m, Focal: "0.3,0.7"}, Current},
		"fallback copy has no focal point": {
			made(func(l *Lineage) { l.CopyReason, l.Recipe.Boxes = "corrupt", focal.Signature() }), Target{SourceETag: "v1", Preset: focal, Focal: "0.3,0.7"}, Current,
		},
	} {
		if got := c.lineage.Staleness(c.target); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
