package decoder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"calotype/worker/decoder/wire"
	"calotype/worker/render"
)

// The limits for what a process may send.
const (
	maxResponses = 1024 // Frames that wait to be read.
	maxSteps     = 1024 // CPUs that it may request at a time.
	maxStderr    = 4 << 10
)

// child is a process that decodes one picture at a time.
type child struct {
	process *exec.Cmd
	conn    *wire.Conn
	gate    render.Gate
	hello   wire.HelloMessage
	probe   probe
	fresh   usage // Before its first picture.

	pictures int // Opened so far.
	tainted  bool

	responses    chan wire.Frame
	bodyBytes    atomic.Int64  // How many bytes of bodies it may still send.
	streamClosed chan struct{} // Closed when nothing more is read from it.
	exited       chan struct{} // Closed when the process has exited.

	mu      sync.Mutex
	steps   map[uint64]chan struct{} // CPUs that it has requested or holds.
	why     error                    // Why the worker ended it; nil if it did not.
	garbage error
	stderr  []byte // The beginning of its output for this picture.
}

// startTimeout is the maximum time until a process sends its hello. It takes 0.1 s on an
// idle machine.
const startTimeout = 30 * time.Second

// start starts a process; [child.greet] waits for its hello. It runs on the launcher's
// thread: see launch_linux.go.
func start(path string, args []string, gate render.Gate) (*child, error) {
	conn, theirs, err := wire.Pair()
	if err != nil {
		return nil, err
	}
	c := &child{
		conn: conn, gate: gate,
		responses:    make(chan wire.Frame, maxResponses),
		streamClosed: make(chan struct{}), exited: make(chan struct{}),
		steps: map[uint64]chan struct{}{},
	}
	c.process = exec.Command(path, args...)
	c.process.Env = []string{} // With nil it would get the worker's own environment, with its credentials.
	c.process.Dir = "/"
	c.process.ExtraFiles = []*os.File{theirs}
	c.process.Stderr = &stderrWriter{c}
	c.process.SysProcAttr = attributes()
	err = c.process.Start()
	theirs.Close()
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("start the decoder: %w", err)
	}
	if c.probe, err = newProbe(c.process.Process.Pid); err != nil {
		c.end(err)
	}
	go c.read()
	return c, err
}

// greet waits for the hello.
func (c *child) greet() error {
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	select {
	case f := <-c.responses:
		if f.Kind != wire.Hello {
			return fmt.Errorf("%w: kind %d instead of a hello", wire.ErrGarbage, f.Kind)
		}
		if err := f.Decode(&c.hello); err != nil {
			return err
		}
	case <-c.exited:
		return fmt.Errorf("the decoder ended before it was ready: %v%s", c.process.ProcessState, c.firstStderrLine())
	case <-timeout.C:
		return fmt.Errorf("the decoder was not ready after %v", startTimeout)
	}
	switch {
	case c.hello.Protocol != wire.Version:
		return fmt.Errorf("%s speaks version %d of the protocol, this program version %d: install both from one release", c.process.Path, c.hello.Protocol, wire.Version)
	case c.hello.Unfit != "":
		return fmt.Errorf("%s cannot make renditions: %s", c.process.Path, c.hello.Unfit)
	}
	var err error
	c.fresh, err = c.probe.usage()
	return err
}

// read reads frames until the stream ends, then waits for the process.
func (c *child) read() {
	for {
		f, err := c.conn.Receive(func(wire.Kind) int64 { return c.bodyBytes.Load() })
		if err == nil {
			err = c.dispatch(f)
		}
		if err != nil {
			c.mu.Lock()
			if errors.Is(err, wire.ErrGarbage) {
				c.garbage = err
			}
			c.mu.Unlock()
			break
		}
	}
	close(c.streamClosed)
	if !c.dying() { // It closed the stream but still runs.
		_ = c.process.Process.Kill()
	}
	_ = c.process.Wait()
	_ = c.conn.Close()
	c.probe.close()
	close(c.exited)
}

// dying reports whether the process ends by itself within a moment, as after a crash. Its
// own signal should be reported, not the worker's.
func (c *child) dying() bool {
	c.mu.Lock()
	garbage := c.garbage != nil
	c.mu.Unlock()
	return !garbage && exitsWithin(c.process.Process.Pid, time.Second)
}

