package worker

import (
	"github.com/KimMachineGun/automemlimit/memlimit"
)

// baseline is the memory that a worker needs for everything except decoding: the program
// and libvips (40 MB), sources in transfer, what was freed and not yet returned.
const baseline = 96 << 20

// defaultMemory returns three quarters of the cgroup's memory without the baseline, or half
// of the machine's, which other processes share.
func defaultMemory() int64 {
	const minimum = 64 << 20
	limit, err := memlimit.FromCgroup()
	if err == nil && limit < 1<<50 { // In version 1 a very large limit means none.
		return max(minimum, (int64(limit)-baseline)*3/4)
	}
	if limit, err = memlimit.FromSystem(); err != nil {
		return 1 << 30
	}
	return max(minimum, (int64(limit)-baseline)/2)
}
