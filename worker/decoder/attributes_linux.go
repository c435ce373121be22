package decoder

import "syscall"

// attributes puts a process into a group of its own, so that the terminal's signals do not
// reach it, and ends it when the worker ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
