package worker

import (
	"github.com/KimMachineGun/automemlimit/memlimit"
)

// What a worker needs besides the pictures being decoded: itself with sources in transfer,
// and each decoder with what it keeps from one picture to the next.
const (
	baseline           = 64 << 20
	baselineForDecoder = 32 << 20
)

// DefaultMemory returns the budget for that many concurrent jobs: three quarters of the
// cgroup's memory without the baseline, or half of the machine's, which other processes
// share.
func DefaultMemory(concurrency int) int64 {
	const minimum = 64 << 20
	rest := baseline + int64(concurrency)*baselineForDecoder
	limit, err := memlimit.FromCgroup()
	if err == nil && limit < 1<<50 { // In version 1 a very large limit means none.
		return max(minimum, (int64(limit)-rest)*3/4)
	}
	if limit, err = memlimit.FromSystem(); err != nil {
		return 1 << 30
	}
	return max(minimum, (int64(limit)-rest)/2)
}
