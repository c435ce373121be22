package decoder

import (
	"context"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"calotype/worker/render"
)

// phases are the points at which a process can be interrupted.
var phases = []string{"open", "predict", "render", "between"}

// allPhases opens, predicts and renders a picture.
func allPhases(ctx context.Context, p *Pool, source []byte) (made int, err error) {
	picture, err := p.Open(ctx, SourceOf(source), render.Limits{}, enough)
	if err != nil {
		return 0, err
	}
	defer picture.Close()
	if _, err := picture.Memory(ctx, small); err != nil {
		return 0, err
	}
	for _, err := range picture.Render(ctx, small, enough) {
		if err != nil {
			return made, err
		}
		made++
	}
	return made, nil
}

// endedBy returns how many processes ended with a picture for a reason.
func endedBy(t *testing.T, p *Pool, reason string) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	if err := registry.Register(p); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "calotype_decoder_ended_total" && m.GetLabel()[0].GetValue() == reason {
				return m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no counter for %q", reason)
	return 0
}

// If the machine ends or stops a process, or the process breaks the protocol, the picture is
// tried again, in every phase, and succeeds. Its slot then has a process again. Signals that
// a process ignores have no effect.
func TestMachineFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault  string // In a used process only: not in the next attempt.
		signal syscall.Signal
		ended  string // The reason that is counted.
	}{
		"killed":      {"hang", syscall.SIGKILL, endMachine},
		"stopped":     {"hang", syscall.SIGSTOP, endStopped},
		"garbage":     {"garbage", 0, endGarbage},
		"terminated":  {"pause", syscall.SIGTERM, ""},
		"interrupted": {"pause", syscall.SIGINT, ""},
	} {
		for _, phase := range phases {
			t.Run(name+" in "+phase, func(t *testing.T) {
				t.Parallel()
				p := newPool(t, func(c *Config) { c.Idle = 1 })
				wantWorking(t, p)
				used := p.idle[0]
				source := photo(t, 300, 200, "testfault:"+phase+":"+c.fault+"-used;")
				var signals sync.WaitGroup
				var sent time.Time
				if c.signal != 0 {
					signals.Go(func() {
						for idle := 1; idle > 0; _, idle = p.count() {
							time.Sleep(100 * time.Millisecond) // Then it is in the phase, or before it.
						}
						sent = time.Now()
						if err := used.process.Process.Signal(c.signal); err != nil {
							t.Error(err)
						}
					})
				}
				if made, err := allPhases(t.Context(), p, source); err != nil || made != len(small) {
					t.Errorf("got %d renditions, %v", made, err)
				}
				signals.Wait()
				if c.signal != 0 {
					t.Logf("rendered %v after the signal", time.Since(sent).Round(time.Millisecond))
				}
				if c.ended == "" {
					if len(p.idle) != 1 || p.idle[0] != used {
						t.Error("the process was replaced")
					}
					return
				}
				if n := endedBy(t, p, c.ended); n != 1 {
					t.Errorf("counted %v times as %s", n, c.ended)
				}
				p.background.Wait()
				if len(p.idle) != 1 || p.idle[0] == used || !p.idle[0].alive() {
					t.Error("no process is ready for the slot's next picture")
				}
			})
		}
	}
}
