package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cost is what a command used, with all processes that it started and waited for.
type cost struct {
	cpu  time.Duration
	peak int64 // In bytes.
}

// sampleEvery is the interval at which the memory of a command's processes is read.
const sampleEvery = 50 * time.Millisecond

// measure runs a command and returns what it used. The kernel counts the CPU time of a
// process with that of the descendants that were waited for. Its peak of memory is that of
// the largest one of them, so the sum of several is sampled.
func measure(cmd *exec.Cmd) (cost, error) {
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		return cost{}, err
	}
	ended, sampled := make(chan struct{}), make(chan int64)
	go func() { sampled <- sampleMemory(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	close(ended)
	c := used(cmd.ProcessState)
	c.peak = max(c.peak, <-sampled)
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w\n%s", cmd.Path, err, &output)
	}
	return c, nil
}

func used(state *os.ProcessState) cost {
	usage := state.SysUsage().(*syscall.Rusage)
	peak := usage.Maxrss
	if runtime.GOOS == "linux" {
		peak *= 1024
	}
	return cost{time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), peak}
}

// sampleMemory returns the largest sum of the memory of a process and its descendants, while
// it has some. Pages that several of them map count once.
func sampleMemory(pid int, ended <-chan struct{}) (peak int64) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return peak
		case <-tick.C:
		}
		if all := descendants(pid); len(all) > 0 {
			sum := proportional(pid)
			for _, p := range all {
				sum += proportional(p)
			}
			peak = max(peak, sum)
		}
	}
}

// descendants returns the processes that a process started, directly or not. Without /proc
// there are none.
func descendants(pid int) (all []int) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range files {
		text, _ := os.ReadFile(file) // The thread may have ended.
		for word := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				all = append(append(all, child), descendants(child)...)
			}
		}
	}
	return all
}

// proportional returns a process's memory in bytes, with its share of what it shares.
func proportional(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)) // The process may have ended.
	_, after, _ := strings.Cut(string(text), "\nPss:")
	number, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	kilobytes, _ := strconv.ParseInt(number, 10, 64)
	return kilobytes << 10
}
