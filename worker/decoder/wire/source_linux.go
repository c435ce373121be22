package wire

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Allocate returns memory of which a decoder gets the file. Only the caller can write it,
// and its size cannot change. The caller frees it with Unmap and closes the file. It
// fails if the system has no such memory, and for no bytes.
func Allocate(size int64) ([]byte, *os.File, error) {
	if size <= 0 {
		return nil, nil, errors.New("no bytes to share")
	}
	fd, err := unix.MemfdCreate("picture", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil, fmt.Errorf("allocate shared memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "picture")
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("allocate %d bytes of shared memory: %w", size, err)
	}
	// All pages at once take less time than one by one.
	body, err := unix.Mmap(fd, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("map %d bytes of shared memory: %w", size, err)
	}
	// The mapping made above stays writable. Since Linux 5.1.
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_FUTURE_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		Unmap(body)
		f.Close()
		return nil, nil, fmt.Errorf("seal shared memory: %w", err)
	}
	return body, f, nil
}

// Map maps a source that arrived as a descriptor, and closes the descriptor. The caller
// unmaps it.
func Map(descriptor int, size int64) ([]byte, error) {
	defer CloseDescriptor(descriptor)
	if size <= 0 {
		return nil, nil
	}
	source, err := unix.Mmap(descriptor, 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map a source of %d bytes: %w", size, err)
	}
	return source, nil
}

// Unmap undoes [Map] and [Allocate].
func Unmap(source []byte) {
	if len(source) > 0 {
		_ = unix.Munmap(source)
	}
}
