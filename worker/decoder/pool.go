package decoder

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"calotype/worker/decoder/wire"
	"calotype/worker/render"
)

// Program is the name of the decoder program.
const Program = "calotype-decode"

// SandboxMode is what happens if the system does not support every layer of the sandbox.
type SandboxMode string

// The modes. SandboxAuto uses the layers that the system supports, SandboxRequire refuses
// to start if one is missing, and SandboxOff uses none.
const (
	SandboxAuto    SandboxMode = "auto"
	SandboxRequire SandboxMode = "require"
	SandboxOff     SandboxMode = "off"
)

// Config configures a pool. The zero value of each field but Path has a default.
type Config struct {
	// Path is the program: see [Find].
	Path string
	// Idle is how many idle processes are kept.
	Idle    int
	Sandbox SandboxMode
	Times   Times
	// WebPEffort is the effort of WebP's encoder, 1 to 6: see [render.UseWebPEffort].
	WebPEffort int
	Log        zerolog.Logger
}

// Times limit one picture.
type Times struct {
	// CPU is the limit for the decode. [Times.limit] adds to it.
	CPU time.Duration
	// Wall is the wall-clock limit. Exceeding it is the machine's fault, not the picture's.
	Wall time.Duration
}

// DefaultTimes are the default limits.
func DefaultTimes() Times { return Times{CPU: 20 * time.Second, Wall: 5 * time.Minute} }

// The additional time for a picture's targets: encoding an animation of 100 megapixels
// takes about 30 s.
const (
	cpuPerTarget    = 2 * time.Second
	cpuPerMegapixel = time.Second
)

// limit returns the CPU time that a picture may use: that for the decode, and for each
// target 2 s plus a second for each megapixel of all its frames.
func (t Times) limit(targets []render.Target, frames int) time.Duration {
	limit := t.CPU
	for _, target := range targets {
		pixels := target.Pixels() * int64(max(1, frames))
		limit += cpuPerTarget + time.Duration(pixels)*cpuPerMegapixel/1e6
	}
	return limit
}

// A process is replaced after this many pictures, or if it keeps this much more memory than
// a fresh one.
const (
	maxPictures = 1000
	maxKept     = 48 << 20
)

// Pool decodes in processes, one picture per process at a time. Its methods may be called
// concurrently.
type Pool struct {
	config   Config
	gate     render.Gate
	launcher launcher
	hello    wire.HelloMessage
	metrics  *metrics
	warned   sync.Once

	mu         sync.Mutex
	idle       []*child
	all        []*child
	closed     bool
	background sync.WaitGroup
}

// Find returns the program's path: the given one, or else the one beside this program, or
// else the one in PATH.
func Find(path string) (string, error) {
	if path != "" {
		return exec.LookPath(path)
	}
	if self, err := os.Executable(); err == nil {
		if beside, err := exec.LookPath(filepath.Join(filepath.Dir(self), Program)); err == nil {
			return beside, nil
		}
	}
	found, err := exec.LookPath(Program)
	if err != nil {
		return "", fmt.Errorf("%s is neither beside this program nor in PATH: name it with --decoder", Program)
	}
	return filepath.Abs(found)
}

// NewPool starts a first process, so it fails if none can work. The caller closes the pool.
func NewPool(ctx context.Context, config Config) (*Pool, error) {
	if config.Idle == 0 {
		config.Idle = runtime.GOMAXPROCS(0)
	}
	if config.WebPEffort == 0 {
		config.WebPEffort = render.DefaultWebPEffort
	}
	if config.Sandbox == "" {
		config.Sandbox = SandboxAuto
	}
	if config.Times == (Times{}) {
		config.Times = DefaultTimes()
	}
	if err := keepSecrets(); err != nil {
		config.Log.Warn().Err(err).Msg("a decoder could read this process's memory")
	}
	p := &Pool{config: config, gate: render.NewGate(runtime.GOMAXPROCS(0)), launcher: newLauncher()}
	p.metrics = newMetrics(p)
	first, err := p.start(ctx)
	if err != nil {
		p.launcher.close()
		return nil, err
	}
	p.hello = first.hello
	p.idle = append(p.idle, first)
	p.report()
	return p, nil
}

// report logs which layers are in force.
func (p *Pool) report() {
	s := p.hello.Sandbox
	event := p.config.Log.Info()
	if p.config.Sandbox != SandboxOff && !s.Whole() {
		event = p.config.Log.Warn().Str("problem", s.Problem)
	}
	event.Str("decoder", p.config.Path).Str("sandbox", s.String()).Str("libraries", p.hello.Libraries).Msg("decoders start")
}

