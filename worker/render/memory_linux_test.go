//go:build cgo

package render

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
	"calotype/worker/imageheader"
)

// The prediction covers the memory of a separate process, and is not many times too high.
// The figures in memory.go are from this test's output with -v. The process has no race
// detector, which would need three times Go's memory.
func TestMemoryIsPredicted(t *testing.T) {
	if file := os.Getenv("CALOTYPE_TEST_RENDER"); file != "" {
		renderAndReport(t, file, calotype.Format(os.Getenv("CALOTYPE_TEST_FORMAT")))
		return
	}
	program := withoutRaceDetector(t)
	type one struct {
		save   func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error)
		target calotype.Format
	}
	files := map[string]one{
		"baseline.jpg":         {saveJPEG(vips.JpegExportParams{Quality: 80}), calotype.JPEG},
		"to.avif":              {saveJPEG(vips.JpegExportParams{Quality: 80}), calotype.AVIF},
		"to.gif":               {saveJPEG(vips.JpegExportParams{Quality: 80}), calotype.GIF},
		"grain.to.gif":         {saveGrain(t), calotype.GIF},
		"grain.to.png":         {saveGrain(t), calotype.PNG},
		"palette.png":          {savePNG(vips.PngExportParams{Palette: true, Bitdepth: 8, Compression: 1}), calotype.PNG},
		"progressive.jpg":      {saveJPEG(vips.JpegExportParams{Quality: 80, Interlace: true, SubsampleMode: vips.VipsForeignSubsampleOn}), calotype.WebP},
		"full.jpg":             {saveJPEG(vips.JpegExportParams{Quality: 80, Interlace: true, SubsampleMode: vips.VipsForeignSubsampleOff}), calotype.JPEG},
		"rows.png":             {savePNG(vips.PngExportParams{Compression: 1}), calotype.PNG},
		"interlaced.png":       {savePNG(vips.PngExportParams{Compression: 1, Interlace: true}), calotype.JPEG},
		"alpha.png":            {withAlpha(savePNG(vips.PngExportParams{Compression: 1})), calotype.PNG},
		"alpha.interlaced.png": {withAlpha(savePNG(vips.PngExportParams{Compression: 1, Interlace: true})), calotype.JPEG},
		"alpha.avif": {withAlpha(func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
			return i.ExportAvif(&vips.AvifExportParams{Quality: 50, Bitdepth: 8, Effort: 1})
		}), calotype.JPEG},
		"lossy.webp":    {saveWebP(vips.WebpExportParams{Quality: 50}), calotype.JPEG},
		"lossless.webp": {saveWebP(vips.WebpExportParams{Lossless: true}), calotype.JPEG},
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
		"palette.bmp": {func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
			return palettedBMP(i.Width(), i.Height()), nil, nil
		}, calotype.JPEG},
		"float.tiff": {func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
			if err := i.Cast(vips.BandFormatFloat); err != nil {
				return nil, nil, err
			}
			return i.ExportTiff(vips.NewTiffExportParams())
		}, calotype.JPEG},
		"ycbcr.tiff": {func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
			return lumaTIFF(i.Width(), i.Height()), nil, nil
		}, calotype.JPEG},
	}
	if usesJXL() {
		files["to.jxl"] = one{saveJPEG(vips.JpegExportParams{Quality: 80}), calotype.JXL}
		files["lossy.jxl"] = one{saveJXL(vips.JxlExportParams{Quality: 80, Effort: 3}), calotype.JPEG}
		files["lossless.jxl"] = one{saveJXL(vips.JxlExportParams{Lossless: true, Effort: 3}), calotype.JPEG}
		files["alpha.jxl"] = one{withAlpha(saveJXL(vips.JxlExportParams{Quality: 80, Effort: 3})), calotype.JPEG}
		files["deep.jxl"] = one{func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
			if err := i.ToColorSpace(vips.InterpretationRGB16); err != nil {
				return nil, nil, err
			}
			return i.ExportJxl(&vips.JxlExportParams{Quality: 80, Effort: 3})
		}, calotype.JPEG}
	}
	for name, c := range files {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), name)
			writeLarge(t, file, c.save)
			took, predicted := memoryOf(t, program, file, c.target)
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

