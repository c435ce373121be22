package wire

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A source arrives as shared memory that the decoder cannot change.
func TestShare(t *testing.T) {
	a, b := pair(t)
	source := []byte("picture")
	file, err := Allocate(int64(len(source)))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(source); err != nil {
		t.Fatal(err)
	}
	if err := Seal(file); err != nil {
		t.Fatal(err)
	}
	if err := a.Send(Open, OpenRequest{Size: int64(len(source))}, nil, int(file.Fd())); err != nil {
		t.Fatal(err)
	}
	f, err := b.Receive(unlimited)
	if err != nil || f.Descriptor < 0 {
		t.Fatalf("got %+v, %v", f, err)
	}
	theirs := os.NewFile(uintptr(f.Descriptor), "picture")
	if _, err := theirs.WriteAt([]byte("x"), 0); !errors.Is(err, os.ErrPermission) {
		t.Errorf("write: got %v", err)
	}
	if err := theirs.Truncate(0); !errors.Is(err, os.ErrPermission) {
		t.Errorf("truncate: got %v", err)
	}
	if _, err := unix.Mmap(int(theirs.Fd()), 0, len(source), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); !errors.Is(err, os.ErrPermission) {
		t.Errorf("map for writing: got %v", err)
	}
	mapped, err := Map(int(theirs.Fd()), int64(len(source)))
	if err != nil || !bytes.Equal(mapped, source) {
		t.Errorf("got %q, %v", mapped, err)
	}
	Unmap(mapped)
}
