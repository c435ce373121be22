package calotype

import (
	"slices"
	"testing"
)

func TestVariantOf(t *testing.T) {
	for name, c := range map[string]struct {
		asked, own Format
		want       string
	}{
		"the source's own":   {"", JPEG, "M"},
		"webp of a jpeg":     {WebP, JPEG, "M.webp"},
		"webp of a webp":     {WebP, WebP, "M"},
		"jpeg of a jpeg":     {JPEG, JPEG, "M"},
		"jpeg of a tiff":     {JPEG, TIFF, "M.jpeg"},
		"nothing of a tiff":  {"", TIFF, "M"},
		"avif of an unknown": {AVIF, "", "M.avif"},
	} {
		if got := VariantOf("M", c.asked, c.own).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestVariantsOfPresetWithFormat(t *testing.T) {
	presets := Presets{plain("M", Box{2, 1}, Box{1, 2}), {Name: "card", Wide: Box{2, 1}, Tall: Box{2, 1}, Options: Options{Format: WebP}}}
	asked := []Variant{{"M", JPEG}, {"card", JPEG}, {"card", WebP}, {"card", ""}, {"M", WebP}}
	want := []Variant{{"M", ""}, {"card", JPEG}, {"card", ""}, {"M", WebP}}
	if got := presets.Variants(asked, JPEG); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestParseVariantRefuses(t *testing.T) {
	for _, s := range []string{"", ".", "M.", ".webp", "M.gif", "M.WEBP", "M.webp.webp", "M/webp", "M webp", "a.b.webp"} {
		if v, err := ParseVariant(s); err == nil {
			t.Errorf("%q is %v", s, v)
		}
	}
}

func FuzzVariant(f *testing.F) {
	f.Add("M")
	f.Add("M.webp")
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := ParseVariant(s); err == nil && v.String() != s {
			t.Errorf("%q became %q", s, v)
		}
	})
}

func TestFormatOfKey(t *testing.T) {
	for key, want := range map[string]Format{
		"a.jpg": JPEG, "a.JPEG": JPEG, "a.Png": PNG, "a.gif": GIF, "a.webp": WebP, "a.bmp": BMP,
		"a.avif": AVIF, "a.tif": TIFF, "a.TIFF": TIFF, "a.heic": HEIC, "a.heif": HEIC,
		"a.jpe": JPEG, "a.JFIF": JPEG, "a.apng": PNG,
		"a.svg": "", "a": "", "jpg": "", "a.jpg/": "", "a.jpg.txt": "", "a.jpg ": "",
	} {
		if got, ok := FormatOfKey(key); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", key, got, ok, want)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for s, want := range map[string]Format{
		"webp": WebP, "WEBP": WebP, "Avif": AVIF, "jpeg": JPEG, "jpg": JPEG, "JPG": JPEG, "png": PNG,
		"": "", "gif": "", "bmp": "", "jpg ": "", "avİf": "", "jpe": "",
	} {
		if got, ok := ParseFormat(s); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", s, got, ok, want)
		}
	}
	if v, err := ParseVariant("M.jpg"); err == nil {
		t.Errorf("a key's variant has one spelling, and M.jpg became %v", v)
	}
}