// saveGrain saves a picture of many colours instead.
func saveGrain(t *testing.T) func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
	return func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
		return jpegAt(t, grainy(2560, 1440), 80), nil, nil
	}
}

// withoutRaceDetector returns a program of these tests.
func withoutRaceDetector(t *testing.T) string {
	t.Helper()
	if !raceDetector {
		return os.Args[0]
	}
	program := filepath.Join(t.TempDir(), "render.test")
	if out, err := exec.Command("go", "test", "-c", "-race=false", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

// memoryOf renders a file in a process of its own. It returns how much memory that took, and
// how much was predicted.
func memoryOf(t *testing.T, program, file string, target calotype.Format) (took, predicted int64) {
	t.Helper()
	cmd := exec.Command(program, "-test.run=^TestMemoryIsPredicted$", "-test.v")
	cmd.Env = append(os.Environ(), "CALOTYPE_TEST_RENDER="+file, "CALOTYPE_TEST_FORMAT="+string(target))
	out, err := cmd.CombinedOutput()
	_, line, ok := strings.Cut(string(out), "memory ")
	if n, _ := fmt.Sscanf(line, "%d %d", &took, &predicted); err != nil || !ok || n != 2 {
		t.Fatalf("%v: %s", err, out)
	}
	return took, predicted
}

// An animation of many frames takes as much memory as one of few: only the bytes of the source
// and of the rendition are more. The frames of the long one are 69 MB as RGB.
func TestMemoryOfFrames(t *testing.T) {
	const few, many = 10, 300
	program := withoutRaceDetector(t)
	animation := func(frames int) string {
		g := &gif.GIF{}
		for i := range frames {
			frame := image.NewPaletted(image.Rect(0, 0, 320, 240), color.Palette{color.White, color.Black})
			for j := range frame.Pix {
				frame.Pix[j] = byte(j%320/40+j/320/40+i) % 2
			}
			g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 5)
		}
		file := filepath.Join(t.TempDir(), "animation.gif")
		if err := os.WriteFile(file, encodeWith(t, func(b *bytes.Buffer, g *gif.GIF) error { return gif.EncodeAll(b, g) }, g), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	short, long := animation(few), animation(many)
	for _, f := range []calotype.Format{calotype.GIF, calotype.WebP, calotype.PNG} {
		base, predicted := memoryOf(t, program, short, f)
		took, predictedLong := memoryOf(t, program, long, f)
		t.Logf("%s: %d frames took %.1f MB (predicted %d), %d took %.1f (predicted %d)", f, few, float64(base)/1e6, predicted/1e6, many, float64(took)/1e6, predictedLong/1e6)
		if took > base+12e6 {
			t.Errorf("%s: %d frames took %.1f MB, %d took %.1f", f, few, float64(base)/1e6, many, float64(took)/1e6)
		}
		if base > predicted || took > predictedLong {
			t.Errorf("%s: %d and %d MB were predicted, %d and %d were taken", f, predicted/1e6, predictedLong/1e6, base/1e6, took/1e6)
		}
	}
}

func saveJPEG(p vips.JpegExportParams) func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
	return func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) { return i.ExportJpeg(&p) }
}

func withAlpha(save func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error)) func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
	return func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
		if err := i.AddAlpha(); err != nil {
			return nil, nil, err
		}
		return save(i)
	}
}

