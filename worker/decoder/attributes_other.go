//go:build unix && !linux

package decoder

import "syscall"

// attributes puts a process into a group of its own, so that the terminal's signals do not
// reach it. It ends when its stream does.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
