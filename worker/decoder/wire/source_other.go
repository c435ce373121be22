//go:build unix && !linux

package wire

import (
	"errors"
	"os"
)

// Share returns no file: on this system the source is sent.
func Share([]byte) (*os.File, error) { return nil, nil }

// Map fails: on this system no source arrives as a descriptor.
func Map(descriptor int, _ int64) ([]byte, error) {
	CloseDescriptor(descriptor)
	return nil, errors.New("shared memory is used on Linux only")
}

// Unmap undoes [Map].
func Unmap([]byte) {}
