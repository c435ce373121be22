//go:build unix

package wire

import "golang.org/x/sys/unix"

// controlSize is enough for the control message of a few descriptors.
const controlSize = 64

func rights(descriptor int) []byte { return unix.UnixRights(descriptor) }

// received returns the descriptor of a control message, or -1. Further ones are closed.
func received(control []byte) int {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return -1
	}
	found := -1
	for _, m := range messages {
		descriptors, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue
		}
		for _, d := range descriptors {
			unix.CloseOnExec(d)
			if found >= 0 {
				CloseDescriptor(found)
			}
			found = d
		}
	}
	return found
}

// CloseDescriptor closes the frame's descriptor, if it has one.
func CloseDescriptor(d int) {
	if d >= 0 {
		_ = unix.Close(d)
	}
}
