//go:build cgo

package render

import (
	"encoding/base64"
	"errors"
	"image/color"
	"strings"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
	"calotype/worker/failure"
)

// Pictures of 160x96 pixels, written by libjxl 0.7.0: four quadrants, and three of them that
// move, for 200, 100 and 300 ms, forever.
const (
	stillJXL    = "/woXJogECAIBAOgASzhomMKD9xUkTACod3fjxt31coEgAACnkgCIynDHEQwDAQDCLT0AgekNODiAAfcMJl4LwKG/rk2JBg=="
	animatedJXL = "/woXpiAAC4pLAggIIAUAAPgASzhomMKD9xUUTIER9e5u3Li77ryAEADAIewJDuD4PwJGlH7AIrCpP6CoN3DU3CRLwDIg7lXgiaQZEVPQe34ICKACAADwAEs4aJjCg/cVFEyBEfXubty4u+68gBAAwIEBmziQKMaYaUQAkcK3rT+ggPcUat0oK8ACwhPuD0g0Y+aeHwgIoEcAAPAASzhomMKD9xUUTIER9cbduHF33XkBIQCAAxUHPuDxezSMSP6BRWBTf0DRb+CIyfu4gS0gxZ1RGRW/vP4K"
)

func jxlOf(t testing.TB, text string) []byte {
	t.Helper()
	body, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

var jxlQuadrants = [2][2]color.NRGBA{
	{{200, 60, 50, 255}, {60, 160, 70, 255}},
	{{60, 80, 190, 255}, {235, 220, 150, 255}},
}

// JPEG XL is on exactly if libjxl is loaded and new enough.
func TestJXLNeedsItsFloor(t *testing.T) {
	for version, want := range map[string]string{
		"0.7.0":  "libjxl 0.7.0 is not used, so that JPEG XL is neither read nor written: 0.11.2 or newer is needed",
		"0.11.1": "libjxl 0.11.1 is not used, so that JPEG XL is neither read nor written: 0.11.2 or newer is needed",
		"0.11.2": "",
		"0.12.0": "",
	} {
		if got := tooOldForJXL.sentence(version); got != want {
			t.Errorf("%s: got %q, want %q", version, got, want)
		}
	}
	version := libjxl.version()
	if want := version != "" && !older(version, jxlFloor); usesJXL() != want {
		t.Errorf("libjxl %q: used is %v", version, usesJXL())
	}
	said := strings.Join(Shortcomings(), "\n")
	if strings.Contains(said, "JPEG XL") == usesJXL() || strings.Contains(Libraries(), "libjxl") != (version != "") {
		t.Errorf("libjxl %q: %q, %q", version, said, Libraries())
	}
}

// JPEG XL is read and written where it is on. Elsewhere a source is refused with the remedy,
// no loader opens it, and a viewer who asks for JPEG XL gets WebP.
func TestJXL(t *testing.T) {
	still := jxlOf(t, stillJXL)
	asked := render(t, pngOf(t, quadrants(160, 96)), sized(80, 48, calotype.JXL, 80))
	if !usesJXL() {
		var f *failure.Failure
		if _, err := Open(still, Limits{}); !errors.As(err, &f) || f.Class != failure.UnsupportedFormat || !strings.Contains(f.Detail, "JPEG XL is neither read nor written") {
			t.Errorf("got %v", err)
		}
		if img, err := loadPages(calotype.JXL, still, loadOptions{failOn: failOnError}); err == nil {
			img.Close()
			t.Error("the loader is not blocked")
		}
		if format, _ := Sniff(asked.Body); asked.Format != calotype.WebP || format != calotype.WebP {
			t.Errorf("got %s, %s", asked.Format, format)
		}
		return
	}
	if asked.Format != calotype.JXL || string(asked.Body[:2]) != "\xff\x0a" { // No boxes, and so no metadata.
		t.Errorf("got %s: %.40q", asked.Format, asked.Body)
	}
	wantQuadrants(t, look(t, render(t, asked.Body, sized(40, 24, calotype.PNG, 80)).Body), corners, 20)
	for _, f := range []calotype.Format{calotype.PNG, calotype.WebP, calotype.JPEG} {
		wantQuadrants(t, look(t, render(t, still, sized(160, 96, f, 95)).Body), jxlQuadrants, 12)
	}
	if p, err := Open(still, Limits{}); err != nil || p.Format != calotype.JXL || p.Target(calotype.Variant{}, calotype.DefaultPresets()[0], 80).Format != calotype.JXL {
		t.Errorf("got %+v, %v", p, err)
	}
	for _, size := range []int{2, len(still) / 2, len(still) - 1} {
		p, err := Open(still[:size], Limits{Lenient: true})
		if err == nil {
			for _, err = range p.Render([]Target{sized(16, 9, calotype.PNG, 80)}) {
			}
		}
		var f *failure.Failure
		if !errors.As(err, &f) || f.Class != failure.Corrupt {
			t.Errorf("cut at %d: got %v", size, err)
		}
	}
	vips.AssertNoLeaks(t)
}

// An animated JPEG XL becomes an animated WebP.
func TestAnimatedJXL(t *testing.T) {
	if !usesJXL() {
		if _, err := Open(jxlOf(t, animatedJXL), Limits{}); err == nil {
			t.Error("it is read by a libjxl that is not used")
		}
		return
	}
	p, err := Open(jxlOf(t, animatedJXL), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	target := p.Target(calotype.Variant{Format: calotype.JXL}, calotype.DefaultPresets()[0], 90)
	if p.Frames != 3 || target.Format != calotype.WebP {
		t.Fatalf("%d frames, as %s", p.Frames, target.Format)
	}
	r := render(t, jxlOf(t, animatedJXL), target)
	all, err := Open(r.Body, Limits{})
	if err != nil || all.Frames != 3 || all.header.Animation.Plays != 0 {
		t.Fatalf("not three frames forever: %v", err)
	}
	for i, want := range []int{200, 100, 300} {
		if got := all.header.Animation.Frames[i].Delay.Milliseconds(); got != int64(want) {
			t.Errorf("frame %d: %d ms, want %d", i, got, want)
		}
	}
	frames := look(t, r.Body) // One below the other; the quadrants move to the left.
	for i, want := range []color.NRGBA{{200, 60, 50, 255}, {60, 160, 70, 255}, {60, 80, 190, 255}} {
		wantColour(t, frames, 40, 96*i+24, want, 12)
	}
	if _, err := Open(jxlOf(t, animatedJXL), Limits{Frames: 2}); err == nil {
		t.Error("three frames are within a limit of two")
	}
	vips.AssertNoLeaks(t)
}
