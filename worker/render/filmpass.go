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

// take is an encoded target. The body is nil if it cannot be encoded without alpha.
type take struct {
	body  []byte
	whole bool // It shows the whole picture.
}

// filmPass encodes targets while the frames are decoded once.
type filmPass struct {
	film   *film
	scales scales // With the present frame.
	sizes  map[calotype.Box]*filmSize
	reels  []*reel // The largest first.
	pixels int
}

// filmSize is the present frame at a size.
type filmSize struct {
	mu     sync.Mutex
	frame  int // The number of the frame that was scaled last, from 1.
	scaled decoded
}

// reel is a target that is being encoded.
type reel struct {
	target  Target
	encoder frameEncoder // Nil if it was given up.
	index   int
	take
}

func newFilmPass(f *film, targets []Target, alpha bool) *filmPass {
	p := &filmPass{film: f, sizes: map[calotype.Box]*filmSize{}}
	for i, t := range targets {
		r := &reel{target: t, index: i, take: take{whole: true}}
		switch plays := f.picture.plays(); t.Format {
		case calotype.GIF:
			r.encoder = newGIFEncoder(t.Width, t.Height, plays)
		case calotype.PNG:
			r.encoder = &apngEncoder{plays: plays, alpha: alpha}
		default:
			r.encoder = newWebPAnimation(t.Width, t.Height, plays, t.Quality)
		}
		p.reels = append(p.reels, r)
		p.sizes[t.whole()] = &filmSize{}
		p.pixels += t.Width * t.Height
	}
	slices.SortStableFunc(p.reels, func(a, b *reel) int {
		return cmp.Compare(b.target.Width*b.target.Height, a.target.Width*a.target.Height)
	})
	return p
}

func (p *filmPass) close() {
	for _, r := range p.reels {
		if r.encoder != nil {
			r.encoder.close()
		}
	}
}

// run makes the takes in the order of the targets, or returns nil if all frames look the same.
func (p *filmPass) run(start time.Time) ([]take, error) {
	picture := p.film.picture
	width, height := picture.sizeToDecode(p.film.targets)
	count := 0
	for frame, err := range picture.joinedFrames(width, height, func() { p.film.damaged = true }) {
		if err != nil {
			return nil, err
		}
		if spent := p.film.spent + time.Since(start); picture.limits.Time > 0 && spent > picture.limits.Time {
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
	takes := make([]take, len(p.reels))
	for _, r := range p.reels {
		if r.encoder != nil {
			var err error
			if r.body, err = r.encoder.bytes(); err != nil {
				return nil, fmt.Errorf("%dx%d %s: %w", r.target.Width, r.target.Height, r.target.Format, err)
			}
		}
		takes[r.index] = r.take
	}
	return takes, nil
}

// minShared is how many pixels a frame has in all targets at least, if idle CPUs help with it.
const minShared = 1 << 15

// add scales and encodes a frame for each target.
func (p *filmPass) add(frame timedFrame, number int) error {
	p.scales.decoded = frame.decoded
	errs := make([]error, len(p.reels))
	var claimed atomic.Int32
	work := func() {
		for i := int(claimed.Add(1)) - 1; i < len(p.reels); i = int(claimed.Add(1)) - 1 {
			if r := p.reels[i]; r.encoder != nil {
				errs[i] = p.addTo(r, frame.delay, number)
			}
		}
	}
	var helpers sync.WaitGroup
	if p.pixels >= minShared {
		for range min(len(p.reels), cpuGate.CPUs()) - 1 {
			helpers.Go(func() { cpuGate.Try(work) })
		}
	}
	work()
	helpers.Wait()
	for i, err := range errs {
		r := p.reels[i]
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

func (p *filmPass) addTo(r *reel, delay, number int) error {
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

// scaled returns the present frame at the size of a target's whole picture.
func (p *filmPass) scaled(t Target, number int) *decoded {
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
