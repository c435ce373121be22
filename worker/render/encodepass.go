//go:build cgo

package render

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"calotype"
	"calotype/worker/failure"
)

// frameEncoder writes an animation frame by frame. A frame belongs to the caller.
type frameEncoder interface {
	add(frame *decoded, delay int) error
	// bytes ends the file and returns it.
	bytes() ([]byte, error)
	close()
}

// encoded is an encoded target. The body is nil if it cannot be encoded without alpha.
type encoded struct {
	body  []byte
	whole bool // It shows the whole picture.
}

// encodePass encodes targets while the frames are decoded once.
type encodePass struct {
	animator *animator
	scales   scales // With the current frame.
	sizes    map[calotype.Box]*frameAtSize
	targets  []*passTarget // The largest first.
	pixels   int
}

// frameAtSize is the current frame at a size.
type frameAtSize struct {
	mu     sync.Mutex
	frame  int // The number of the frame that was scaled last, from 1.
	scaled decoded
}

// passTarget is a target that is being encoded.
type passTarget struct {
	target  Target
	encoder frameEncoder // Nil if it was given up.
	index   int
	encoded
}

func newEncodePass(a *animator, targets []Target, alpha bool) *encodePass {
	p := &encodePass{animator: a, sizes: map[calotype.Box]*frameAtSize{}}
	for i, t := range targets {
		r := &passTarget{target: t, index: i, encoded: encoded{whole: true}}
		switch plays := a.picture.plays(); t.Format {
		case calotype.GIF:
			r.encoder = newGIFEncoder(t.Width, t.Height, plays)
		case calotype.PNG:
			r.encoder = &apngEncoder{plays: plays, alpha: alpha}
		default:
			r.encoder = &webpAnimation{target: t, plays: plays, chooses: a.picture.mayBeLossless(t)}
		}
		p.targets = append(p.targets, r)
		p.sizes[t.whole()] = &frameAtSize{}
		p.pixels += t.Width * t.Height
	}
	slices.SortStableFunc(p.targets, func(a, b *passTarget) int {
		return cmp.Compare(b.target.Width*b.target.Height, a.target.Width*a.target.Height)
	})
	return p
}

func (p *encodePass) close() {
	for _, r := range p.targets {
		if r.encoder != nil {
			r.encoder.close()
		}
	}
}

// run encodes the targets, and returns them in their order, or nil if all frames look the same.
func (p *encodePass) run(start time.Time) ([]encoded, error) {
	picture := p.animator.picture
	targets := slices.Clone(p.animator.targets)
	for _, r := range p.targets {
		targets = append(targets, r.target)
	}
	width, height := picture.sizeToDecode(targets)
	count := 0
	for frame, err := range picture.joinedFrames(width, height, func() { p.animator.damaged = true }) {
		if err != nil {
			return nil, err
		}
		if spent := p.animator.spent + time.Since(start); picture.limits.Time > 0 && spent > picture.limits.Time {
			return nil, failure.New(failure.TooSlow, "%d of %d frames were rendered after %v, the limit is %v", count, picture.Frames, spent.Round(time.Millisecond), picture.limits.Time)
		}
		count++
		if err := p.add(frame, count); err != nil {
			return nil, fmt.Errorf("frame %d: %w", count-1, err)
		}
	}
	if count == 1 {
		return nil, nil
	}
	results := make([]encoded, len(p.targets))
	for _, r := range p.targets {
		if r.encoder != nil {
			var err error
			if r.body, err = r.encoder.bytes(); err != nil {
				return nil, fmt.Errorf("%dx%d %s: %w", r.target.Width, r.target.Height, r.target.Format, err)
			}
		}
		results[r.index] = r.encoded
	}
	return results, nil
}

// minShared is how many pixels a frame has in all targets at least, if idle CPUs help with it.
const minShared = 1 << 15

// add scales and encodes a frame for each target.
func (p *encodePass) add(frame timedFrame, number int) error {
	p.scales.decoded = frame.decoded
	errs := make([]error, len(p.targets))
	var claimed atomic.Int32
	work := func() {
		for i := int(claimed.Add(1)) - 1; i < len(p.targets); i = int(claimed.Add(1)) - 1 {
			if r := p.targets[i]; r.encoder != nil {
				errs[i] = p.addTo(r, frame.delay, number)
			}
		}
	}
	var helpers sync.WaitGroup
	if p.pixels >= minShared {
		for range min(len(p.targets), cpuGate.CPUs()) - 1 {
			helpers.Go(func() { cpuGate.Try(work) })
		}
	}
	work()
	helpers.Wait()
	for i, err := range errs {
		r := p.targets[i]
		switch t := r.target; {
		case errors.Is(err, errAlpha):
			r.encoder.close()
			r.encoder = nil
		case err != nil:
			return fmt.Errorf("%dx%d %s: %w", t.Width, t.Height, t.Format, err)
		}
	}
	return nil
}

func (p *encodePass) addTo(r *passTarget, delay, number int) error {
	whole := p.scaled(r.target, number)
	laidOut, err := p.scales.layOut(whole, r.target)
	if err != nil {
		return fmt.Errorf("crop: %w", err)
	}
	if laidOut != whole {
		r.whole = false
		defer laidOut.free()
	}
	return r.encoder.add(laidOut, delay)
}

// scaled returns the current frame at the size of a target's whole picture.
func (p *encodePass) scaled(t Target, number int) *decoded {
	d := p.scales.decoded
	if d.fits(t) {
		return d
	}
	whole := t.whole()
	s := p.sizes[whole]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame != number {
		to, _ := s.scaled.reuse(whole.Width, whole.Height, d.bands)
		resample(d.pixels, d.width, d.height, d.bands, to.pixels, to.width, to.height)
		s.frame = number
	}
	return &s.scaled
}
