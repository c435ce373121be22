package decoder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"calotype/worker/decoder/wire"
	"calotype/worker/failure"
)

// The metric's values for why a process ended with a picture.
const (
	endCrash     = "crash"
	endMemory    = "memory"
	endTime      = "time"
	endWall      = "wall"
	endStopped   = "stopped"
	endGarbage   = "garbage"
	endCancelled = "cancelled"
	endMachine   = "machine"
)

var (
	errWall    = errors.New("the wall limit was reached before the CPU limit")
	errStopped = errors.New("a signal stopped the decoder")
)

// overMemory is the cause for ending a process that exceeded its grant.
type overMemory struct{ used int64 }

func (e *overMemory) Error() string { return fmt.Sprintf("the decoder used %d MB", e.used>>20) }

// overTime is the cause for ending a process that exceeded its CPU time.
type overTime struct{ limit time.Duration }

func (e *overTime) Error() string { return fmt.Sprintf("the decoder used %v of CPU time", e.limit) }

// judge decides which side is at fault for the error of an attempt, and whether to try
// again.
func (r *remote) judge(ctx context.Context, grant Grant, err error) (again bool, _ error) {
	if !errors.Is(err, errEnded) {
		var fault *failure.Failure
		if !errors.As(err, &fault) {
			return false, err
		}
		if reportsOutOfMemory(fault.Detail) {
			r.child.tainted = true
			r.returnChild()
			return false, r.exceeded(grant, "an allocation failed: "+fault.Detail)
		}
		if fault.Class != failure.Corrupt {
			return false, fault
		}
		r.child.tainted = true // What damages a picture may have damaged the process.
		if !r.lenient || r.limits.Lenient {
			return false, fault
		}
		r.returnChild()
		r.limits.Lenient, r.fresh = true, true
		return true, fault
	}
	c := r.child
	<-c.exited
	hadOthers := c.pictures > 1
	r.returnChild()
	r.fresh = true
	r.attempts++
	reason, err := c.verdict()
	r.pool.metrics.ended.WithLabelValues(reason).Inc()
	switch reason {
	case endCancelled:
		if cause := context.Cause(ctx); cause != nil {
			return false, cause
		}
		return false, err
	case endTime:
		return false, failure.New(failure.TooMuchTime, "%v, which is the limit", err)
	case endMemory:
		return false, r.exceeded(grant, err.Error())
	case endCrash:
		if hadOthers && !r.crashed { // Something that another picture left behind may have ended it.
			r.crashed = true
			return true, err
		}
		return false, failure.New(failure.CrashesDecoder, "%v", err)
	}
	if r.attempts < maxAttempts {
		return true, err
	}
	return false, fmt.Errorf("%w %d times: %w", ErrMachine, r.attempts, err)
}

// exceeded returns the error of a picture that used more than its grant.
func (r *remote) exceeded(grant Grant, how string) error {
	if grant.Whole {
		return failure.New(failure.TooMuchMemory, "%s, with %d MB granted", how, grant.Bytes>>20)
	}
	return fmt.Errorf("%w: %s", ErrOverGrant, how)
}

// verdict determines why a process ended.
func (c *child) verdict() (reason string, err error) {
	c.mu.Lock()
	why, garbage := c.why, c.garbage
	c.mu.Unlock()
	var memory *overMemory
	var cpu *overTime
	state := c.process.ProcessState
	switch {
	case errors.As(why, &memory):
		return endMemory, why
	case errors.As(why, &cpu):
		return endTime, why
	case errors.Is(why, errWall):
		return endWall, why
	case errors.Is(why, errStopped):
		return endStopped, why
	case errors.Is(why, wire.ErrGarbage):
		return endGarbage, why
	case why != nil:
		return endCancelled, why
	case garbage != nil:
		return endGarbage, garbage
	case reportsOutOfMemory(c.stderrText()):
		return endMemory, fmt.Errorf("an allocation failed%s", c.firstStderrLine())
	case crashed(state):
		return endCrash, fmt.Errorf("the decoder ended with %v%s", state, c.firstStderrLine())
	}
	return endMachine, fmt.Errorf("the decoder ended with %v", state)
}

func (c *child) stderrText() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.stderr)
}

// crashed reports whether a process ended by itself: by a signal that a program's fault
// raises, or by an exit, which is how Go ends after most of them.
func crashed(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok {
		return false
	}
	if !status.Signaled() {
		return true
	}
	switch status.Signal() {
	case syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGILL, syscall.SIGFPE, syscall.SIGSYS, syscall.SIGTRAP:
		return true
	}
	return false
}

// outOfMemory are the messages of a failed allocation: of libvips and the libraries below
// it, of glib, which aborts, and of Go. No library has a code for it.
var outOfMemory = []string{
	"out of memory", "cannot allocate memory", "failed to allocate", "unable to allocate",
	"insufficient memory", "memory allocation", "not enough memory", "unable to malloc", "bad_alloc",
}

// fileLimitPhrase is what libheif since 1.19 adds to "Memory allocation error" if a file
// exceeds one of its fixed limits: more memory would not help.
const fileLimitPhrase = "security limit exceeded"

// reportsOutOfMemory reports whether a library's message is about a failed allocation.
func reportsOutOfMemory(message string) bool {
	message = strings.ToLower(message)
	if strings.Contains(message, fileLimitPhrase) {
		return false
	}
	for _, phrase := range outOfMemory {
		if strings.Contains(message, phrase) {
			return true
		}
	}
	return false
}
