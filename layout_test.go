package calotype

import "testing"

func TestLayout(t *testing.T) {
	box := func(w, h int) Box { return Box{w, h} }
	inside := plain("inside", box(600, 400), box(400, 600))
	cover := Preset{Name: "cover", Wide: box(600, 400), Tall: box(600, 400), Options: Options{Fit: FitCover}}
	pad := Preset{Name: "pad", Wide: box(600, 400), Tall: box(600, 400), Options: Options{Fit: FitPad}}
	enlarged := func(p Preset) Preset { p.Enlarge = true; return p }
	for name, c := range map[string]struct {
		preset            Preset
		picture           Box
		rendition, scaled Box
	}{
		"inside":                     {inside, box(3000, 1500), box(600, 300), box(600, 300)},
		"inside, tall":               {inside, box(1500, 3000), box(300, 600), box(300, 600)},
		"inside, small":              {inside, box(30, 15), box(30, 15), box(30, 15)},
		"inside, enlarged":           {enlarged(inside), box(30, 15), box(600, 300), box(600, 300)},
		"inside, enlarged, tall":     {enlarged(inside), box(15, 30), box(300, 600), box(300, 600)},
		"inside, enlarged and large": {enlarged(inside), box(3000, 1500), box(600, 300), box(600, 300)},
		"cover, wide":                {cover, box(3000, 1500), box(600, 400), box(800, 400)},
		"cover, tall":                {cover, box(1500, 3000), box(600, 400), box(600, 1200)},
		"cover, same shape":          {cover, box(3000, 2000), box(600, 400), box(600, 400)},
		"cover, rounded up":          {cover, box(3001, 2000), box(600, 400), box(600, 400)},
		"cover, one side too short":  {cover, box(3000, 200), box(300, 200), box(3000, 200)},
		"cover, both too short":      {cover, box(300, 100), box(150, 100), box(300, 100)},
		"cover, too narrow":          {cover, box(300, 900), box(300, 200), box(300, 900)},
		"cover, thread":              {cover, box(16383, 1), box(2, 1), box(16383, 1)},
		"cover, enlarged":            {enlarged(cover), box(300, 100), box(600, 400), box(1200, 400)},
		"pad, wide":                  {pad, box(3000, 1500), box(600, 400), box(600, 300)},
		"pad, tall":                  {pad, box(1500, 3000), box(600, 400), box(200, 400)},
		"pad, small":                 {pad, box(30, 15), box(600, 400), box(30, 15)},
		"pad, enlarged":              {enlarged(pad), box(30, 15), box(600, 400), box(600, 300)},
	} {
		got := c.preset.Layout(c.picture.Width, c.picture.Height)
		if want := (Layout{c.rendition, c.scaled}); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func FuzzLayout(f *testing.F) {
	f.Add(600, 400, 3000, 1500, true, false)
	f.Add(600, 400, 16383, 1, false, true)
	f.Fuzz(func(t *testing.T, bw, bh, w, h int, cover, enlarge bool) {
		if min(bw, bh, w, h) < 1 || max(bw, bh) > MaxSide || max(w, h) > 1<<30 {
			return
		}
		p := Preset{Wide: Box{bw, bh}, Tall: Box{bw, bh}, Options: Options{Fit: FitPad, Enlarge: enlarge}}
		if cover {
			p.Fit = FitCover
		}
		l := p.Layout(w, h)
		switch {
		case min(l.Rendition.Width, l.Rendition.Height, l.Scaled.Width, l.Scaled.Height) < 1:
			t.Errorf("empty: %v", l)
		case l.Rendition.Width > bw || l.Rendition.Height > bh:
			t.Errorf("%v is larger than the box", l)
		case cover && (l.Scaled.Width < l.Rendition.Width || l.Scaled.Height < l.Rendition.Height):
			t.Errorf("%v does not cover", l)
		case !cover && (l.Scaled.Width > l.Rendition.Width || l.Scaled.Height > l.Rendition.Height):
			t.Errorf("%v is not inside", l)
		case !enlarge && (l.Scaled.Width > w || l.Scaled.Height > h):
			t.Errorf("%v is larger than %dx%d", l, w, h)
		}
	})
}

// All sizes of a shape have the same part, so that they are cropped alike.
func TestPart(t *testing.T) {
	table, err := ParsePresets([]byte(`{
		"a": {"box": "60x60", "fit": "cover"}, "b": {"box": "300x300", "fit": "cover"}, "c": {"box": "1200x1200", "fit": "cover"},
		"wide": {"box": "600x100", "fit": "cover"}, "inside": "60x60"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Box{"a": {192, 256}, "b": {192, 256}, "c": {192, 256}, "wide": {256, 57}, "inside": {}} {
		p, _ := table.Lookup(name)
		if got := p.Layout(4000, 3000).Part(); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