// Deep pictures that not every encoder writes, measured with libheif 1.15.1: in bytes per
// pixel of the whole process, including 2 for the target and the baseline.
func TestMemoryOfDeepPictures(t *testing.T) {
	const always = 2
	for name, c := range map[string]struct {
		depth  int
		chroma imageheader.Chroma
		alpha  bool
		took   float64
	}{
		"8 bits, 4:2:0":         {8, imageheader.Chroma420, false, 7.5},
		"8 bits, 4:4:4":         {8, imageheader.Chroma444, false, 13.9},
		"8 bits, 4:2:0, alpha":  {8, imageheader.Chroma420, true, 11.5},
		"10 bits, 4:2:0":        {10, imageheader.Chroma420, false, 14.0},
		"10 bits, 4:2:0, alpha": {10, imageheader.Chroma420, true, 17.9},
		"10 bits, 4:4:4":        {10, imageheader.Chroma444, false, 26.4},
		"10 bits, 4:4:4, alpha": {10, imageheader.Chroma444, true, 26.7},
		"12 bits, 4:4:4":        {12, imageheader.Chroma444, false, 27.4},
	} {
		got := heifBytes(&imageheader.Header{Depth: c.depth, Chroma: c.chroma, Alpha: c.alpha, HEIF: &imageheader.HEIF{}})
		if need := c.took - always; float64(got) < need || float64(got) > 2*need {
			t.Errorf("%s: %d bytes a pixel are predicted, %.1f were taken", name, got, need)
		}
	}
}

func savePNG(p vips.PngExportParams) func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
	return func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) { return i.ExportPng(&p) }
}

func saveWebP(p vips.WebpExportParams) func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
	return func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) { return i.ExportWebp(&p) }
}

func saveJXL(p vips.JxlExportParams) func(*vips.ImageRef) ([]byte, *vips.ImageMetadata, error) {
	return func(i *vips.ImageRef) ([]byte, *vips.ImageMetadata, error) { return i.ExportJxl(&p) }
}

// lumaTIFF is an uncompressed TIFF of luma and chroma in one strip, which libtiff converts.
func lumaTIFF(width, height int) []byte {
	const entries, short, long = 10, 3, 4
	const bits = 8 + 2 + 12*entries + 4
	number := binary.LittleEndian
	b := append([]byte("II*\x00"), 8, 0, 0, 0, entries, 0)
	for _, e := range [entries][4]uint32{
		{256, long, 1, uint32(width)}, {257, long, 1, uint32(height)}, {258, short, 3, bits}, {259, short, 1, 1}, {262, short, 1, 6},
		{273, long, 1, bits + 6}, {277, short, 1, 3}, {278, long, 1, uint32(height)}, {279, long, 1, uint32(3 * width * height)}, {530, short, 2, 1 | 1<<16},
	} {
		b = number.AppendUint32(number.AppendUint32(number.AppendUint32(b, e[0]|e[1]<<16), e[2]), e[3])
	}
	b = append(b, 0, 0, 0, 0, 8, 0, 8, 0, 8, 0)
	return append(b, make([]byte, 3*width*height)...)
}

// palettedBMP is a BMP of 8 bits a pixel.
func palettedBMP(width, height int) []byte {
	const offset = 14 + 40 + 2*4
	stride := bmpStride(width, 8)
	b := []byte("BM")
	b = binary.LittleEndian.AppendUint32(b, uint32(offset+stride*int64(height)))
	b = binary.LittleEndian.AppendUint32(b, 0)
	for _, v := range []uint32{offset, 40, uint32(width), uint32(height), 1 | 8<<16, 0, 0, 2835, 2835, 2, 2} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = append(b, "\x1e\x1e\xdc\x00\x3c\xc8\x1e\x00"...)
	for y := range height {
		row := make([]byte, stride)
		for x := range width {
			row[x] = byte(x/100%2 ^ y/100%2)
		}
		b = append(b, row...)
	}
	return b
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

// renderAndReport is the main function of the separate process.
func renderAndReport(t *testing.T, file string, format calotype.Format) {
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
	fmt.Printf("memory %d %d\n", peakSince(t)-before+int64(len(body)), predicted)
}
