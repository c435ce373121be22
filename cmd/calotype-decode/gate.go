package main

import (
	"sync"

	"calotype/worker/decoder/wire"
)

// gate asks the worker for CPUs. The worker shares them out among all decoders.
type gate struct {
	conn    *wire.Conn
	cpus    int
	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan bool
}

func newGate(conn *wire.Conn, cpus int) *gate {
	return &gate{conn: conn, cpus: cpus, waiting: map[uint64]chan bool{}}
}

// Decode implements [render.Gate].
func (g *gate) Decode(step func()) { g.run(wire.StepDecode, step) }

// Encode implements [render.Gate].
func (g *gate) Encode(step func()) { g.run(wire.StepEncode, step) }

// Try implements [render.Gate].
func (g *gate) Try(step func()) bool { return g.run(wire.StepTry, step) }

// CPUs implements [render.Gate].
func (g *gate) CPUs() int { return g.cpus }

func (g *gate) run(kind wire.Step, step func()) bool {
	granted := make(chan bool, 1)
	g.mu.Lock()
	g.last++
	want := wire.WantMessage{ID: g.last, Step: kind}
	g.waiting[want.ID] = granted
	g.mu.Unlock()
	if g.conn.Send(wire.Want, want, nil, -1) != nil {
		select {} // The worker has ended, and this process is about to end too.
	}
	if !<-granted {
		return false
	}
	defer func() { _ = g.conn.Send(wire.Release, want, nil, -1) }()
	step()
	return true
}

// granted handles the worker's response.
func (g *gate) granted(m wire.WantMessage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if granted, ok := g.waiting[m.ID]; ok {
		delete(g.waiting, m.ID)
		granted <- m.Granted
	}
}
