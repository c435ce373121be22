package calotype

import (
	"strings"
	"testing"
)

func TestRenditionKey(t *testing.T) {
	for name, c := range map[string]struct {
		prefix  Prefix
		variant string
		source  string
		want    string
	}{
		"plain":         {"resized", "M", "kitty.jpg", "resized/M/kitty.jpg"},
		"webp":          {"resized", "M.webp", "cats/kitty.jpg", "resized/M.webp/cats/kitty.jpg"},
		"odd names":     {"resized", "XS.avif", "été/a b+c%20?#.png", "resized/XS.avif/été/a b+c%20?#.png"},
		"deeper prefix": {"img/resized", "S", "kitty.jpg", "img/resized/S/kitty.jpg"},
		"empty segment": {"resized", "S", "a//b.jpg", "resized/S/a//b.jpg"},
	} {
		v, err := ParseVariant(c.variant)
		if err != nil {
			t.Fatal(err)
		}
		key := c.prefix.RenditionKey(v, c.source)
		if key != c.want {
			t.Errorf("%s: got %q, want %q", name, key, c.want)
		}
		gotVariant, gotSource, err := c.prefix.ParseRenditionKey(key)
		if err != nil || gotVariant != v || gotSource != c.source {
			t.Errorf("%s: back from %q: %v %q, %v", name, key, gotVariant, gotSource, err)
		}
	}
}

func TestParseRenditionKeyRefuses(t *testing.T) {
	for name, key := range map[string]string{
		"a source":            "kitty.jpg",
		"the prefix":          "resized",
		"no source":           "resized/M.webp",
		"empty source":        "resized/M.webp/",
		"unknown format":      "resized/M.svg/kitty.jpg",
		"no variant":          "resized//kitty.jpg",
		"rendition of itself": "resized/M/resized/M/kitty.jpg",
		"a longer word":       "resized-not/M/kitty.jpg",
		"dots":                "resized/M/../kitty.jpg",
	} {
		if v, source, err := Prefix("resized").ParseRenditionKey(key); err == nil {
			t.Errorf("%s: %q is %v of %q", name, key, v, source)
		}
	}
}

func TestPrefixContains(t *testing.T) {
	for key, want := range map[string]bool{
		"resized":               true,
		"resized/":              true,
		"resized/M/kitty.jpg":   true,
		"/resized/M/kitty.jpg":  true,
		"a/../resized/M/k.jpg":  true,
		".//resized/M/k.jpg":    true,
		"../resized/M/k.jpg":    true,
		"resized.jpg":           false,
		"resized-cats/k.jpg":    false,
		"cats/resized/k.jpg":    false,
		"Resized/M/kitty.jpg":   false,
		"resized/../kitty.jpg":  false,
		"resized%2FM/kitty.jpg": false,
	} {
		if got := Prefix("resized").Contains(key); got != want {
			t.Errorf("%q: got %v, want %v", key, got, want)
		}
	}
}

func TestParsePrefix(t *testing.T) {
	for in, want := range map[string]Prefix{
		"resized": "resized", "/resized/": "resized", "a/b": "a/b", "": "", "/": "", "a//b": "", "../a": "", ".": "",
	} {
		got, err := ParsePrefix(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestCheckKey(t *testing.T) {
	for name, c := range map[string]struct {
		key string
		ok  bool
	}{
		"plain":         {"kitty.jpg", true},
		"unicode":       {"été/猫.jpg", true},
		"dotted":        {"..a/.b/c...jpg", true},
		"longest":       {strings.Repeat("a", 1024), true},
		"empty":         {"", false},
		"too long":      {strings.Repeat("a", 1025), false},
		"not UTF-8":     {"kitty\xff.jpg", false},
		"NUL":           {"kitty\x00.jpg", false},
		"parent":        {"a/../b.jpg", false},
		"here":          {"./b.jpg", false},
		"ends in a dot": {"a/..", false},
	} {
		if err := CheckKey(c.key); (err == nil) != c.ok {
			t.Errorf("%s: got %v, want ok %v", name, err, c.ok)
		}
	}
}

func FuzzRenditionKey(f *testing.F) {
	f.Add("resized", "M.webp", "cats/kitty.jpg")
	f.Add("a/b", "XS", "été +%.png")
	f.Fuzz(func(t *testing.T, prefix, variant, source string) {
		p, err := ParsePrefix(prefix)
		if err != nil {
			return
		}
		v, err := ParseVariant(variant)
		if err != nil || p.CheckSource(source) != nil {
			return
		}
		key := p.RenditionKey(v, source)
		if !p.Contains(key) {
			t.Errorf("%q is not under %q", key, p)
		}
		gotVariant, gotSource, err := p.ParseRenditionKey(key)
		if err != nil || gotVariant != v || gotSource != source {
			t.Errorf("%q: got %v %q, %v", key, gotVariant, gotSource, err)
		}
	})
}
