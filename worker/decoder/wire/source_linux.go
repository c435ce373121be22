package wire

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Allocate returns a file in memory, of a size that cannot change. The caller writes it,
// seals it, and closes it. It fails if the system has no such memory, and for no bytes.
func Allocate(size int64) (*os.File, error) {
	if size <= 0 {
		return nil, errors.New("no bytes to share")
	}
	fd, err := unix.MemfdCreate("picture", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("allocate shared memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "picture")
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, fmt.Errorf("allocate %d bytes of shared memory: %w", size, err)
	}
	return f, nil
}

// Seal makes sure that a file from [Allocate] never changes again.
func Seal(f *os.File) error {
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("seal shared memory: %w", err)
	}
	return nil
}

// Map maps a source that arrived as a descriptor, and closes the descriptor. The caller
// unmaps it.
func Map(descriptor int, size int64) ([]byte, error) {
	defer CloseDescriptor(descriptor)
	if size <= 0 {
		return nil, nil
	}
	// All pages at once take less time than one by one.
	source, err := unix.Mmap(descriptor, 0, int(size), unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("map a source of %d bytes: %w", size, err)
	}
	return source, nil
}

// Unmap undoes [Map].
func Unmap(source []byte) {
	if len(source) > 0 {
		_ = unix.Munmap(source)
	}
}
