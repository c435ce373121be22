//go:build cgo

package render

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"calotype/worker/failure"
)

// fanout makes the renditions of targets from one decoded picture: in the requested order,
// or earlier if a CPU is idle or a shared size is available. Identical targets are made
// once.
type fanout struct {
	encode   func(Target) (Rendition, error)
	limits   Limits
	spent    atomic.Int64 // In nanoseconds, for everything done for the picture.
	stopped  atomic.Bool
	tasks    []*task // Targets of one size follow one another.
	byTarget []*task // In the order of the targets.
	helpers  sync.WaitGroup
}

// task is one rendition, made by the goroutine that claims it first.
type task struct {
	target    Target
	claimed   atomic.Bool
	done      chan struct{}
	rendition Rendition
	err       error
}

// newFanout starts nothing: [fanout.rendition] makes what it is asked for.
func newFanout(targets []Target, limits Limits, spent time.Duration, encode func(Target) (Rendition, error)) *fanout {
	f := &fanout{encode: encode, limits: limits}
	f.spent.Store(int64(spent))
	known := map[Target]*task{}
	for _, t := range targets {
		if known[t] == nil {
			known[t] = &task{target: t, done: make(chan struct{})}
			f.tasks = append(f.tasks, known[t])
		}
		f.byTarget = append(f.byTarget, known[t])
	}
	slices.SortStableFunc(f.tasks, func(a, b *task) int { return cmp.Compare(first(targets, a), first(targets, b)) })
	return f
}

// first is the index of the first target with the task's size.
func first(targets []Target, a *task) int {
	return slices.IndexFunc(targets, func(t Target) bool { return sameSize(t, a.target) })
}

func sameSize(a, b Target) bool { return a.whole() == b.whole() }

// rendition returns the i-th target's rendition. The first one does not wait for others;
// each further one is made together with those of its size.
func (f *fanout) rendition(i int) (Rendition, error) {
	t := f.byTarget[i]
	if t.claimed.CompareAndSwap(false, true) {
		f.recruit()
		cpuGate.Encode(func() { f.run(t) })
		for _, other := range f.tasks {
			if i > 0 && sameSize(other.target, t.target) && other.claimed.CompareAndSwap(false, true) {
				cpuGate.Encode(func() { f.run(other) })
			}
		}
	}
	<-t.done
	return t.rendition, t.err
}

// recruit starts a helper for every CPU except the caller's.
func (f *fanout) recruit() {
	for range min(len(f.tasks), cpuGate.CPUs()) - 1 {
		f.helpers.Go(f.help)
	}
}

// help runs tasks that have not started, while a CPU is idle.
func (f *fanout) help() {
	for _, t := range f.tasks {
		if f.stopped.Load() || t.claimed.Load() {
			continue
		}
		if !cpuGate.Try(func() {
			if t.claimed.CompareAndSwap(false, true) {
				f.run(t)
			}
		}) {
			return
		}
	}
}

func (f *fanout) run(t *task) {
	defer close(t.done)
	if spent := time.Duration(f.spent.Load()); f.limits.Time > 0 && spent > f.limits.Time {
		t.err = failure.New(failure.TooSlow, "not finished after %v, the limit is %v", spent.Round(time.Millisecond), f.limits.Time)
		return
	}
	start := time.Now()
	t.rendition, t.err = f.encode(t.target)
	f.spent.Add(int64(time.Since(start)))
}

// stop waits for the helpers, which start nothing more.
func (f *fanout) stop() {
	f.stopped.Store(true)
	f.helpers.Wait()
}
