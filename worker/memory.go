package worker

import (
	"github.com/KimMachineGun/automemlimit/memlimit"
)

// The memory that a worker needs besides the pictures being decoded: its own with sources
// in transfer, and what each decoder keeps between pictures.
const (
	baseline           = 64 << 20
	baselineForDecoder = 32 << 20
)

// DefaultMemory returns the budget for a number of concurrent jobs: three quarters of the
// cgroup's memory without the baseline, or half of the machine's, which other processes
// share.
func DefaultMemory(concurrency int) int64 {
	const minimum = 64 << 20
	rest := baseline + int64(concurrency)*baselineForDecoder
	limit, err := memlimit.FromCgroup()
	if err == nil && limit < 1<<50 { // In version 1 a very large limit means that there is none.
		return max(minimum, (int64(limit)-rest)*3/4)
	}
	if limit, err = memlimit.FromSystem(); err != nil {
		return 1 << 30
	}
	return max(minimum, (int64(limit)-rest)/2)
}
