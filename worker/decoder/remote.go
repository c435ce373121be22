package decoder

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"calotype/worker/decoder/wire"
	"calotype/worker/failure"
	"calotype/worker/render"
)

// maxAttempts is how often a picture is tried if the machine ends its process.
const maxAttempts = 3

// Open implements [Engine]. It reads the header in a process that the picture keeps
// until it is closed.
func (p *Pool) Open(ctx context.Context, source *Source, limits render.Limits, grant Grant) (Picture, error) {
	lenient := limits.Lenient
	limits.Time, limits.Lenient = 0, false // [Times] apply instead. A damaged picture is opened again.
	r := &remote{pool: p, source: source, limits: limits, lenient: lenient, fresh: grant.Whole}
	if err := r.persist(ctx, grant, nil, func() error { return nil }); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// remote is a picture in a process.
type remote struct {
	pool   *Pool
	source *Source
	limits render.Limits
	// lenient allows one more attempt for a damaged picture, in a fresh process with
	// limits.Lenient, whose memory contains nothing of another picture.
	lenient bool

	child    *child // Nil between two attempts.
	started  usage  // When the child began with the picture.
	header   *render.Picture
	frames   int
	fresh    bool // Only a fresh process may be used.
	attempts int
	crashed  bool
}

func (r *remote) Header() *render.Picture { return r.header }

// persist runs a step in a process that has the picture open. If the process ends and the
// picture may not be at fault, it runs the step again in a fresh one.
func (r *remote) persist(ctx context.Context, grant Grant, targets []render.Target, step func() error) error {
	for {
		err := r.attempt(ctx, grant, targets, step)
		if err == nil {
			return nil
		}
		again, err := r.judge(ctx, grant, err)
		if !again {
			return err
		}
	}
}

// attempt runs a step once.
func (r *remote) attempt(ctx context.Context, grant Grant, targets []render.Target, step func() error) (err error) {
	if r.child == nil {
		if r.child, err = r.pool.acquire(ctx, r.fresh); err != nil {
			return err
		}
		r.child.begin(0)
		if r.started, err = r.child.probe.usage(); err != nil {
			return errEnded
		}
		r.header = nil
	}
	defer r.watch(ctx, grant, r.pool.config.Times.limit(targets, r.frames))()
	if r.header == nil {
		if err := r.open(); err != nil {
			return err
		}
	}
	return step()
}

// open makes the process read the header.
func (r *remote) open() error {
	request := wire.OpenRequest{Size: r.source.size, Limits: r.limits}
	var err error
	if shared := r.source.shared; shared != nil {
		err = r.child.conn.Send(wire.Open, request, nil, int(shared.Fd()))
	} else {
		err = r.child.conn.Send(wire.Open, request, r.source.body, -1)
	}
	if err != nil {
		return errEnded
	}
	var header render.Picture
	if _, err := r.response(wire.Opened, &header); err != nil {
		return err
	}
	if header.Width < 1 || header.Height < 1 || header.Frames < 1 {
		return failure.New(failure.Corrupt, "a picture of %dx%d pixels in %d frames", header.Width, header.Height, header.Frames)
	}
	if err := checkHeader(&header, r.limits); err != nil {
		return r.breach("%v", err)
	}
	r.header, r.frames = &header, header.Frames
	return nil
}

// Memory implements [Picture]. A picture may already control the process that predicts, so
// the prediction is enforced as a limit.
func (r *remote) Memory(ctx context.Context, targets []render.Target) (int64, error) {
	var p wire.Prediction
	err := r.persist(ctx, Grant{}, nil, func() error {
		if r.child.conn.Send(wire.Predict, wire.Targets{Targets: targets}, nil, -1) != nil {
			return errEnded
		}
		if _, err := r.response(wire.Predicted, &p); err != nil {
			return err
		}
		if p.Bytes < 0 {
			return r.breach("a prediction of %d bytes", p.Bytes)
		}
		return nil
	})
	return p.Bytes, err
}

// Render implements [Picture]. If the caller stops early, the process is ended.
func (r *remote) Render(ctx context.Context, targets []render.Target, grant Grant) iter.Seq2[render.Rendition, error] {
	return func(yield func(render.Rendition, error) bool) {
		done, stopped := 0, false
		r.fresh = r.fresh || grant.Whole
		if grant.Whole && r.child != nil && r.child.pictures > 1 {
			r.returnChild()
		}
		err := r.persist(ctx, grant, targets, func() error {
			if done == len(targets) {
				return nil
			}
			return r.render(targets[done:], grant, func(rendition render.Rendition) bool {
				done++
				stopped = !yield(rendition, nil)
				return !stopped
			})
		})
		if err != nil && !stopped {
			yield(render.Rendition{}, err)
		}
	}
}

func (r *remote) render(targets []render.Target, grant Grant, yield func(render.Rendition) bool) error {
	// No process can return more than it may have in memory.
	r.child.bodyBytes.Store(grant.limit() + int64(len(targets))*bodySlack)
	if r.child.conn.Send(wire.Render, wire.Targets{Targets: targets}, nil, -1) != nil {
		return errEnded
	}
	for i := range targets {
		var m wire.RenditionMessage
		f, err := r.response(wire.Rendition, &m)
		if err != nil {
			return err
		}
		rendition := m.Rendition
		rendition.Body = f.Body
		if m.IsSource {
			if rendition.Body, err = r.source.Copy(); err != nil {
				return err
			}
		}
		if err := checkResponse(r.header, targets[i], rendition); err != nil {
			return r.breach("%v", err)
		}
		if rendition.Damaged {
			r.child.tainted = true
		}
		if !yield(rendition) {
			r.child.end(errStoppedEarly)
			return errEnded
		}
	}
	_, err := r.response(wire.End, &struct{}{})
	return err
}

// bodySlack is what a decoder may send for each target beyond its grant.
const bodySlack = 1 << 20

// response waits for a frame of a kind.
func (r *remote) response(kind wire.Kind, into any) (wire.Frame, error) {
	var f wire.Frame
	select {
	case f = <-r.child.responses:
	case <-r.child.streamClosed:
		select {
		case f = <-r.child.responses: // It arrived before the process ended.
		default:
			return f, errEnded
		}
	}
	switch f.Kind {
	case kind:
		if err := f.Decode(into); err != nil {
			return f, r.breach("%v", err)
		}
		return f, nil
	case wire.Failed:
		var m wire.FailedMessage
		if err := f.Decode(&m); err != nil {
			return f, r.breach("%v", err)
		}
		if m.Failure != nil {
			return f, m.Failure
		}
		return f, fmt.Errorf("decoder: %s", m.Error)
	}
	return f, r.breach("kind %d instead of %d", f.Kind, kind)
}

// breach ends a process that breaks the protocol.
func (r *remote) breach(format string, args ...any) error {
	r.child.end(fmt.Errorf("%w: %s", wire.ErrGarbage, fmt.Sprintf(format, args...)))
	return errEnded
}

var (
	// errEnded is the error of a request whose process ended; [remote.judge] determines why.
	errEnded = errors.New("the decoder ended")

	errStoppedEarly = errors.New("the caller stopped early")
)

// returnChild returns the process to the pool.
func (r *remote) returnChild() {
	if r.child != nil {
		r.pool.release(r.child)
		r.child = nil
	}
}

// Close implements [Picture].
func (r *remote) Close() { r.returnChild() }

// watchEvery is the interval at which a process's memory and time are read. A reading takes
// 20 µs, a tenth of a percent of a CPU. Memory can grow by about 50 MB between two
// readings.
const watchEvery = 20 * time.Millisecond

// watch ends the process when it exceeds its limits or the context ends. It runs until it
// is stopped.
func (r *remote) watch(ctx context.Context, grant Grant, cpu time.Duration) (stop func()) {
	c := r.child
	limit := c.fresh.resident + maxKept + grant.limit() + r.source.size
	if err := c.probe.limitData(c.fresh.data + dataSlack + limit); err != nil && c.alive() {
		r.pool.unlimited(err)
	}
	unlink := context.AfterFunc(ctx, func() { c.end(context.Cause(ctx)) })
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		wall := time.NewTimer(r.pool.config.Times.Wall)
		defer wall.Stop()
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-c.streamClosed:
				return
			case <-wall.C:
				c.end(errWall)
				return
			case <-tick.C:
			}
			now, err := c.probe.usage()
			r.pool.metrics.saw(now.resident)
			switch {
			case err != nil: // It has just ended.
			case now.resident > limit:
				c.end(&overMemory{used: now.resident - c.fresh.resident})
			case now.cpu-r.started.cpu > cpu:
				c.end(&overTime{limit: cpu})
			case n%10 == 9 && c.probe.stopped():
				c.end(errStopped)
			}
		}
	}()
	return func() {
		unlink()
		close(done)
		<-stopped
	}
}

// dataSlack is address space without pages: Go reserves 64 MB at a time, and each thread 8
// MB.
const dataSlack = 384 << 20

// limit returns the memory that a picture may take. The whole budget leaves room for no
// more than a header.
func (g Grant) limit() int64 {
	if g.Whole {
		return g.Bytes + headerGrant
	}
	return g.Bytes + g.Bytes/4 + headerGrant
}

// headerGrant is the memory for reading a header. It is not reserved from the budget: it is
// part of the memory outside it.
const headerGrant = 32 << 20
