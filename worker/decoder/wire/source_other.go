//go:build unix && !linux

package wire

import (
	"errors"
	"os"
)

var errLinuxOnly = errors.New("shared memory is used on Linux only")

// Allocate fails: on this system the source is sent.
func Allocate(int64) (*os.File, error) { return nil, errLinuxOnly }

// Seal fails: on this system there is no shared memory.
func Seal(*os.File) error { return errLinuxOnly }

// Map fails: on this system no source arrives as a descriptor.
func Map(descriptor int, _ int64) ([]byte, error) {
	CloseDescriptor(descriptor)
	return nil, errLinuxOnly
}

// Unmap undoes [Map].
func Unmap([]byte) {}
