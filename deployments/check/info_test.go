package check

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"calotype"
	"calotype/edge"
)

// The schema accepts what the edge answers in each state, and no other version.
func TestInfoSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../info.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	ready := calotype.Info{
		Source: "cats/kitty.jpg", State: calotype.InfoReady, ETag: "abc", Bytes: 1000, Type: "image/jpeg", Width: 4000, Height: 3000, Frames: 1,
		ThumbHash: []byte{1, 2, 3}, Colour: "#102030", Focal: &calotype.Point{X: 0, Y: 1}, Attention: map[string]calotype.Point{"128x256": {X: 0.25, Y: 0.5}},
	}
	damaged, unsized := ready, ready
	damaged.State, damaged.ThumbHash, damaged.Colour, damaged.Focal, damaged.Attention = calotype.InfoDamaged, nil, "", nil, nil
	unsized.Width = 0
	answers := map[string]bool{}
	for info, want := range map[*calotype.Info]bool{
		&ready: true, &damaged: true, &unsized: false,
		{Source: "kitty.jpg", State: calotype.InfoFailed, Reason: "corrupt", ETag: "abc", Bytes: 1}: true,
		{Source: "kitty.jpg", State: "odd"}: false,
		{State: calotype.InfoFailed}:        false,
	} {
		answers[string(info.WithPresets(calotype.DefaultPresets(), edge.InfoURL(info.Source)).Text())] = want
	}
	pending := edge.PendingInfo("kitty.jpg", 1000, edge.Observation{ETag: `"abc"`, Focal: "0.3,0.7"}).WithPresets(calotype.DefaultPresets(), edge.InfoURL("kitty.jpg"))
	answers[string(pending.Text())] = true
	answers[strings.Replace(string(pending.Text()), `"version": 1`, `"version": 2`, 1)] = false
	answers[strings.Replace(string(pending.Text()), `"x": 0.3`, `"x": 1.3`, 1)] = false
	if len(answers) != 9 {
		t.Fatalf("%d answers", len(answers))
	}
	for answer, want := range answers {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(answer))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != want {
			t.Errorf("want %v, got %v for %s", want, err, answer)
		}
	}
}
