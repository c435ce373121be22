//go:build unix

package wire

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Pair returns the worker's end of a new stream, and the decoder's end as a file to start
// it with.
func Pair() (*Conn, *os.File, error) {
	// The lock prevents a process that is started meanwhile from inheriting them.
	syscall.ForkLock.RLock()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(ends[0])
		unix.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("make a stream to the decoder: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(ends[0]), "decoder"), os.NewFile(uintptr(ends[1]), "worker")
	conn, err := NewConn(ours)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn, theirs, nil
}
