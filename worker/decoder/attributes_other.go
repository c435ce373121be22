//go:build unix && !linux

package decoder

import "syscall"

// attributes give a process a group of its own, out of reach of the terminal's signals.
// It ends when its stream does.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
