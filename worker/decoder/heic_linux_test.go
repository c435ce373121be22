//go:build cgo

package decoder

import (
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
	"calotype/worker/render"
)

// HEIC is decoded in the sandbox: its codec is a plug-in, which libheif loads late.
func TestHEICInSandbox(t *testing.T) {
	if err := render.Start(); err != nil {
		t.Fatal(err)
	}
	drawn, err := vips.NewImageFromBuffer(photo(t, 300, 200, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer drawn.Close()
	source, _, err := drawn.ExportHeif(vips.NewHeifExportParams())
	if err != nil {
		t.Fatal(err)
	}
	p := newPool(t, func(c *Config) { c.Sandbox = SandboxRequire })
	made, err := renderAll(t.Context(), p, source, enough)
	if err != nil || len(made) != len(small) {
		t.Errorf("%d renditions, %v", len(made), err)
	}
	if format, _ := render.Sniff(source); format != calotype.HEIC {
		t.Errorf("the source is %s", format)
	}
}
