package decoder

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color/palette"
	"image/gif"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/worker/failure"
	"calotype/worker/render"
)

// A fault's class and detail are the same whether its picture is decoded alone or beside
// another one that fails.
func TestFaultIsTheSameBesideOthers(t *testing.T) {
	files := faultyFiles(t)
	p := newPool(t, nil)
	alone := make([]string, len(files))
	for i, f := range files {
		alone[i] = ending(t, p, f)
	}
	kinds := map[string]bool{}
	for _, e := range alone {
		kinds[e] = true
	}
	if len(kinds) < 5 {
		t.Fatalf("the files end in only %d ways: %v", len(kinds), kinds)
	}
	beside := make([]string, len(files))
	var group errgroup.Group
	for half := range 2 { // One forwards and one backwards, so that different files meet.
		group.Go(func() error {
			for i := range files {
				if half == 1 {
					i = len(files) - 1 - i
				}
				if i%2 == half {
					beside[i] = ending(t, p, files[i])
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range files {
		if alone[i] != beside[i] {
			t.Errorf("file %d: alone %q, beside another %q", i, alone[i], beside[i])
		}
	}
	t.Logf("%d files end in %d ways", len(files), len(kinds))
}

// ending is how a picture ends: the class and the detail of its fault.
func ending(t *testing.T, p *Pool, file []byte) string {
	made, err := renderAll(t.Context(), p, file, enough)
	var fault *failure.Failure
	switch {
	case err == nil:
		return fmt.Sprintf("%d renditions", len(made))
	case !errors.As(err, &fault):
		t.Errorf("an error without a class: %v", err)
	}
	return err.Error()
}

// faultyFiles are pictures of several formats, cut or changed at several places.
func faultyFiles(t *testing.T) (files [][]byte) {
	t.Helper()
	whole := [][]byte{photo(t, 64, 48, "")}
	img := image.NewPaletted(image.Rect(0, 0, 64, 48), palette.Plan9)
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	var asPNG, asGIF bytes.Buffer
	if err := errors.Join(png.Encode(&asPNG, img), gif.Encode(&asGIF, img, nil)); err != nil {
		t.Fatal(err)
	}
	var asBMP, asTIFF bytes.Buffer
	if err := errors.Join(bmp.Encode(&asBMP, img), tiff.Encode(&asTIFF, img, &tiff.Options{Compression: tiff.Deflate})); err != nil {
		t.Fatal(err)
	}
	secrets, err := os.ReadFile("../render/testdata/secrets.heic")
	if err != nil {
		t.Fatal(err)
	}
	whole = append(whole, asPNG.Bytes(), asGIF.Bytes(), asBMP.Bytes(), asTIFF.Bytes(), secrets)
	whole = append(whole, written(t, whole[0])...)
	for _, file := range whole {
		for _, i := range []int{2, 6} { // Eighths.
			files = append(files, file[:len(file)*i/8])
			changed := bytes.Clone(file)
			for j := range 16 {
				changed[min(len(file)*i/8+j, len(file)-1)] ^= 0x55
			}
			files = append(files, changed)
		}
	}
	return append(files, []byte("no picture"), []byte("GIF89a"), []byte("II*\x00\x08\x00\x00\x00\x01\x00"))
}

// written are renditions of a picture in the formats that Go's libraries do not write: WebP,
// AVIF, and JPEG XL where the decoder writes it.
func written(t *testing.T, source []byte) (files [][]byte) {
	t.Helper()
	p := newPool(t, nil)
	formats := []calotype.Format{calotype.WebP, calotype.AVIF}
	if !slices.ContainsFunc(p.Shortcomings(), func(s string) bool { return strings.Contains(s, "JPEG XL") }) {
		formats = append(formats, calotype.JXL)
	}
	picture, err := p.Open(t.Context(), SourceOf(source), render.Limits{}, enough)
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	var targets []render.Target
	for _, f := range formats {
		targets = append(targets, render.Target{Width: 60, Height: 40, Format: f, Quality: 80})
	}
	for r, err := range picture.Render(t.Context(), targets, enough) {
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, r.Body)
	}
	return files
}
