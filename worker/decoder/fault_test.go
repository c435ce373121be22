package decoder

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"calotype/worker/failure"
	"calotype/worker/render"
)

// classOf returns the class of a failure, or "".
func classOf(err error) string {
	var fault *failure.Failure
	if errors.As(err, &fault) {
		return fault.Class
	}
	return ""
}

// wantWorking checks that the pool still renders.
func wantWorking(t *testing.T, p *Pool) {
	t.Helper()
	made, err := renderAll(t.Context(), p, photo(t, 300, 200, ""), enough)
	if err != nil || len(made) != len(small) {
		t.Errorf("afterwards: %d renditions, %v", len(made), err)
	}
}

// A picture that crashes its process is at fault, in every phase.
func TestCrash(t *testing.T) {
	p := newPool(t, nil)
	for _, phase := range []string{"open", "render", "between"} {
		for _, kind := range []string{"crash", "exit", "close"} {
			made, err := renderAll(t.Context(), p, photo(t, 300, 200, "testfault:"+phase+":"+kind+";"), enough)
			if classOf(err) != failure.CrashesDecoder {
				t.Errorf("%s %s: got %v", phase, kind, err)
			}
			if want := map[string]int{"between": 1}[phase]; len(made) < want || phase != "between" && len(made) > 0 {
				t.Errorf("%s %s: %d renditions before it", phase, kind, len(made))
			}
		}
	}
	wantWorking(t, p)
}

func TestCrashInPredict(t *testing.T) {
	p := newPool(t, nil)
	picture, err := p.Open(t.Context(), SourceOf(photo(t, 300, 200, "testfault:predict:crash;")), render.Limits{}, enough)
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	if _, err := picture.Memory(t.Context(), small); classOf(err) != failure.CrashesDecoder {
		t.Errorf("got %v", err)
	}
}

// A picture is not blamed for what an earlier picture may have left behind.
func TestCrashOfUsedProcess(t *testing.T) {
	for _, kind := range []string{"crash", "garbage"} {
		p := newPool(t, func(c *Config) { c.Idle = 1 })
		wantWorking(t, p)
		made, err := renderAll(t.Context(), p, photo(t, 300, 200, "testfault:between:"+kind+"-used;"), enough)
		if err != nil || len(made) != len(small) {
			t.Errorf("%s: got %d renditions, %v", kind, len(made), err)
		}
	}
}

// A process that breaks the protocol is replaced, and the picture is tried three times.
func TestGarbage(t *testing.T) {
	p := newPool(t, nil)
	_, err := renderAll(t.Context(), p, photo(t, 300, 200, "testfault:render:garbage;"), enough)
	if !errors.Is(err, ErrMachine) || classOf(err) != "" || !strings.Contains(err.Error(), "3 times") {
		t.Errorf("got %v", err)
	}
	wantWorking(t, p)
}

func TestTooMuchTime(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Times.CPU, c.Times.Wall = 300*time.Millisecond, time.Minute })
	_, err := renderAll(t.Context(), p, photo(t, 300, 200, "testfault:open:spin;"), enough)
	if classOf(err) != failure.TooMuchTime || !strings.Contains(err.Error(), "300ms") {
		t.Errorf("got %v", err)
	}
	wantWorking(t, p)
}

func TestAllowance(t *testing.T) {
	targets := []render.Target{{Width: 1000, Height: 500}, {Width: 2000, Height: 1000}}
	if got, want := (Times{CPU: 20 * time.Second}).limit(targets, 4), 34*time.Second; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A process that waits for the machine reaches the wall-clock limit, which is not the
// picture's fault.
func TestWallLimit(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Times.CPU, c.Times.Wall = 20*time.Second, 300*time.Millisecond })
	_, err := renderAll(t.Context(), p, photo(t, 300, 200, "testfault:render:hang;"), enough)
	if !errors.Is(err, ErrMachine) || !errors.Is(err, errWall) {
		t.Errorf("got %v", err)
	}
}

// A picture that exceeds its grant gets the whole budget once. If it exceeds that, it is at
// fault.
func TestTooMuchMemory(t *testing.T) {
	p := newPool(t, nil)
	for _, kind := range []string{"grow", "allocate"} {
		source := photo(t, 300, 200, "testfault:render:"+kind+";")
		_, err := renderAll(t.Context(), p, source, Grant{Bytes: 8 << 20})
		if !errors.Is(err, ErrOverGrant) {
			t.Errorf("%s: got %v", kind, err)
		}
		_, err = renderAll(t.Context(), p, source, Grant{Bytes: 8 << 20, Whole: true})
		if classOf(err) != failure.TooMuchMemory {
			t.Errorf("%s: got %v", kind, err)
		}
	}
	made, err := renderAll(t.Context(), p, photo(t, 300, 200, "testfault:render:grow;"), Grant{Bytes: 512 << 20})
	if err != nil || len(made) != len(small) {
		t.Errorf("with a larger grant: %d renditions, %v", len(made), err)
	}
	wantWorking(t, p)
}

