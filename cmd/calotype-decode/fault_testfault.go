//go:build testfault

package main

// #include <malloc.h>
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// marker matches a fault in a source: a phase and what goes wrong in it. A test appends it
// to a picture, as in "testfault:render:crash;".
const marker = "testfault:"

// inject causes the fault that the source requests for a phase: "open", "predict",
// "render", or "between" two renditions. A fault whose name ends with "-used" happens only
// in a process that has decoded another picture before.
func inject(phase string, s *server) error {
	_, rest, found := bytes.Cut(s.source, []byte(marker+phase+":"))
	if !found {
		return nil
	}
	kind, _, _ := strings.Cut(string(rest), ";")
	if fill, ok := strings.CutPrefix(kind, "poison"); ok {
		n, err := strconv.Atoi(fill)
		C.mallopt(C.M_PERTURB, C.int(n))
		return err
	}
	kind, onlyUsed := strings.CutSuffix(kind, "-used")
	if onlyUsed && s.done == 0 {
		return nil
	}
	switch kind {
	case "crash":
		var nothing *int
		*nothing = 1
	case "sigsys":
		_ = syscall.Exec("/bin/true", []string{"true"}, nil)
		return errors.New("exec returned")
	case "exit":
		os.Exit(3)
	case "hang":
		select {}
	case "pause":
		time.Sleep(2 * time.Second)
	case "spin":
		for {
			spun++
		}
	case "grow":
		grow(192 << 20)
	case "allocate":
		held = append(held, make([]byte, 64<<30))
	case "garbage":
		_, _ = unix.Write(int(s.descriptor()), []byte("GET / HTTP/1.1\r\n\r\n"))
		select {}
	case "close":
		_ = s.conn.Close()
		select {}
	default:
		return attempt(kind)
	}
	return nil
}

var (
	spun int
	held [][]byte
)

// grow allocates that much memory in steps and keeps it.
func grow(size int) {
	for range size >> 20 {
		block := make([]byte, 1<<20)
		for i := range block {
			block[i] = 1
		}
		held = append(held, block)
		time.Sleep(time.Millisecond)
	}
}

// descriptor returns the stream's descriptor, which package net has duplicated.
func (s *server) descriptor() uintptr {
	for fd := uintptr(3); fd < 64; fd++ {
		var stat unix.Stat_t
		if unix.Fstat(int(fd), &stat) == nil && stat.Mode&unix.S_IFMT == unix.S_IFSOCK {
			return fd
		}
	}
	return 3
}

// attempt tries to reach something outside and returns an error that describes the result.
func attempt(kind string) error {
	parent := fmt.Sprintf("/proc/%d/", os.Getppid())
	var err error
	switch kind {
	case "socket":
		_, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	case "file":
		_, err = os.ReadFile("/etc/passwd")
	case "write":
		err = os.WriteFile("/tmp/calotype-testfault", nil, 0o600)
	case "parent-environ":
		_, err = os.ReadFile(parent + "environ")
	case "memory":
		_, err = os.OpenFile(parent+"mem", os.O_RDWR, 0)
	case "signal":
		err = syscall.Kill(os.Getppid(), 0)
	case "limit":
		err = unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY})
	case "own-environ":
		for _, entry := range os.Environ() {
			if !strings.HasPrefix(entry, "VIPS_") { // The process's own.
				return fmt.Errorf("reached: %s", entry)
			}
		}
		return errors.New("refused: no environment")
	default:
		return fmt.Errorf("unknown fault %q", kind)
	}
	if err == nil {
		return errors.New("reached: " + kind)
	}
	return fmt.Errorf("refused: %w", err)
}
