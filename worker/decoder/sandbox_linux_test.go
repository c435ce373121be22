package decoder

import (
	"strings"
	"testing"

	"calotype"
	"calotype/worker/failure"
	"calotype/worker/render"
)

// A decoder cannot reach anything from inside.
func TestSandbox(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	p := newPool(t, func(c *Config) { c.Sandbox = SandboxRequire })
	if s := p.Sandbox(); !s.Whole() || s.Problem != "" {
		t.Errorf("in force: %v, %s", s, s.Problem)
	}
	for _, attempt := range []string{"socket", "file", "write", "parent-environ", "memory", "signal", "limit", "own-environ"} {
		_, err := renderAll(t.Context(), p, photo(t, 60, 40, "testfault:render:"+attempt+";"), enough)
		if err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: got %v", attempt, err)
		}
	}
	// Starting a program ends the process.
	_, err := renderAll(t.Context(), p, photo(t, 60, 40, "testfault:render:sigsys;"), enough)
	if classOf(err) != failure.CrashesDecoder || !strings.Contains(err.Error(), "bad system call") {
		t.Errorf("exec: got %v", err)
	}
}

// Without the sandbox the same attempts succeed, which proves that the test above is
// effective.
func TestNoSandbox(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Sandbox = SandboxOff })
	if s := p.Sandbox(); s.Seccomp || s.Landlock > 0 {
		t.Errorf("in force: %v", s)
	}
	for _, attempt := range []string{"socket", "file"} {
		_, err := renderAll(t.Context(), p, photo(t, 60, 40, "testfault:render:"+attempt+";"), enough)
		if err == nil || !strings.Contains(err.Error(), "reached") {
			t.Errorf("%s: got %v", attempt, err)
		}
	}
}

// Every codec works in the sandbox: files that it loads late would be missing there.
func TestEveryFormatInSandbox(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Sandbox = SandboxRequire })
	var all []render.Target
	for _, format := range []calotype.Format{calotype.JPEG, calotype.PNG, calotype.GIF, calotype.WebP, calotype.AVIF, calotype.JXL, calotype.BMP} {
		all = append(all, render.Target{Width: 120, Height: 80, Format: format, Quality: 80})
	}
	renderIn := func(source []byte) (made []render.Rendition) {
		picture, err := p.Open(t.Context(), SourceOf(source), render.Limits{}, enough)
		if err != nil {
			t.Fatal(err)
		}
		defer picture.Close()
		for r, err := range picture.Render(t.Context(), all, enough) {
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, r)
		}
		return made
	}
	off := strings.Contains(strings.Join(p.Shortcomings(), "\n"), "JPEG XL")
	for _, source := range renderIn(photo(t, 300, 200, "")) {
		for i, r := range renderIn(source.Body) {
			want := all[i].Format
			if off && want == calotype.JXL {
				want = calotype.WebP
			}
			if format, _ := render.Sniff(r.Body); format != want {
				t.Errorf("%s to %s: got %s", source.Format, want, format)
			}
		}
	}
}
