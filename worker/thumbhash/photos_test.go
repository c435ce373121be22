package thumbhash

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// photos holds, of each photo of the corpus that package image decodes, the SHA-256 of its
// pixels as sampled here, and what npm's thumbhash 0.1.1 makes of them.
//
//go:embed testdata/photos.tsv
var photos string

var write = flag.String("write", "", "the folder to write the sampled photos to, for generate.mjs")

// comparePhotos compares the photos below a folder, the corpus.
func comparePhotos(t *testing.T, dir string) {
	for _, line := range strings.Split(strings.TrimSpace(photos), "\n") {
		fields := strings.Split(line, "\t")
		width, height, rgba := sampled(t, filepath.Join(dir, "photos", fields[0]))
		if *write != "" {
			name := fmt.Sprintf("%s.%dx%d.rgba", fields[0], width, height)
			if err := os.WriteFile(filepath.Join(*write, name), rgba, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if sum := sha256.Sum256(rgba); hex.EncodeToString(sum[:]) != fields[1] {
			t.Errorf("%s: the pixels have the SHA-256 %x: they are not the table's", fields[0], sum)
		} else if got := base64.StdEncoding.EncodeToString(Encode(width, height, rgba)); got != fields[2] {
			t.Errorf("%s: got %s, want %s", fields[0], got, fields[2])
		}
	}
}

// sampled returns every nth pixel of a photo, for at most [MaxSide] of them on a side.
func sampled(t *testing.T, path string) (width, height int, rgba []byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	b := img.Bounds()
	every := (max(b.Dx(), b.Dy()) + MaxSide - 1) / MaxSide
	for y := b.Min.Y; y < b.Max.Y; y += every {
		for x := b.Min.X; x < b.Max.X; x += every {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			rgba = append(rgba, c.R, c.G, c.B, c.A)
		}
	}
	return (b.Dx() + every - 1) / every, (b.Dy() + every - 1) / every, rgba
}
