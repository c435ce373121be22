//go:build cgo

package render

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// idle are the processors that nothing of this package runs on. Pictures are rendered
// side by side, as many as the caller likes; only where they leave processors idle do
// the targets of one picture run beside each other.
var idle = semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0)))

// occupy runs a caller's own work. It never waits: that a processor is idle matters to
// helpers alone.
func occupy(work func()) {
	if idle.TryAcquire(1) {
		defer idle.Release(1)
	}
	work()
}

// fanout makes the renditions of targets from one base: in the order they are asked
// for, or earlier where a processor is idle. Targets that are the same are made once.
type fanout struct {
	encode  func(Target) (Rendition, error)
	limits  Limits
	spent   atomic.Int64 // Nanoseconds, of all that was done for the picture.
	stopped atomic.Bool
	tasks   []*task
	of      []*task // Of each target.
	helpers sync.WaitGroup
}

// task is one rendition, made by whoever claims it first.
type task struct {
	target    Target
	claimed   atomic.Bool
	done      chan struct{}
	rendition Rendition
	err       error
}

// newFanout begins with nothing: [fanout.rendition] makes what it is asked for.
func newFanout(targets []Target, limits Limits, spent time.Duration, encode func(Target) (Rendition, error)) *fanout {
	f := &fanout{encode: encode, limits: limits}
	f.spent.Store(int64(spent))
	known := map[Target]*task{}
	for _, t := range targets {
		if known[t] == nil {
			known[t] = &task{target: t, done: make(chan struct{})}
			f.tasks = append(f.tasks, known[t])
		}
		f.of = append(f.of, known[t])
	}
	return f
}

// rendition returns what was made of the i-th target.
func (f *fanout) rendition(i int) (Rendition, error) {
	t := f.of[i]
	if t.claimed.CompareAndSwap(false, true) {
		occupy(func() {
			f.recruit()
			f.run(t)
		})
	}
	<-t.done
	return t.rendition, t.err
}

// recruit starts a helper for every idle processor.
func (f *fanout) recruit() {
	for range f.tasks {
		if !idle.TryAcquire(1) {
			return
		}
		f.helpers.Go(f.help)
	}
}

// help makes what nobody has begun. Between two tasks it gives up the processor, to
// whoever is before it.
func (f *fanout) help() {
	for _, t := range f.tasks {
		if f.stopped.Load() || !t.claimed.CompareAndSwap(false, true) {
			continue
		}
		f.run(t)
		idle.Release(1)
		if !idle.TryAcquire(1) {
			return
		}
	}
	idle.Release(1)
}

func (f *fanout) run(t *task) {
	defer close(t.done)
	if spent := time.Duration(f.spent.Load()); f.limits.Time > 0 && spent > f.limits.Time {
		t.err = faultf(ClassTooSlow, "not all was made after %v, the limit is %v", spent.Round(time.Millisecond), f.limits.Time)
		return
	}
	start := time.Now()
	t.rendition, t.err = f.encode(t.target)
	f.spent.Add(int64(time.Since(start)))
}

// stop waits for the helpers, who begin nothing more.
func (f *fanout) stop() {
	f.stopped.Store(true)
	f.helpers.Wait()
}
