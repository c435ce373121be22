//go:build unix && !linux

package wire

import (
	"errors"
	"os"
)

// Share returns no file: here the source is sent.
func Share([]byte) (*os.File, error) { return nil, nil }

// Map fails: here no source comes as a descriptor.
func Map(descriptor int, _ int64) ([]byte, error) {
	CloseDescriptor(descriptor)
	return nil, errors.New("shared memory is used on Linux only")
}

// Unmap undoes [Map].
func Unmap([]byte) {}
