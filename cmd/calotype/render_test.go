package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"calotype"
	"calotype/worker/render"
)

// photos writes JPEGs of 900x600 to a folder and returns their paths.
func photos(t *testing.T, names ...string) (paths []string) {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 900, 600))
	for y := range 600 {
		for x := range 900 {
			img.SetRGBA(x, y, color.RGBA{uint8(x / 4), uint8(y / 3), uint8(x * y >> 8), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 98}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func TestRenderFiles(t *testing.T) {
	files, out := photos(t, "kitty.jpg", "beach.JPG"), t.TempDir()
	code, stdout, stderr := call(t, append([]string{"render", "--variants=XS,XS.webp,XS", "--out", out}, files...)...)
	if code != exitOK || stderr != "" || strings.Count(stdout, "\n") != 2 {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
	for path, want := range map[string]calotype.Format{
		"XS/kitty.jpg": calotype.JPEG, "XS.webp/kitty.jpg": calotype.WebP, "XS/beach.JPG": calotype.JPEG, "XS.webp/beach.JPG": calotype.WebP,
	} {
		body, err := os.ReadFile(filepath.Join(out, path))
		if err != nil {
			t.Error(err)
			continue
		}
		if err := render.Start(); err != nil {
			t.Fatal(err)
		}
		p, err := render.Open(body, render.Limits{})
		if err != nil || p.Format != want || p.Width != 360 || p.Height != 240 {
			t.Errorf("%s: got %+v, %v, want %s of 360x240", path, p, err, want)
		}
	}
	left, err := filepath.Glob(filepath.Join(out, "*", ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left files: %v, %v", left, err)
	}
}

func TestRenderEverything(t *testing.T) {
	files, out := photos(t, "kitty.jpg"), t.TempDir()
	code, stdout, stderr := call(t, "render", "--all", "--json", "--out", out, files[0])
	var line fileReport
	if err := json.Unmarshal([]byte(stdout), &line); err != nil || code != exitOK || stderr != "" {
		t.Fatalf("exit code %d, %q, %q, %v", code, stdout, stderr, err)
	}
	if line.File != files[0] || line.Format != calotype.JPEG || line.Width != 900 || line.Height != 600 || line.Frames != 1 || len(line.Renditions) != 16 {
		t.Errorf("got %+v", line)
	}
	for _, r := range line.Renditions {
		info, err := os.Stat(r.Path)
		if err != nil || info.Size() != r.Bytes || r.Path != filepath.Join(out, r.Variant.String(), "kitty.jpg") {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// An error in one file is reported, and the others continue.
func TestRenderContinuesAfterFailures(t *testing.T) {
	files, out := photos(t, "kitty.jpg", "header.jpg", "text.png", "large.jpg"), t.TempDir()
	whole, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string][]byte{files[1]: whole[:400], files[2]: []byte("no picture"), files[3]: append(whole, make([]byte, 1<<20)...)} {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	missing, folder := filepath.Join(out, "missing.jpg"), t.TempDir()
	code, stdout, stderr := call(t, append([]string{"render", "--json", "--variants=XS", "--max-bytes=1000000", "--out", out, missing, folder}, files...)...)
	if code != exitFailure || strings.Count(stdout, "\n") != 6 {
		t.Errorf("exit code %d, %q", code, stdout)
	}
	for _, want := range []string{
		files[1] + ": corrupt: ", files[2] + ": unsupported-format: ", files[3] + ": too-many-bytes: ",
		missing + ": no such file", folder + ": not a file", "5 of 6 files failed",
	} {
		if !strings.Contains(stderr, "calotype render: "+want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "XS", "kitty.jpg")); err != nil {
		t.Error(err)
	}
	if !strings.Contains(stdout, `"class":"corrupt"`) {
		t.Errorf("no class in %s", stdout)
	}
}

func TestRenderStops(t *testing.T) {
	files, out := photos(t, "kitty.jpg", "beach.jpg"), t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var stdout, stderr bytes.Buffer
	code := run(ctx, append([]string{"render", "--all", "--out", out}, files...), &stdout, &stderr)
	if code != exitFailure || !strings.Contains(stderr.String(), "interrupted: 2 of 2 files were not started") {
		t.Errorf("exit code %d, %s", code, &stderr)
	}
}

func TestRenderMistakes(t *testing.T) {
	files := photos(t, "kitty.jpg")
	again := photos(t, "kitty.jpg")
	under := filepath.Join(filepath.Dir(files[0]), "M", "kitty.jpg")
	for name, c := range map[string]struct {
		args, want []string
	}{
		"nothing":          {[]string{files[0]}, []string{"--out is missing", "--variants is missing"}},
		"both":             {[]string{"--all", "--variants=M", "--out=o", files[0]}, []string{"--all and --variants"}},
		"no files":         {[]string{"--all", "--out=o"}, []string{"<file>"}},
		"unknown preset":   {[]string{"--variants=XXL.webp", "--out=o", files[0]}, []string{`--variants XXL.webp: there is no preset "XXL"`}},
		"unknown format":   {[]string{"--variants=M.bmp", "--out=o", files[0]}, []string{"M.bmp", "use webp, avif, jxl, jpeg or png"}},
		"the same name":    {[]string{"--all", "--out=o", files[0], again[0]}, []string{"would be written to the same files"}},
		"over itself":      {[]string{"--variants=M", "--out", filepath.Dir(files[0]), under}, []string{"would be overwritten"}},
		"limits":           {[]string{"--all", "--out=o", "--max-time=0s", "--quality=0", files[0]}, []string{"--max-time", "--quality 0"}},
		"out is a picture": {[]string{"--all", "--out", files[0], files[0]}, []string{"not a directory"}},
	} {
		code, stdout, stderr := call(t, append([]string{"render"}, c.args...)...)
		if code != exitUsage || stdout != "" {
			t.Errorf("%s: exit code %d, %q, %q", name, code, stdout, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: no %q in %s", name, want, stderr)
			}
		}
	}
}

// The part of a damaged file that can be decoded is rendered and marked.
func TestRenderDamaged(t *testing.T) {
	files := photos(t, "cut.jpg")
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--in-process", "--json"} {
		code, stdout, stderr := call(t, "render", flag, "--variants=XS", "--out", t.TempDir(), files[0])
		want := map[string]string{"--json": `"damaged":true`, "--in-process": "cut.jpg: damaged jpeg of 900x600"}[flag]
		if code != exitOK || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("%s: exit code %d, %q, %q", flag, code, stdout, stderr)
		}
	}
}

// The effort reaches WebP's encoder in both kinds of process.
func TestRenderWebPEffort(t *testing.T) {
	files := photos(t, "photo.jpg")
	webp := func(flags ...string) []byte {
		t.Helper()
		out := t.TempDir()
		code, _, stderr := call(t, slices.Concat([]string{"render", "--variants=M.webp", "--out", out}, flags, files)...)
		body, err := os.ReadFile(filepath.Join(out, "M.webp", "photo.jpg"))
		if code != exitOK || err != nil {
			t.Fatalf("%v: exit code %d, %q, %v", flags, code, stderr, err)
		}
		return body
	}
	low, high := webp("--webp-effort=2"), webp("--webp-effort=6")
	if len(high) >= len(low) {
		t.Errorf("%d bytes with effort 6, %d with 2", len(high), len(low))
	}
	if !bytes.Equal(webp(), low) {
		t.Error("the default is not 2")
	}
	if !bytes.Equal(webp("--in-process", "--webp-effort=6"), high) {
		t.Error("other bytes with --in-process")
	}
	code, _, stderr := call(t, "render", "--variants=M.webp", "--out", t.TempDir(), "--webp-effort=7", files[0])
	if want := "--webp-effort 7: want 1 to 6"; code != exitUsage || !strings.Contains(stderr, want) {
		t.Errorf("exit code %d, %q, want %q", code, stderr, want)
	}
}
