package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSrcset(t *testing.T) {
	table := filepath.Join(t.TempDir(), "presets.json")
	if err := os.WriteFile(table, []byte(`{"wide": "640x16383/640x16383", "M": "1200x628", "narrow": "320x16383/320x16383"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"picture": {[]string{"https://p.example/a%20b.jpg?v=7&size=M", `--sizes=(min-width: 40em) 50vw, 100vw`, `--alt=Cats & "dogs"`}, `<picture>
  <source type="image/avif" srcset="https://p.example/a%20b.jpg?size=narrow&amp;format=avif&amp;v=7 320w, https://p.example/a%20b.jpg?size=wide&amp;format=avif&amp;v=7 640w" sizes="(min-width: 40em) 50vw, 100vw">
  <source type="image/webp" srcset="https://p.example/a%20b.jpg?size=narrow&amp;to_webp=1&amp;v=7 320w, https://p.example/a%20b.jpg?size=wide&amp;to_webp=1&amp;v=7 640w" sizes="(min-width: 40em) 50vw, 100vw">
  <img src="https://p.example/a%20b.jpg?size=wide&amp;v=7" srcset="https://p.example/a%20b.jpg?size=narrow&amp;v=7 320w, https://p.example/a%20b.jpg?size=wide&amp;v=7 640w" sizes="(min-width: 40em) 50vw, 100vw" alt="Cats &amp; &#34;dogs&#34;" loading="lazy">
</picture>
`},
		"auto": {[]string{"/k.png?format=png", "--auto"}, `<img src="/k.png?size=wide&amp;format=auto" srcset="/k.png?size=narrow&amp;format=auto 320w, /k.png?size=wide&amp;format=auto 640w" sizes="100vw" alt="" loading="lazy">
`},
		"GIF": {[]string{"/k.gif"}, `<picture>
  <source type="image/webp" srcset="/k.gif?size=narrow&amp;to_webp=1 320w, /k.gif?size=wide&amp;to_webp=1 640w" sizes="100vw">
  <img src="/k.gif?size=wide" srcset="/k.gif?size=narrow 320w, /k.gif?size=wide 640w" sizes="100vw" alt="" loading="lazy">
</picture>
`},
	} {
		code, stdout, stderr := call(t, append([]string{"srcset", "--presets=" + table}, c.args...)...)
		if code != exitOK || stdout != c.want {
			t.Errorf("%s: exit code %d %s, got\n%s", name, code, stderr, stdout)
		}
	}
	if _, stdout, _ := call(t, "srcset", "/k.jpg"); !strings.Contains(stdout, "size=w3840&amp;format=avif 3840w") {
		t.Errorf("without a table: got\n%s\nwant the widths of web", stdout)
	}
}

func TestSrcsetRefuses(t *testing.T) {
	table := filepath.Join(t.TempDir(), "presets.json")
	if err := os.WriteFile(table, []byte(`{"M": "1200x628"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"has no image file extension":     {"https://p.example/notes.txt"},
		"is not a URL":                    {"https://p.example/%zz.jpg"},
		"no preset limits the width only": {"/k.jpg", "--presets=" + table},
		"no such file":                    {"/k.jpg", "--presets=none.json"},
	} {
		if code, _, stderr := call(t, append([]string{"srcset"}, args...)...); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d, %q, want %q", args, code, stderr, want)
		}
	}
}
