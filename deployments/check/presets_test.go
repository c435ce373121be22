package check

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"calotype"
)

// The schema accepts what the program accepts, but for names that are used twice and sides
// above the maximum.
func TestPresetsSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../presets.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]bool{
		`{"a": "600x400"}`: true, `{"a": "600x400/400x600", "b": {"box": "1x1"}}`: true,
		`{"a": {"box": "6x4", "fit": "cover", "gravity": "smart", "quality": 75, "format": "webp", "background": "#FFF", "enlarge": true}}`: true,
		`{"a": {"box": "6x4", "fit": "pad", "gravity": "southwest", "quality": {"jpeg": 1, "webp": 100, "avif": 50, "jxl": 9}}}`:            true,
		`{"a": {"box": "6x4", "fit": "inside", "gravity": "center"}}`:                                                                       true,
		`{}`: false, `[]`: false, `{"a": 5}`: false, `{"a": null}`: false, `{"a b": "1x1"}`: false, `{"a": "0x1"}`: false, `{"a": "1x"}`: false,
		`{"a": {}}`: false, `{"a": {"box": 5}}`: false, `{"a": {"box": "1x1", "fit": "fill"}}`: false, `{"a": {"box": "1x1", "fit": null}}`: false,
		`{"a": {"box": "1x1", "gravity": "north"}}`: false, `{"a": {"box": "1x1", "fit": "inside", "gravity": "smart"}}`: false,
		`{"a": {"box": "1x1", "fit": "pad", "gravity": "focal"}}`: false, `{"a": {"box": "1x1", "fit": "cover", "gravity": "up"}}`: false,
		`{"a": {"box": "1x1", "quality": 0}}`: false, `{"a": {"box": "1x1", "quality": 7.5}}`: false, `{"a": {"box": "1x1", "quality": {}}}`: false,
		`{"a": {"box": "1x1", "quality": {"png": 5}}}`: false, `{"a": {"box": "1x1", "format": "gif"}}`: false, `{"a": {"box": "1x1", "format": "WEBP"}}`: false,
		`{"a": {"box": "1x1", "background": "white"}}`: false, `{"a": {"box": "1x1", "background": "#ffff"}}`: false, `{"a": {"box": "1x1", "enlarge": 1}}`: false,
		`{"a": {"box": "1x1", "shadow": true}}`: false,
	}
	for _, name := range []string{"presets.json", "presets-web.json"} {
		file, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[string(file)] = true
	}
	for file, want := range files {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		valid := schema.Validate(value)
		presets, err := calotype.ParsePresets([]byte(file))
		if (valid == nil) != want || (err == nil) != want {
			t.Errorf("%s: want %v, the schema says %v, the program %v", file, want, valid, err)
		}
		if err != nil {
			continue
		}
		if written, err := json.Marshal(presets); err != nil {
			t.Error(err)
		} else if value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(written))); err != nil || schema.Validate(value) != nil {
			t.Errorf("%s is written as %s, which the schema refuses", file, written)
		}
	}
}
