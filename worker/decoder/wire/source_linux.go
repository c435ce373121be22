package wire

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Share puts a source into memory that a decoder can map and that neither side can change.
// If the system does not support this, it returns no file and the source is sent.
func Share(source []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("picture", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil //nolint:nilerr // The stream does as well.
	}
	f := os.NewFile(uintptr(fd), "picture")
	if _, err := f.Write(source); err != nil {
		f.Close()
		return nil, fmt.Errorf("share %d bytes with the decoder: %w", len(source), err)
	}
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		f.Close()
		return nil, fmt.Errorf("seal shared memory: %w", err)
	}
	return f, nil
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

// Unmap undoes [Map].
func Unmap(source []byte) {
	if len(source) > 0 {
		_ = unix.Munmap(source)
	}
}
