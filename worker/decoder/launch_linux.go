package decoder

import "runtime"

// launcher starts processes from one thread that lives as long as the pool: the kernel ends
// a process when the thread that started it ends, not when the program does. See
// PR_SET_PDEATHSIG in prctl(2).
type launcher chan func()

func newLauncher() launcher {
	l := make(launcher)
	go func() {
		runtime.LockOSThread() // Never unlocked: the thread ends with the goroutine.
		for f := range l {
			f()
		}
	}()
	return l
}

// do runs f on the launcher's thread.
func (l launcher) do(f func()) {
	done := make(chan struct{})
	l <- func() { defer close(done); f() }
	<-done
}

func (l launcher) close() { close(l) }