// A cancelled job ends its process at once, whatever the process is doing.
func TestCancel(t *testing.T) {
	p := newPool(t, nil)
	cause := errors.New("lease lost")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(200*time.Millisecond, func() { cancel(cause) })
	if _, err := renderAll(ctx, p, photo(t, 300, 200, "testfault:render:hang;"), enough); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	wantWorking(t, p)
}

// A caller that stops early leaves nothing running.
func TestStopEarly(t *testing.T) {
	p := newPool(t, nil)
	picture, err := p.Open(t.Context(), SourceOf(photo(t, 300, 200, "")), render.Limits{}, enough)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range picture.Render(t.Context(), small, enough) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	picture.Close()
	wantWorking(t, p)
}

// No process outlives its pool.
func TestClose(t *testing.T) {
	p := newPool(t, nil)
	c, err := p.acquire(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	p.release(c)
	p.Close()
	if err := syscall.Kill(c.process.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the process still exists: %v", err)
	}
	if _, err := renderAll(t.Context(), p, photo(t, 300, 200, ""), enough); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestReplacement(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Idle = 1 })
	c, err := p.acquire(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if used := c.used(); used != "" {
		t.Errorf("a fresh one: %q", used)
	}
	c.pictures = maxPictures
	if used := c.used(); used != usedOld {
		t.Errorf("an old one: %q", used)
	}
	c.pictures = 1
	c.fresh.resident -= 2 * maxKept
	if used := c.used(); used != usedGrown {
		t.Errorf("a grown one: %q", used)
	}
	c.tainted = true
	p.release(c)
	p.background.Wait()
	next, err := p.acquire(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.release(next)
	if next == c || next.pictures != 0 {
		t.Error("a tainted process is used again")
	}
}

// A corrupt picture costs its process; a good one does not.
func TestDamageTaints(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Idle = 1 })
	before := p.idle[0]
	wantWorking(t, p)
	if p.idle[0] != before {
		t.Error("the process of a good picture was replaced")
	}
	whole := photo(t, 300, 200, "")
	if _, err := renderAll(t.Context(), p, whole[:len(whole)/2], enough); classOf(err) != failure.Corrupt {
		t.Fatalf("got %v", err)
	}
	p.background.Wait()
	if len(p.idle) != 1 || p.idle[0] == before {
		t.Error("the process of a corrupt picture is kept")
	}
}

func TestNoDecoder(t *testing.T) {
	if _, err := Find(t.TempDir() + "/absent"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	for _, path := range []string{"/bin/true", "/bin/cat"} {
		if _, err := NewPool(t.Context(), Config{Path: path}); err == nil {
			t.Errorf("%s is accepted as a decoder", path)
		}
	}
}

// A damaged picture is decoded leniently in a fresh process, which is not used again.
func TestDamaged(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Idle = 1 })
	whole := photo(t, 300, 200, "")
	damaged := func() []render.Rendition {
		picture, err := p.Open(t.Context(), SourceOf(whole[:len(whole)/2]), render.Limits{Lenient: true}, enough)
		if err != nil {
			t.Fatal(err)
		}
		defer picture.Close()
		var made []render.Rendition
		for r, err := range picture.Render(t.Context(), small, enough) {
			if err != nil {
				t.Fatal(err)
			}
			if !r.Damaged {
				t.Errorf("%s is not marked", r.Format)
			}
			made = append(made, r)
		}
		if n := picture.(*remote).child.pictures; n != 1 {
			t.Errorf("its process had %d pictures", n)
		}
		return made
	}
	wantWorking(t, p)
	for range 2 {
		before := p.idle[0]
		if made := damaged(); len(made) != len(small) {
			t.Errorf("%d renditions", len(made))
		}
		p.background.Wait()
		if len(p.idle) != 1 || p.idle[0] == before || p.idle[0].pictures > 0 {
			t.Error("the process of a damaged picture is kept")
		}
	}
	wantWorking(t, p)
	whole = whole[:400] // Nothing of this can be decoded.
	if _, err := p.Open(t.Context(), SourceOf(whole), render.Limits{Lenient: true}, enough); classOf(err) != failure.Corrupt {
		t.Errorf("got %v", err)
	}
}

// A limit that a library sets for every file is not a lack of memory.
func TestReportsOutOfMemory(t *testing.T) {
	for message, want := range map[string]bool{
		"heif: Memory allocation error: Security limit exceeded: Number of extents in iloc box (21844) exceeds security limit (32) (6.1000)": false,
		"heif: Memory allocation error: Unspecified: unable to allocate frame buffer (6.0)":                                                  true,
		"vips_tracked: out of memory -- size == 48MB":                                                                                        true,
		"webp: corrupt or truncated file":                                                                                                    false,
	} {
		if got := reportsOutOfMemory(message); got != want {
			t.Errorf("%q: %v, want %v", message, got, want)
		}
	}
}
