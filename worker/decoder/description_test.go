package decoder

import (
	"testing"

	"calotype"
	"calotype/worker/render"
)

// A description comes from a process as from this one, and answers only who asked for it.
func TestDescription(t *testing.T) {
	p := newPool(t, nil)
	picture, err := p.Open(t.Context(), SourceOf(photo(t, 300, 200, "")), render.Limits{}, enough)
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	header := picture.Header()
	targets := []render.Target{small[0], header.Describe(calotype.Box{}), header.Describe(calotype.Box{Width: 128, Height: 256})}
	var answers []*render.Description
	for r, err := range picture.Render(t.Context(), targets, enough) {
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, r.Description)
	}
	if len(answers) != 3 || answers[0] != nil || len(answers[1].ThumbHash) < 20 || answers[1].Colour == "" || answers[2].Attention == "" {
		t.Errorf("got %+v", answers)
	}
}

func TestCheckAnswer(t *testing.T) {
	body := []byte("picture")
	describe := render.Target{Describe: true}
	for name, c := range map[string]struct {
		target render.Target
		answer render.Rendition
		ok     bool
	}{
		"a rendition":        {small[0], render.Rendition{Body: body}, true},
		"no bytes":           {small[0], render.Rendition{}, false},
		"not asked for":      {small[0], render.Rendition{Body: body, Description: &render.Description{}}, false},
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
		if err := checkAnswer(c.target, c.answer); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
