package decoder

import "syscall"

// attributes give a process a group of its own, out of reach of the terminal's
// signals, and end it when the worker ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
