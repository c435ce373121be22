package decoder

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what a process uses. Resident counts anonymous and shared pages, and those of
// files, which do not grow. Data is the value that RLIMIT_DATA limits.
type usage struct {
	resident, data int64
	cpu            time.Duration
}

// probe reads a process's usage. It keeps the file open, which is cheaper and never refers
// to another process. The zero probe is closed.
type probe struct {
	pid   int
	statm *os.File
}

func newProbe(pid int) (probe, error) {
	statm, err := os.Open(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return probe{}, fmt.Errorf("watch the decoder: %w", err)
	}
	return probe{pid: pid, statm: statm}, nil
}

func (p probe) close() {
	if p.statm != nil {
		p.statm.Close()
	}
}

// usage fails if the process has ended.
func (p probe) usage() (usage, error) {
	buf := make([]byte, 128)
	n, err := p.statm.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return usage{}, fmt.Errorf("watch the decoder: %w", err)
	}
	fields := bytes.Fields(buf[:n])
	if len(fields) < 6 {
		return usage{}, fmt.Errorf("watch the decoder: statm is %q", buf[:n])
	}
	pages := func(i int) int64 {
		v, _ := strconv.ParseInt(string(fields[i]), 10, 64)
		return v * int64(os.Getpagesize())
	}
	var clock unix.Timespec
	// The CPU-time clock of another process, see clock_getcpuclockid(3).
	if err := unix.ClockGettime(int32(^p.pid<<3|2), &clock); err != nil {
		return usage{}, fmt.Errorf("read the decoder's CPU time: %w", err)
	}
	return usage{resident: pages(1), data: pages(5), cpu: time.Duration(clock.Nano())}, nil
}

// stopped reports whether the process was stopped by a signal.
func (p probe) stopped() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		return false
	}
	_, rest, found := bytes.Cut(stat, []byte(") ")) // Our own program's name contains no brackets.
	return found && len(rest) > 0 && (rest[0] == 'T' || rest[0] == 't')
}

// limitData sets RLIMIT_DATA, which counts address space, not pages: threads' stacks and
// Go's heap reserve more than they use.
func (p probe) limitData(bytes int64) error {
	limit := unix.Rlimit{Cur: uint64(bytes), Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(p.pid, unix.RLIMIT_DATA, &limit, nil); err != nil {
		return fmt.Errorf("limit the decoder's memory: %w", err)
	}
	return nil
}

// exitsWithin waits until a process has ended, without reaping it.
func exitsWithin(pid int, timeout time.Duration) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return errors.Is(err, unix.ESRCH)
	}
	defer unix.Close(fd)
	for end := time.Now().Add(timeout); ; {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, max(0, int(time.Until(end).Milliseconds())))
		if !errors.Is(err, unix.EINTR) {
			return n > 0
		}
	}
}
