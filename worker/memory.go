package worker

import (
	"github.com/KimMachineGun/automemlimit/memlimit"
)

// aside is what a worker's memory holds beside pictures that are being decoded:
// the program and libvips (40 MB), sources on their way, what was freed and not yet
// given back.
const aside = 96 << 20

// defaultMemory is three quarters of what the cgroup, or else the machine, leaves
// when the rest is set aside; of a machine half, since others live there.
func defaultMemory() int64 {
	const least = 64 << 20
	limit, err := memlimit.FromCgroup()
	if err == nil && limit < 1<<50 { // Version 1 says no limit with a very large one.
		return max(least, (int64(limit)-aside)*3/4)
	}
	if limit, err = memlimit.FromSystem(); err != nil {
		return 1 << 30
	}
	return max(least, (int64(limit)-aside)/2)
}
