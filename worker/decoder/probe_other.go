//go:build unix && !linux

package decoder

import "time"

// usage is what a process uses. Here only the time is known.
type usage struct {
	resident, data int64
	cpu            time.Duration
}

// probe reports wall-clock time as CPU time.
type probe struct{ start time.Time }

func newProbe(int) (probe, error) { return probe{time.Now()}, nil }

func (p probe) close() {}

func (p probe) usage() (usage, error) { return usage{cpu: time.Since(p.start)}, nil }

func (p probe) stopped() bool { return false }

func (p probe) limitData(int64) error { return nil }

// exitsWithin gives a process some time to end by itself.
func exitsWithin(_ int, timeout time.Duration) bool {
	time.Sleep(timeout / 10)
	return false
}
