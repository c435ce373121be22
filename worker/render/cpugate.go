package render

import (
	"runtime"
	"sync"
	"time"
)

// gate limits how many steps of this package run at once. A step in libvips only computes,
// so more steps than CPUs would take more memory and no less time. Steps that encode a
// decoded picture go before steps that decode another one, which keeps few decoded pictures
// in memory.
//
// A long step shares its CPU after a while, so that huge pictures do not keep small ones
// waiting.
type gate struct {
	all      int
	mu       sync.Mutex
	free     int
	encoding []chan struct{} // Waiting steps that have a decoded picture.
	decoding []chan struct{} // Waiting steps without one.
}

// exclusive is how long a step holds its CPU exclusively; most finish sooner.
const exclusive = 250 * time.Millisecond

// Gate gives CPUs to the steps of the engine. Its methods may be called concurrently.
type Gate interface {
	// Decode and Encode wait for a CPU and run the step. Steps of Encode go first.
	Decode(step func())
	Encode(step func())
	// Try runs the step if a CPU is idle, and reports whether it did.
	Try(step func()) bool
	// CPUs returns how many there are.
	CPUs() int
}

var cpuGate Gate = newGate(runtime.GOMAXPROCS(0))

// UseGate replaces the gate, for a process that shares the CPUs with others. Call it
// before anything is rendered.
func UseGate(g Gate) { cpuGate = g }

// NewGate returns a gate of n CPUs.
func NewGate(n int) Gate { return newGate(n) }

func newGate(cpus int) *gate { return &gate{all: cpus, free: cpus} }

// Decode runs a step that decodes a picture.
func (g *gate) Decode(step func()) { g.run(&g.decoding, step) }

// Encode runs a step that has a decoded picture.
func (g *gate) Encode(step func()) { g.run(&g.encoding, step) }

func (g *gate) run(queue *[]chan struct{}, step func()) {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
	} else {
		free := make(chan struct{})
		*queue = append(*queue, free)
		g.mu.Unlock()
		<-free
	}
	g.occupy(step)
}

// CPUs returns the number of CPUs.
func (g *gate) CPUs() int { return g.all }

// Try runs a step if a CPU is idle, and reports whether it did.
func (g *gate) Try(step func()) bool {
	g.mu.Lock()
	idle := g.free > 0
	if idle {
		g.free--
	}
	g.mu.Unlock()
	if idle {
		g.occupy(step)
	}
	return idle
}

// occupy runs a step on a CPU that was acquired.
func (g *gate) occupy(step func()) {
	release := sync.OnceFunc(g.release)
	defer release()
	defer time.AfterFunc(exclusive, release).Stop()
	step()
}

// release gives a CPU to the first waiting step.
func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, queue := range []*[]chan struct{}{&g.encoding, &g.decoding} {
		if len(*queue) > 0 {
			close((*queue)[0])
			*queue = (*queue)[1:]
			return
		}
	}
	g.free++
}
