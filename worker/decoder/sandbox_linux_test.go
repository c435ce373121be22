package decoder

import (
	"strings"
	"testing"
)

// From the inside of a decoder nothing can be reached.
func TestSandbox(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	p := newPool(t, func(c *Config) { c.Sandbox = SandboxRequire })
	if s := p.Sandbox(); !s.Whole() || s.Problem != "" {
		t.Errorf("in force: %v, %s", s, s.Problem)
	}
	for _, attempt := range []string{"socket", "file", "write", "environment", "memory", "signal", "limit", "environ"} {
		_, err := renderAll(t.Context(), p, photo(t, 60, 40, "testfault:render:"+attempt+";"), enough)
		if err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: got %v", attempt, err)
		}
	}
	// Starting a program ends the process.
	_, err := renderAll(t.Context(), p, photo(t, 60, 40, "testfault:render:sigsys;"), enough)
	if classOf(err) != ClassCrashesDecoder || !strings.Contains(err.Error(), "bad system call") {
		t.Errorf("exec: got %v", err)
	}
}

// Without the sandbox the same attempts succeed, so that the test above shows something.
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
