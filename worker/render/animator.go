//go:build cgo

package render

import (
	"slices"
	"time"
)

// animator makes the animated renditions of an animation. Frames are decoded, scaled and
// encoded one by one, so that memory does not grow with their number. A rendition that needs a
// lower quality takes another pass over the source. Keeping the frames for that would cost
// every animation their memory.
type animator struct {
	picture *Picture
	targets []Target // The animated ones, each once.
	made    map[Target]Rendition
	spent   time.Duration
	damaged bool // The source is.
}

// newAnimator returns an animator of the animated ones of targets.
func (p *Picture) newAnimator(targets []Target) *animator {
	return &animator{picture: p, targets: p.animated(targets), made: map[Target]Rendition{}}
}

func (a *animator) has(t Target) bool { return slices.Contains(a.targets, t) }

// rendition returns a target's rendition. The first call makes the targets of its size, if that
// is urgent. Each other one makes all that are missing.
func (a *animator) rendition(t Target, urgent bool) (Rendition, error) {
	if r, ok := a.made[t]; ok {
		return r, nil
	}
	var missing []Target
	for _, other := range a.targets {
		if _, ok := a.made[other]; !ok && (!urgent || sameSize(other, t)) {
			missing = append(missing, other)
		}
	}
	err := a.make(missing)
	return a.made[t], err
}

// attempt is the smallest encoding of a target so far.
type attempt struct {
	target Target
	made   Target // What the encoding is of.
	next   Target // What is tried next.
	encoded
	unscaled bool // That was tried.
}

// again chooses what is tried next for a rendition that is too large: first the animation at
// its own size without loss, then lower qualities.
func (a *animator) again(try *attempt) bool {
	p, larger := a.picture, len(try.body) >= len(a.picture.body)
	if larger && !try.unscaled && !a.damaged && p.mayBeUnscaled(try.target) {
		try.unscaled = true
		try.next = p.withoutLoss(try.target)
		return true
	}
	if try.made.lossless {
		return false
	}
	lower, ok := p.lowered(try.made, try.body)
	try.next = lower
	return ok
}

// make makes targets. Each becomes the source itself, or the first encoding that is not larger:
// see notlarger.go.
func (a *animator) make(targets []Target) error {
	results, err := a.encode(targets)
	if err != nil {
		return err
	}
	if results == nil {
		return a.makeStills(targets)
	}
	var open []*attempt
	for i, t := range targets {
		open = append(open, &attempt{target: t, made: t, encoded: results[i]})
	}
	for {
		var larger []*attempt
		var next []Target
		for _, try := range open {
			t := try.target
			if r, ok := a.picture.passthrough(t, try.body, a.damaged); ok && try.whole {
				a.made[t] = r
			} else if a.again(try) {
				larger = append(larger, try)
				if !slices.Contains(next, try.next) {
					next = append(next, try.next)
				}
			} else {
				a.made[t] = Rendition{Body: try.body, Format: t.Format, Width: try.made.Width, Height: try.made.Height, Damaged: a.damaged}
			}
		}
		if larger == nil {
			return nil
		}
		if results, err = a.encode(next); err != nil {
			return err
		}
		for _, try := range larger {
			if result := results[slices.Index(next, try.next)]; len(result.body) < len(try.body) {
				try.encoded, try.made = result, try.next
			} else if !try.next.lossless {
				try.made.Quality = 0 // No lower one is tried.
			}
		}
		open = larger
	}
}

// makeStills makes the renditions of an animation whose frames all look the same.
func (a *animator) makeStills(targets []Target) error {
	if a.damaged {
		a.picture.damaged.Store(true)
	}
	i := 0
	for r, err := range a.picture.renderStills(targets, a.spent) {
		if err != nil {
			return err
		}
		a.made[targets[i]] = r
		i++
	}
	return nil
}

// encode encodes targets in one pass, or returns nil if all frames look the same. An animated
// PNG takes another one if only later frames have alpha.
func (a *animator) encode(targets []Target) (results []encoded, err error) {
	if results, err = a.pass(targets, false); results == nil || err != nil {
		return nil, err
	}
	var again []Target
	for i, r := range results {
		if r.body == nil {
			again = append(again, targets[i])
		}
	}
	if again == nil {
		return results, nil
	}
	withAlpha, err := a.pass(again, true)
	for i, t := range again {
		results[slices.Index(targets, t)] = withAlpha[i]
	}
	return results, err
}

// pass decodes the source once.
func (a *animator) pass(targets []Target, alpha bool) (results []encoded, err error) {
	cpuGate.Decode(func() {
		start := time.Now()
		pass := newEncodePass(a, targets, alpha)
		defer pass.close()
		results, err = pass.run(start)
		a.spent += time.Since(start)
	})
	return results, err
}

// plays returns how often an animation is played; 0 means forever.
func (p *Picture) plays() int {
	if p.sequence != nil {
		return p.sequence.plays
	}
	return p.animation.Plays
}
