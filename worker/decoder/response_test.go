package decoder

import (
	"testing"

	"calotype"
	"calotype/worker/render"
)

// A rendition has a description only if the target asks for one.
func TestDescription(t *testing.T) {
	p := newPool(t, nil)
	picture, err := p.Open(t.Context(), SourceOf(photo(t, 300, 200, "")), render.Limits{}, enough)
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	header := picture.Header()
	targets := []render.Target{small[0], header.Describe(calotype.Box{}), header.Describe(calotype.Box{Width: 128, Height: 256})}
	var descriptions []*render.Description
	for r, err := range picture.Render(t.Context(), targets, enough) {
		if err != nil {
			t.Fatal(err)
		}
		descriptions = append(descriptions, r.Description)
	}
	if len(descriptions) != 3 || descriptions[0] != nil || len(descriptions[1].ThumbHash) < 20 || descriptions[1].Colour == "" || descriptions[2].Attention == "" {
		t.Errorf("got %+v", descriptions)
	}
}

func TestCheckHeader(t *testing.T) {
	limits := render.Limits{Pixels: 1000, Frames: 10}
	for name, c := range map[string]struct {
		picture *render.Picture
		ok      bool
	}{
		"a picture":            {&render.Picture{Format: calotype.JPEG, Width: 50, Height: 20, Frames: 1}, true},
		"an animation":         {&render.Picture{Format: calotype.GIF, Width: 10, Height: 10, Frames: 10}, true},
		"too many pixels":      {&render.Picture{Format: calotype.JPEG, Width: 51, Height: 20, Frames: 1}, false},
		"too many in all":      {&render.Picture{Format: calotype.GIF, Width: 11, Height: 10, Frames: 10}, false},
		"more than an integer": {&render.Picture{Format: calotype.GIF, Width: 1 << 40, Height: 1 << 40, Frames: 1}, false},
		"too many frames":      {&render.Picture{Format: calotype.GIF, Width: 1, Height: 1, Frames: 11}, false},
		"another format":       {&render.Picture{Format: "svg+xml", Width: 1, Height: 1, Frames: 1}, false},
	} {
		if err := checkHeader(c.picture, limits); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := checkHeader(&render.Picture{Format: calotype.JPEG, Width: 1 << 40, Height: 1 << 40, Frames: 1}, render.Limits{}); err != nil {
		t.Errorf("without limits: %v", err)
	}
}

func TestCheckResponse(t *testing.T) {
	header := &render.Picture{Format: calotype.GIF, Width: 300, Height: 200, Frames: 1}
	target := render.Target{Width: 30, Height: 20, Format: calotype.JPEG}
	body := []byte("\xff\xd8\xff\xe0")
	describe := render.Target{Describe: true}
	for name, c := range map[string]struct {
		target   render.Target
		response render.Rendition
		ok       bool
	}{
		"a rendition":        {target, render.Rendition{Body: body, Format: calotype.JPEG, Width: 30, Height: 20}, true},
		"the source":         {target, render.Rendition{Body: []byte("GIF89a"), Format: calotype.GIF, Width: 300, Height: 200, AsIs: true}, true},
		"no bytes":           {target, render.Rendition{Format: calotype.JPEG, Width: 30, Height: 20}, false},
		"another format":     {target, render.Rendition{Body: body, Format: calotype.PNG, Width: 30, Height: 20}, false},
		"a document":         {target, render.Rendition{Body: []byte("<svg/>"), Format: "svg+xml", Width: 30, Height: 20}, false},
		"no size":            {target, render.Rendition{Body: body, Format: calotype.JPEG}, false},
		"too wide":           {target, render.Rendition{Body: body, Format: calotype.JPEG, Width: 301, Height: 20}, false},
		"not asked for":      {target, render.Rendition{Body: body, Format: calotype.JPEG, Width: 30, Height: 20, Description: &render.Description{}}, false},
		"nothing":            {describe, render.Rendition{}, false},
		"bytes":              {describe, render.Rendition{Body: body, Description: &render.Description{}}, false},
		"empty":              {describe, render.Rendition{Description: &render.Description{}}, true},
		"a long hash":        {describe, render.Rendition{Description: &render.Description{ThumbHash: make([]byte, 26)}}, false},
		"no colour":          {describe, render.Rendition{Description: &render.Description{Colour: "red"}}, false},
		"a short colour":     {describe, render.Rendition{Description: &render.Description{Colour: "#fff"}}, false},
		"all":                {describe, render.Rendition{Description: &render.Description{ThumbHash: make([]byte, 25), Colour: "#102030", Attention: "0.25,1"}}, true},
		"a point outside":    {describe, render.Rendition{Description: &render.Description{Attention: "0.5,1.5"}}, false},
		"no number":          {describe, render.Rendition{Description: &render.Description{Attention: "NaN,0"}}, false},
		"another notation":   {describe, render.Rendition{Description: &render.Description{Attention: "5e-1,0"}}, false},
		"more than a point":  {describe, render.Rendition{Description: &render.Description{Attention: "0.5,0.5,0.5"}}, false},
		"something else yet": {describe, render.Rendition{Description: &render.Description{Attention: "</script>"}}, false},
	} {
		if err := checkResponse(header, c.target, c.response); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
