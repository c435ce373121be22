package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"calotype/worker/decoder/wire"
)

// preferForOOMKill makes this process the kernel's first choice when memory runs out, and
// excludes its memory from core dumps.
func preferForOOMKill() {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
}

// maxLandlock is the newest version of Landlock's interface that is requested: it covers
// files, TCP, devices, signals and abstract sockets.
const maxLandlock = 7

// enterSandbox gives up, in every thread and permanently, whatever decoding does not need.
// It returns which restrictions are in force: it tests them instead of assuming them.
func enterSandbox() (s wire.Sandbox) {
	var problems []error
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		problems = append(problems, fmt.Errorf("no_new_privs: %w", err))
	}
	version, err := landlocksys.LandlockGetABIVersion()
	if err == nil {
		err = landlock.V7.BestEffort().Restrict()
	}
	if err == nil {
		err = denied("a file", func() error { return closeOpened(unix.Open("/", unix.O_RDONLY|unix.O_CLOEXEC, 0)) })
	}
	if err != nil {
		problems = append(problems, fmt.Errorf("landlock: %w", err))
	} else {
		s.Landlock = min(version, maxLandlock)
	}
	privileges, privErr := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	s.NoNewPrivs = privErr == nil && privileges == 1
	err = filter()
	if err == nil {
		err = denied("a socket", func() error { return closeOpened(unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)) })
	}
	if err != nil {
		problems = append(problems, fmt.Errorf("seccomp: %w", err))
	} else {
		s.Seccomp = true
	}
	if problem := errors.Join(problems...); problem != nil {
		s.Problem = problem.Error()
	}
	return s
}

// closeOpened closes what an attempt to open something returned, and returns its error.
func closeOpened(fd int, err error) error {
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}

// denied returns an error if an attempt is not refused.
func denied(what string, attempt func() error) error {
	switch err := attempt(); {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return nil
	case err != nil:
		return fmt.Errorf("opening %s failed with %w, not with a denial: the restriction is not in force", what, err)
	}
	return fmt.Errorf("%s could be opened: the restriction is not in force", what)
}

// allowed lists the system calls for Go's runtime, memory, threads, time, and the stream to
// the worker. None of them opens anything.
var allowed = []string{
	"read", "readv", "write", "writev", "close", "recvmsg", "sendmsg", "recvfrom", "sendto", "shutdown",
	"pread64", "pwrite64", "lseek", "fstat", "newfstatat",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl", "poll", "ppoll",
	"mmap", "munmap", "mprotect", "mremap", "madvise", "brk", "mincore",
	"futex", "set_robust_list", "get_robust_list", "rseq", "membarrier", "set_tid_address", "arch_prctl",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
	"nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "times",
	"sched_yield", "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler", "getcpu", "getpriority",
	"getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getrusage", "sysinfo", "uname", "getrandom",
	"exit", "exit_group",
}

// filter loads the seccomp filter. Other system calls fail with EPERM; those that only an
// attack makes end the process. clone may only make threads. clone3, whose flags a filter
// cannot see, fails as on kernels without it.
func filter() error {
	info, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	known := func(names []string) (list []string) {
		for _, name := range names { // Not every architecture has every call.
			if _, ok := info.SyscallNames[name]; ok {
				list = append(list, name)
			}
		}
		return list
	}
	own := uint64(unix.Getpid())
	return seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionErrno,
			Syscalls: []seccomp.SyscallGroup{
				{Action: seccomp.ActionAllow, Names: known(allowed)},
				{Action: seccomp.ActionAllow, NamesWithCondtions: []seccomp.NameWithConditions{
					{Name: "clone", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD}}},
					{Name: "tgkill", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: own}}},
				}},
				{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: known([]string{"clone3"})},
				{Action: seccomp.ActionKillProcess, Names: known([]string{
					"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "kexec_load", "bpf", "setuid", "setns", "unshare", "mount", "pidfd_getfd",
				})},
			},
		},
	})
}
