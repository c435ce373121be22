package render

import (
	"runtime"
	"sync"
	"time"
)

// processors are what the steps of this package run on. A step in libvips does nothing but
// compute: more of them at once than there are processors take more memory and no less
// time. So steps wait for a processor, those of pictures that are decoded already before
// the decoding of further ones, which keeps few of them in memory.
//
// A step that takes long shares its processor after a while, so that huge pictures do not
// keep small ones waiting.
type processors struct {
	all      int
	mu       sync.Mutex
	free     int
	encoding []chan struct{} // Who waits with a decoded picture.
	decoding []chan struct{}
}

// patience is how long a step has its processor for itself: most take less.
const patience = 250 * time.Millisecond

// Gate hands out CPUs to the steps of the engine. Its methods may be called by several
// goroutines at once.
type Gate interface {
	// Decode and Encode wait for a CPU and run the step. Steps of Encode go first.
	Decode(step func())
	Encode(step func())
	// Try runs the step if a CPU is idle, and reports whether it did.
	Try(step func()) bool
	// CPUs is how many there are.
	CPUs() int
}

var shared Gate = newProcessors(runtime.GOMAXPROCS(0))

// UseGate replaces the gate, for a process that shares the CPUs with others. Call it
// before anything is rendered.
func UseGate(g Gate) { shared = g }

// NewGate returns a gate of n CPUs.
func NewGate(n int) Gate { return newProcessors(n) }

func newProcessors(n int) *processors { return &processors{all: n, free: n} }

// Decode runs a step that decodes a picture.
func (p *processors) Decode(step func()) { p.run(&p.decoding, step) }

// Encode runs a step with a decoded picture.
func (p *processors) Encode(step func()) { p.run(&p.encoding, step) }

func (p *processors) run(queue *[]chan struct{}, step func()) {
	p.mu.Lock()
	if p.free > 0 {
		p.free--
		p.mu.Unlock()
	} else {
		turn := make(chan struct{})
		*queue = append(*queue, turn)
		p.mu.Unlock()
		<-turn
	}
	p.occupy(step)
}

// CPUs is how many there are.
func (p *processors) CPUs() int { return p.all }

// Try runs a step if a processor is idle, and reports whether it did.
func (p *processors) Try(step func()) bool {
	p.mu.Lock()
	idle := p.free > 0
	if idle {
		p.free--
	}
	p.mu.Unlock()
	if idle {
		p.occupy(step)
	}
	return idle
}

// occupy runs a step on a processor that was taken.
func (p *processors) occupy(step func()) {
	leave := sync.OnceFunc(p.leave)
	defer leave()
	defer time.AfterFunc(patience, leave).Stop()
	step()
}

// leave hands a processor to who waits for it.
func (p *processors) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, queue := range []*[]chan struct{}{&p.encoding, &p.decoding} {
		if len(*queue) > 0 {
			close((*queue)[0])
			*queue = (*queue)[1:]
			return
		}
	}
	p.free++
}
