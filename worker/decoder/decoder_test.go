package decoder

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"calotype"
	"calotype/internal/decodertest"
	"calotype/internal/hermetic"
	"calotype/worker/failure"
	"calotype/worker/render"
)

// program is the decoder with injected faults. It is built once.
var program string

func TestMain(m *testing.M) {
	hermetic.Isolate()
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	path, remove, err := decodertest.Build("testfault")
	if err != nil {
		println(err.Error())
		return 1
	}
	defer remove()
	program = path
	return m.Run()
}

// newPool starts a pool that ends with the test.
func newPool(t *testing.T, change func(*Config)) *Pool {
	t.Helper()
	c := Config{Path: program, Idle: 2, Log: zerolog.New(t.Output())}
	if change != nil {
		change(&c)
	}
	p, err := NewPool(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// photo is a JPEG that requests a fault.
func photo(t *testing.T, width, height int, fault string) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x + y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), fault...)
}

var small = []render.Target{
	{Width: 60, Height: 40, Format: calotype.WebP, Quality: 80},
	{Width: 30, Height: 20, Format: calotype.JPEG, Quality: 80},
}

// renderAll opens and renders a picture with a grant.
func renderAll(ctx context.Context, p *Pool, source []byte, grant Grant) (made []render.Rendition, err error) {
	picture, err := p.Open(ctx, SourceOf(source), render.Limits{}, grant)
	if err != nil {
		return nil, err
	}
	defer picture.Close()
	for r, err := range picture.Render(ctx, small, grant) {
		if err != nil {
			return made, err
		}
		made = append(made, r)
	}
	return made, nil
}

var enough = Grant{Bytes: 64 << 20}

func TestRender(t *testing.T) {
	p := newPool(t, nil)
	source := photo(t, 300, 200, "")
	for range 3 {
		start := time.Now()
		made, err := renderAll(t.Context(), p, source, enough)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(time.Since(start))
		for i, r := range made {
			format, ok := render.Sniff(r.Body)
			if !ok || format != small[i].Format || r.Format != format || r.Width != small[i].Width {
				t.Errorf("got %s %s of %dx%d", format, r.Format, r.Width, r.Height)
			}
		}
		if len(made) != len(small) {
			t.Errorf("got %d renditions", len(made))
		}
	}
	t.Log(p.Encoder(), p.Libraries(), p.Sandbox())
}

func TestDescribe(t *testing.T) {
	p := newPool(t, nil)
	d, err := Describe(t.Context(), program)
	if err != nil || d.Unfit != nil || d.Encoder != p.Encoder() || d.Libraries != p.Libraries() {
		t.Errorf("got %+v, %v", d, err)
	}
	// Another program, which succeeds or fails.
	for _, path := range []string{"/bin/true", "/bin/false"} {
		if _, err := Describe(t.Context(), path); err == nil || strings.Contains(err.Error(), "%!") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// A picture without pixels is at fault itself.
func TestNoPixels(t *testing.T) {
	p := newPool(t, nil)
	gif := "GIF89a\x00\x00\x06\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" + // 0x6, of two colours.
		",\x00\x00\x00\x00\x00\x00\x06\x00\x00\x02\x02\x44\x01\x00;"
	if _, err := renderAll(t.Context(), p, []byte(gif), enough); classOf(err) != failure.Corrupt {
		t.Errorf("got %v", err)
	}
}
