package calotype

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// designers is a presets file that uses every option.
const designers = `{
  "M": "1200x628",
  "card": {"box": "600x400", "fit": "cover", "gravity": "smart", "quality": 75, "format": "webp", "background": "#FFF"},
  "story": {"gravity": "focal", "fit": "cover", "box": "400x600/360x640", "quality": {"webp": 70, "jpeg": 85}},
  "logo": {"box": "200x200", "fit": "pad", "gravity": "southeast", "background": "#1a2b3c", "enlarge": true},
  "hero": {"box": "1600x900", "fit": "inside", "quality": {"avif": 50}, "enlarge": false}
}`

func TestPresetObjects(t *testing.T) {
	want := Presets{
		plain("M", Box{1200, 628}, Box{628, 1200}),
		{Name: "card", Wide: Box{600, 400}, Tall: Box{600, 400}, Options: Options{
			Fit: FitCover, Gravity: GravitySmart, Quality: Qualities{75, 75, 75, 75}, Format: WebP, Background: "#ffffff",
		}},
		{Name: "story", Wide: Box{400, 600}, Tall: Box{360, 640}, Options: Options{Fit: FitCover, Gravity: GravityFocal, Quality: Qualities{JPEG: 85, WebP: 70}}},
		{Name: "logo", Wide: Box{200, 200}, Tall: Box{200, 200}, Options: Options{Fit: FitPad, Gravity: "southeast", Background: "#1a2b3c", Enlarge: true}},
		{Name: "hero", Wide: Box{1600, 900}, Tall: Box{900, 1600}, Options: Options{Quality: Qualities{AVIF: 50}}},
	}
	got, err := ParsePresets([]byte(designers))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for i, boxes := range []string{"1200x628", "600x400 cover smart #ffffff webp", "400x600/360x640 cover focal", "200x200 pad southeast enlarge #1a2b3c", "1600x900"} {
		if got := want[i].Signature(); got != boxes {
			t.Errorf("%s: a rendition records %q, want %q", want[i].Name, got, boxes)
		}
	}
	written, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParsePresets(written); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("%s is %+v, %v", written, again, err)
	}
}

func TestMistakesInPresets(t *testing.T) {
	const file = `{
  "a": "1",
  "b": {
    "box": "0x5",
    "fit": "fill",
    "gravity": "up",
    "quality": {"webp": 101, "gif": 5},
    "format": "gif",
    "background": "white",
    "enlarge": "no",
    "shadow": true
  },
  "c": {"fit": "cover", "watermark": "logo.png"},
  "d": {"box": "1x1", "gravity": "north"},
  "e": {"box": "1x1", "gravity": "smart", "fit": "pad"},
  "f": {"box": 5, "quality": "high"},
  "g": 1080, "a b": "1x1",
  "h": "1x1", "h": "2x2",
  "i": {"box": "1x1", "box": "2x2", "quality": 0}
}`
	want := []string{
		`line 2: preset a: box "1" is not WIDTHxHEIGHT`,
		`line 5: preset b: fit "fill": want inside, cover or pad`,
		`line 6: preset b: gravity "up": want a compass point such as north or southwest, or centre, smart or focal`,
		"line 7: preset b: quality: \"gif\" has none; want jpeg, webp, avif or jxl\nquality of webp: want a whole number from 1 to 100",
		`line 8: preset b: format "gif": want webp, avif, jxl, jpeg or png`,
		`line 9: preset b: background "white": want a colour such as #fff or #ffffff`,
		`line 10: preset b: enlarge: want true or false`,
		`line 11: preset b: unknown option "shadow": want ` + optionNames,
		`line 4: preset b: box "0x5": "0" is not a number of pixels from 1 to 16383`,
		`line 13: preset c: watermark is not supported, because a rendition has one source: see docs/presets.md`,
		`line 13: preset c: box is missing: want one such as "600x400"`,
		`line 14: preset d: gravity "north": fit inside shows the whole picture; with it, fit is cover or pad`,
		`line 15: preset e: gravity "smart": fit pad puts the whole picture somewhere; want a compass point`,
		`line 16: preset f: box: want a string`,
		`line 16: preset f: quality: want a number such as 75, or an object such as {"webp": 75, "jpeg": 80}`,
		`line 17: preset g: want a string such as "1200x628", or an object such as {"box": "600x400", "fit": "cover"}`,
		`line 17: preset name "a b": use 1 to 32 letters, digits, - or _`,
		`line 18: preset h is defined twice`,
		`line 19: preset i: box is given twice`,
		`line 19: preset i: quality of jpeg: want a whole number from 1 to 100`,
	}
	presets, err := ParsePresets([]byte(file))
	if err == nil || presets != nil {
		t.Fatalf("got %v, %v, want no presets and an error", presets, err)
	}
	if got := err.Error(); got != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

func TestUnreadablePresets(t *testing.T) {
	for file, want := range map[string]string{
		"{\n\"a\": \"1x\",\n\"b\": {\"box\": }\n}": "line 2: preset a: box \"1x\": \"\" is not a number of pixels from 1 to 16383\nline 3: read presets: invalid character '}' looking for beginning of value",
		"{\n\"a\": \"1x1\"\n":                      "line 2: read presets: EOF",
		"{\n\"a\": \"1x1\"}\n\n{}":                 "line 4: read presets: unexpected data after the closing brace",
	} {
		if _, err := ParsePresets([]byte(file)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", file, err, want)
		}
	}
}
