//go:build cgo

package render

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
	"calotype/worker/failure"
)

// all16 are the targets of every preset, in the picture's own format and WebP.
func all16(p *Picture) []Target {
	var targets []Target
	for _, preset := range calotype.DefaultPresets() {
		w, h := preset.BoxFor(p.Width, p.Height).Fit(p.Width, p.Height)
		targets = append(targets, sized(w, h, p.Format.Own(), 80), sized(w, h, calotype.WebP, 80))
	}
	return targets
}

// renderAll makes every target of a picture.
func renderAll(body []byte) (all [][]byte, err error) {
	p, err := Open(body, Limits{})
	if err != nil {
		return nil, err
	}
	for r, err := range p.Render(all16(p)) {
		if err != nil {
			return nil, err
		}
		all = append(all, r.Body)
	}
	return all, nil
}

// A rendition's bytes are the same whichever goroutine makes it and whatever runs
// concurrently.
func TestSideBySide(t *testing.T) {
	all := cpuGate
	cpuGate = newGate(1) // So that there are no helpers.
	sources := [][]byte{jpegOf(t, grainy(900, 600)), pngOf(t, quadrants(300, 500)), animatedGIF(t, 3, 400, 300)}
	alone := make([][][]byte, len(sources))
	for i, body := range sources {
		var err error
		if alone[i], err = renderAll(body); err != nil {
			t.Fatal(err)
		}
	}
	cpuGate = all
	var beside sync.WaitGroup
	for i := range 4 * len(sources) {
		beside.Go(func() {
			want := alone[i%len(sources)]
			got, err := renderAll(sources[i%len(sources)])
			if err != nil || !slices.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("picture %d: not what it is alone, %v", i%len(sources), err)
			}
		})
	}
	beside.Wait()
	vips.AssertNoLeaks(t)
}

func TestFanout(t *testing.T) {
	a, b, c := Target{Width: 1}, Target{Width: 2}, Target{Width: 3}
	targets := []Target{a, b, a, c, b}
	broken := errors.New("failure")
	var calls atomic.Int32
	encode := func(t Target) (Rendition, error) {
		calls.Add(1)
		if t == c {
			return Rendition{}, broken
		}
		return Rendition{Width: t.Width}, nil
	}

	f := newFanout(targets, Limits{}, 0, encode)
	for i, want := range targets {
		r, err := f.rendition(i)
		if want == c && !errors.Is(err, broken) || want != c && (err != nil || r.Width != want.Width) {
			t.Errorf("%d: got %+v, %v", i, r, err)
		}
	}
	f.stop()
	if calls.Load() != 3 {
		t.Errorf("%d calls for 3 different targets", calls.Load())
	}

	// After a stop following the first rendition, nothing more starts.
	calls.Store(0)
	f = newFanout(targets, Limits{}, 0, encode)
	if _, err := f.rendition(0); err != nil {
		t.Error(err)
	}
	f.stop()
	before := calls.Load()
	f.recruit()
	f.stop()
	if calls.Load() != before {
		t.Error("a helper went on after the stop")
	}

	// The decoding time counts.
	f = newFanout(targets, Limits{Time: time.Second}, 2*time.Second, encode)
	var fault *failure.Failure
	if _, err := f.rendition(0); !errors.As(err, &fault) || fault.Class != failure.TooSlow {
		t.Errorf("got %v, want %s", err, failure.TooSlow)
	}
	f.stop()
}