func (c *child) dispatch(f wire.Frame) error {
	if f.Descriptor >= 0 {
		wire.CloseDescriptor(f.Descriptor)
		return fmt.Errorf("%w: a descriptor", wire.ErrGarbage)
	}
	switch f.Kind {
	case wire.Want:
		return c.requestCPU(f)
	case wire.Release:
		var m wire.WantMessage
		if err := f.Decode(&m); err != nil {
			return err
		}
		c.releaseCPU(m.ID)
		return nil
	case wire.Hello, wire.Opened, wire.Predicted, wire.Rendition, wire.End, wire.Failed:
	default:
		return fmt.Errorf("%w: kind %d from a decoder", wire.ErrGarbage, f.Kind)
	}
	c.bodyBytes.Add(-int64(len(f.Body)))
	select {
	case c.responses <- f:
		return nil
	default:
		return fmt.Errorf("%w: %d responses to one request", wire.ErrGarbage, maxResponses)
	}
}

// requestCPU requests a CPU for the process, which keeps it until it releases it or ends.
func (c *child) requestCPU(f wire.Frame) error {
	var m wire.WantMessage
	if err := f.Decode(&m); err != nil {
		return err
	}
	released := make(chan struct{})
	c.mu.Lock()
	_, twice := c.steps[m.ID]
	many := len(c.steps) >= maxSteps
	if !twice && !many {
		c.steps[m.ID] = released
	}
	c.mu.Unlock()
	if twice || many {
		return fmt.Errorf("%w: CPU %d is requested twice, or in addition to %d others", wire.ErrGarbage, m.ID, maxSteps)
	}
	step := func() {
		m.Granted = true
		if c.conn.Send(wire.Grant, m, nil, -1) != nil {
			return
		}
		select {
		case <-released:
		case <-c.streamClosed:
		}
	}
	switch m.Step {
	case wire.StepDecode:
		go c.gate.Decode(step)
	case wire.StepEncode:
		go c.gate.Encode(step)
	case wire.StepTry:
		go func() {
			if !c.gate.Try(step) {
				c.releaseCPU(m.ID)
				_ = c.conn.Send(wire.Grant, m, nil, -1)
			}
		}()
	default:
		return fmt.Errorf("%w: a CPU for %q", wire.ErrGarbage, m.Step)
	}
	return nil
}

// releaseCPU ends the step that has a CPU, or waits for one.
func (c *child) releaseCPU(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if released, ok := c.steps[id]; ok {
		delete(c.steps, id)
		close(released)
	}
}

// end kills the process. The first reason counts.
func (c *child) end(why error) {
	c.mu.Lock()
	if c.why == nil {
		c.why = why
	}
	c.mu.Unlock()
	_ = c.process.Process.Kill()
}

// stop ends an idle process by closing the stream, and waits.
func (c *child) stop() {
	_ = c.conn.CloseWrite()
	select {
	case <-c.exited:
	case <-time.After(time.Second):
		c.end(ErrClosed)
		<-c.exited
	}
}

func (c *child) hasExited() bool {
	select {
	case <-c.exited:
		return true
	default:
		return false
	}
}

func (c *child) alive() bool {
	select {
	case <-c.streamClosed:
		return false
	default:
		return true
	}
}

// stderrWriter keeps the beginning of a process's stderr output in [child.stderr].
type stderrWriter struct{ *child }

func (w *stderrWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if room := maxStderr - len(w.stderr); room > 0 {
		w.stderr = append(w.stderr, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// firstStderrLine returns the first line of the stderr output after a colon, to append it to
// a sentence, or "".
func (c *child) firstStderrLine() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	line, _, _ := strings.Cut(strings.TrimSpace(string(c.stderr)), "\n")
	if line == "" {
		return ""
	}
	return ": " + strings.ToValidUTF8(line[:min(len(line), 200)], "?")
}

// begin prepares the process for a picture.
func (c *child) begin(bodyBytes int64) {
	c.pictures++
	c.mu.Lock()
	c.stderr = nil
	c.mu.Unlock()
	c.bodyBytes.Store(bodyBytes)
}

var _ io.Writer = (*stderrWriter)(nil)
