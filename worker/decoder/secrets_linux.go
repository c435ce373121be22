package decoder

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// keepSecrets makes this process's memory and environment unreadable to other processes of
// its user.
func keepSecrets() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("make the process not dumpable: %w", err)
	}
	return nil
}
