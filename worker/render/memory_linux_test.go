//go:build cgo

package render

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
)

// What is predicted covers what a process of its own takes, and not many times that.
// The measured figures in memory.go are of this test's output with -v.
func TestMemoryIsPredicted(t *testing.T) {
	if file := os.Getenv("CALOTYPE_TEST_RENDER"); file != "" {
		renderAndTell(t, file, calotype.Format(os.Getenv("CALOTYPE_TEST_FORMAT")))
		return
	}
	for name, c := range map[string]struct {
		save   func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error)
		target calotype.Format
	}{
		"baseline.jpg":    {saveJPEG(vips.JpegExportParams{Quality: 80}), calotype.JPEG},
		"to.avif":         {saveJPEG(vips.JpegExportParams{Quality: 80}), calotype.AVIF},
		"to.gif":          {saveJPEG(vips.JpegExportParams{Quality: 80}), calotype.GIF},
		"progressive.jpg": {saveJPEG(vips.JpegExportParams{Quality: 80, Interlace: true, SubsampleMode: vips.VipsForeignSubsampleOn}), calotype.WebP},
		"full.jpg":        {saveJPEG(vips.JpegExportParams{Quality: 80, Interlace: true, SubsampleMode: vips.VipsForeignSubsampleOff}), calotype.JPEG},
		"rows.png":        {savePNG(vips.PngExportParams{Compression: 1}), calotype.PNG},
		"interlaced.png":  {savePNG(vips.PngExportParams{Compression: 1, Interlace: true}), calotype.JPEG},
		"lossy.webp":      {saveWebP(vips.WebpExportParams{Quality: 50}), calotype.JPEG},
		"lossless.webp":   {saveWebP(vips.WebpExportParams{Lossless: true}), calotype.JPEG},
		"strips.tiff": {func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
			return i.ExportTiff(vips.NewTiffExportParams())
		}, calotype.JPEG},
		"planes.avif": {func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
			return i.ExportAvif(&vips.AvifExportParams{Quality: 50, Bitdepth: 8, Effort: 1})
		}, calotype.JPEG},
		"rows.bmp": {func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
			body, err := encodeBMP(i)
			return body, nil, err
		}, calotype.JPEG},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), name)
			writeLarge(t, file, c.save)
			cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryIsPredicted$", "-test.v")
			cmd.Env = append(os.Environ(), "CALOTYPE_TEST_RENDER="+file, "CALOTYPE_TEST_FORMAT="+string(c.target))
			out, err := cmd.CombinedOutput()
			_, line, ok := strings.Cut(string(out), "memory ")
			var took, predicted int64
			if n, _ := fmt.Sscanf(line, "%d %d", &took, &predicted); err != nil || !ok || n != 2 {
				t.Fatalf("%v: %s", err, out)
			}
			t.Logf("took %d MB, predicted %d MB", took>>20, predicted>>20)
			if predicted < took {
				t.Errorf("took %d MB, only %d MB were predicted", took>>20, predicted>>20)
			}
			if predicted > 4*took+32<<20 {
				t.Errorf("took %d MB, as many as %d MB were predicted", took>>20, predicted>>20)
			}
		})
	}
}

func saveJPEG(p vips.JpegExportParams) func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
	return func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) { return i.ExportJpeg(&p) }
}

func savePNG(p vips.PngExportParams) func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
	return func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) { return i.ExportPng(&p) }
}

func saveWebP(p vips.WebpExportParams) func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
	return func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) { return i.ExportWebp(&p) }
}

// writeLarge writes a picture of 8 megapixels.
func writeLarge(t *testing.T, file string, save func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error)) {
	t.Helper()
	img, err := vips.NewImageFromGoImage(quadrants(400, 200))
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if err := img.ExtractBand(0, 3); err != nil {
		t.Fatal(err)
	}
	if err := img.Resize(10, vips.KernelLinear); err != nil {
		t.Fatal(err)
	}
	body, _, err := save(img)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

// renderAndTell is the process of its own.
func renderAndTell(t *testing.T, file string, format calotype.Format) {
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before := resident(t)
	p, err := Open(body, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	target := Target{Format: format, Quality: 80}
	target.Width, target.Height = calotype.Box{Width: 1280, Height: 720}.Fit(p.Width, p.Height)
	predicted := p.Memory([]Target{target})
	for _, err := range p.Render([]Target{target}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("memory %d %d\n", peakSince(t)-before, predicted)
}
