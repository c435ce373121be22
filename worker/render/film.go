//go:build cgo

package render

import (
	"slices"
	"time"
)

// film makes the renditions of an animation that move. Frames are decoded, scaled and encoded
// one by one, so that memory does not grow with their number. What has to be encoded again
// with a lower quality takes another pass over the source. Keeping the frames for that would
// cost every animation their memory.
type film struct {
	picture *Picture
	targets []Target // Those that move, each once.
	made    map[Target]Rendition
	spent   time.Duration
	damaged bool // The source is.
}

// newFilm takes those of the targets that move, of an animation.
func (p *Picture) newFilm(targets []Target) *film {
	return &film{picture: p, targets: p.moving(targets), made: map[Target]Rendition{}}
}

func (f *film) has(t Target) bool { return slices.Contains(f.targets, t) }

// rendition returns a target's rendition. The first call makes the targets of its size, if that
// is urgent. Each other one makes all that are missing.
func (f *film) rendition(t Target, urgent bool) (Rendition, error) {
	if r, ok := f.made[t]; ok {
		return r, nil
	}
	var missing []Target
	for _, other := range f.targets {
		if _, ok := f.made[other]; !ok && (!urgent || sameSize(other, t)) {
			missing = append(missing, other)
		}
	}
	err := f.make(missing)
	return f.made[t], err
}

// attempt is an encoding of a target, with the quality that was tried last.
type attempt struct {
	target, tried Target
	take
}

// make makes targets. Each ends as the source itself, or as the first encoding that is light
// enough: see lighter.go.
func (f *film) make(targets []Target) error {
	takes, err := f.shoot(targets)
	if err != nil {
		return err
	}
	if takes == nil {
		return f.makeStills(targets)
	}
	var open []*attempt
	for i, t := range targets {
		open = append(open, &attempt{t, t, takes[i]})
	}
	for {
		var heavy []*attempt
		var lower []Target
		for _, a := range open {
			t := a.target
			if r, ok := f.picture.stay(t, a.body, f.damaged); ok && a.whole {
				f.made[t] = r
			} else if again, ok := f.picture.lowered(a.tried, a.body); ok {
				heavy, lower = append(heavy, a), append(lower, again)
			} else {
				f.made[t] = Rendition{Body: a.body, Format: t.Format, Width: t.Width, Height: t.Height, Damaged: f.damaged}
			}
		}
		if heavy == nil {
			return nil
		}
		if takes, err = f.shoot(lower); err != nil {
			return err
		}
		for i, a := range heavy {
			a.tried = lower[i]
			if len(takes[i].body) < len(a.body) {
				a.take = takes[i]
			} else {
				a.tried.Quality = 0 // No lower one is tried.
			}
		}
		open = heavy
	}
}

// makeStills makes the renditions of an animation whose frames all look the same.
func (f *film) makeStills(targets []Target) error {
	if f.damaged {
		f.picture.damaged.Store(true)
	}
	i := 0
	for r, err := range f.picture.renderStills(targets, f.spent) {
		if err != nil {
			return err
		}
		f.made[targets[i]] = r
		i++
	}
	return nil
}

// shoot encodes targets in one pass, or returns nil if all frames look the same. An animated
// PNG takes another one if only later frames have alpha.
func (f *film) shoot(targets []Target) (takes []take, err error) {
	if takes, err = f.pass(targets, false); takes == nil || err != nil {
		return nil, err
	}
	var again []Target
	for i, t := range takes {
		if t.body == nil {
			again = append(again, targets[i])
		}
	}
	if again == nil {
		return takes, nil
	}
	withAlpha, err := f.pass(again, true)
	for i, t := range again {
		takes[slices.Index(targets, t)] = withAlpha[i]
	}
	return takes, err
}

// pass decodes the source once.
func (f *film) pass(targets []Target, alpha bool) (takes []take, err error) {
	cpuGate.Decode(func() {
		start := time.Now()
		pass := newFilmPass(f, targets, alpha)
		defer pass.close()
		takes, err = pass.run(start)
		f.spent += time.Since(start)
	})
	return takes, err
}

// plays returns how often an animation is played; 0 means forever.
func (p *Picture) plays() int {
	if p.sequence != nil {
		return p.sequence.plays
	}
	return p.animation.Plays
}
