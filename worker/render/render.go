//go:build cgo

package render

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"calotype"
)

// Render decodes the picture once, at the largest of the sizes wanted, and makes each
// target from that, in order. It ends with the first error.
//
// Nothing in libvips can be interrupted: a caller that stops early waits for the step in
// progress.
func (p *Picture) Render(targets []Target) iter.Seq2[Rendition, error] {
	targets = withoutJXL(targets)
	if p.sequence != nil && !p.sequence.decodable {
		return p.passThrough(targets)
	}
	return p.render(targets)
}

func (p *Picture) render(targets []Target) iter.Seq2[Rendition, error] {
	animator := p.newAnimator(targets)
	if len(animator.targets) == 0 {
		return p.renderStills(targets, 0)
	}
	return func(yield func(Rendition, error) bool) {
		next, stop := iter.Pull2(p.renderStills(slices.DeleteFunc(slices.Clone(targets), animator.has), 0))
		defer stop()
		for i, t := range targets {
			var r Rendition
			var err error
			if animator.has(t) {
				r, err = animator.rendition(t, i == 0)
			} else {
				r, err, _ = next()
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// renderStills makes renditions that are not animated. spent is the time already used for the
// picture.
func (p *Picture) renderStills(targets []Target, spent time.Duration) iter.Seq2[Rendition, error] {
	return func(yield func(Rendition, error) bool) {
		var d *decoded
		var err error
		cpuGate.Decode(func() {
			start := time.Now()
			d, err = p.decode(targets)
			spent += time.Since(start)
		})
		if err != nil {
			yield(Rendition{}, err)
			return
		}
		defer d.free()
		scales := newScales(d, targets)
		fan := newFanout(targets, p.limits, spent, func(t Target) (Rendition, error) {
			defer scales.done(t)
			if t.Describe {
				r, err := scales.describe(t)
				r.Damaged = p.damaged.Load()
				return r, err
			}
			whole, err := scales.take(t)
			if err != nil {
				return Rendition{}, fmt.Errorf("scale to %dx%d: %w", t.Width, t.Height, err)
			}
			laidOut, err := scales.layOut(whole, t)
			if err != nil {
				return Rendition{}, fmt.Errorf("crop to %dx%d: %w", t.Width, t.Height, err)
			}
			if laidOut != whole {
				defer laidOut.free()
			}
			return p.rendition(laidOut, t, laidOut == whole && t.Whole == calotype.Box{})
		})
		defer fan.stop()
		for i := range targets {
			r, err := fan.rendition(i)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// rendition encodes one target, unless that is the whole picture and the source itself is
// better: see notlarger.go.
func (p *Picture) rendition(scaled *decoded, t Target, whole bool) (Rendition, error) {
	body, err := scaled.encode(p, t)
	if err == nil && whole {
		if r, ok := p.passthrough(t, body, p.damaged.Load()); ok {
			return r, nil
		}
	}
	if _, lowers := p.lowestQuality(t.Format); err == nil && (lowers || t.Format == p.Format) {
		body, err = p.notLarger(scaled, t, body)
	}
	if err != nil {
		return Rendition{}, fmt.Errorf("encode %dx%d %s: %w", t.Width, t.Height, t.Format, err)
	}
	if r, ok := p.unscaled(t, body); ok {
		return r, nil
	}
	return Rendition{Body: body, Format: t.Format, Width: t.Width, Height: t.Height, Damaged: p.damaged.Load()}, nil
}
