//go:build cgo && unix

package render

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A crash in native code ends the process: Go cannot recover from it. In a worker the
// message then returns to the queue when its lease is over, and the redrive policy ends
// repeated crashes.
func TestNativeCrashEndsTheProcess(t *testing.T) {
	if file := os.Getenv("CALOTYPE_TEST_CRASH"); file != "" {
		crash(t, file)
		return
	}
	file := filepath.Join(t.TempDir(), "picture.jpg")
	if err := os.WriteFile(file, jpegOf(t, grainy(900, 600)), 0o600); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestNativeCrashEndsTheProcess$")
	child.Env = append(os.Environ(), "CALOTYPE_TEST_CRASH="+file, "GOTRACEBACK=none")
	out, err := child.CombinedOutput()
	if child.ProcessState == nil || child.ProcessState.Success() {
		t.Fatalf("it continued: %v\n%s", err, out)
	}
	// Killed by the signal in one of libvips's threads, or by Go's handler in one of Go's.
	status := child.ProcessState.Sys().(syscall.WaitStatus)
	killed := status.Signaled() && (status.Signal() == syscall.SIGSEGV || status.Signal() == syscall.SIGBUS)
	if !killed && !strings.Contains(string(out), "SIGSEGV") && !strings.Contains(string(out), "SIGBUS") {
		t.Errorf("it ended differently: %v\n%s", err, out)
	}
	if strings.Contains(string(out), "FAIL") {
		t.Errorf("Go recovered from it:\n%s", out)
	}
}

// crash unmaps a picture's memory while the decoder uses it.
func crash(t *testing.T, file string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	body, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(body, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	img, err := p.load(900, 600)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mprotect(body, syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	err = img.readInto(make([]byte, img.width()*img.height()*img.bands()))
	t.Errorf("no crash, but %v", err)
}