// Encoder implements [Engine].
func (p *Pool) Encoder() string { return p.hello.Encoder }

// Libraries lists the native libraries, see [render.Libraries].
func (p *Pool) Libraries() string { return p.hello.Libraries }

// Shortcomings are sentences about what the libraries cannot do.
func (p *Pool) Shortcomings() []string { return p.hello.Shortcomings }

// Sandbox returns what the processes have given up.
func (p *Pool) Sandbox() wire.Sandbox { return p.hello.Sandbox }

// unlimited logs, once, that RLIMIT_DATA cannot be set. The memory is still watched.
func (p *Pool) unlimited(err error) {
	p.warned.Do(func() {
		p.config.Log.Warn().Err(err).Msg("the memory of decoders is watched, but not limited by the kernel")
	})
}

// start starts a process.
func (p *Pool) start(ctx context.Context) (*child, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	var c *child
	var err error
	p.launcher.do(func() {
		c, err = start(p.config.Path, []string{"--sandbox", string(p.config.Sandbox), "--cpus", strconv.Itoa(p.gate.CPUs()), "--webp-effort", strconv.Itoa(p.config.WebPEffort)}, p.gate)
	})
	if err != nil {
		return nil, err
	}
	if err = c.greet(); err == nil && p.config.Sandbox == SandboxRequire && !c.hello.Sandbox.Whole() {
		err = fmt.Errorf("--sandbox require: only %s in force: %s", c.hello.Sandbox, c.hello.Sandbox.Problem)
	}
	if err != nil {
		c.end(err)
		<-c.exited
		return nil, err
	}
	p.metrics.starts.Inc()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(slices.DeleteFunc(p.all, (*child).hasExited), c)
	return c, nil
}

// resident returns the memory of all processes; shared pages count in each.
func (p *Pool) resident() (sum int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.all {
		if now, err := c.probe.usage(); err == nil {
			p.metrics.saw(now.resident)
			sum += now.resident
		}
	}
	return sum
}

// count returns how many processes there are, and how many are idle.
func (p *Pool) count() (all, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = slices.DeleteFunc(p.all, (*child).hasExited)
	return len(p.all), len(p.idle)
}

// acquire returns an idle process or a new one. If fresh is set it returns one that has had
// no picture.
func (p *Pool) acquire(ctx context.Context, fresh bool) (*child, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, ErrClosed
	}
	var found *child
	for i, c := range slices.Backward(p.idle) {
		if !c.alive() {
			p.idle = slices.Delete(p.idle, i, i+1)
			continue
		}
		if found == nil && (!fresh || c.pictures == 0) {
			found = c
			p.idle = slices.Delete(p.idle, i, i+1)
		}
	}
	p.mu.Unlock()
	if found != nil {
		return found, nil
	}
	return p.start(ctx)
}

// release takes a process back. One that must not be used again is replaced.
func (p *Pool) release(c *child) {
	used := c.used()
	p.mu.Lock()
	keep := !p.closed && used == "" && len(p.idle) < p.config.Idle
	if keep {
		p.idle = append(p.idle, c)
	}
	replace := !p.closed && used != "" && len(p.idle) < p.config.Idle
	if !keep {
		p.background.Go(func() {
			c.stop()
			if replace {
				p.replace()
			}
		})
	}
	p.mu.Unlock()
	if used != "" {
		p.metrics.replaced.WithLabelValues(used).Inc()
	}
}

// replace starts a process before one is requested.
func (p *Pool) replace() {
	c, err := p.start(context.Background())
	if err != nil {
		p.config.Log.Error().Err(err).Msg("replace a decoder")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= p.config.Idle {
		p.background.Go(c.stop)
		return
	}
	p.idle = append(p.idle, c)
}

// The metric's values for why a process is replaced.
const (
	usedEnded   = "ended"
	usedTainted = "tainted"
	usedOld     = "pictures"
	usedGrown   = "memory"
)

// used returns why a process must not be used again, or "".
func (c *child) used() string {
	switch {
	case !c.alive():
		return usedEnded
	case c.tainted:
		return usedTainted
	case c.pictures >= maxPictures:
		return usedOld
	}
	if now, err := c.probe.usage(); err != nil {
		return usedEnded
	} else if now.resident > c.fresh.resident+maxKept {
		return usedGrown
	}
	return ""
}

// Close ends the idle processes at once, and the others when their pictures are closed.
func (p *Pool) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, c := range idle {
		p.background.Go(c.stop)
	}
	p.background.Wait()
}
