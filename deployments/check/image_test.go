package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// command runs a program in the repository's root and returns its output.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// inside runs a program in a root folder, as the image's user: only /tmp is writable.
// Without root it needs user namespaces, which Debian enables.
func inside(t *testing.T, root, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin", "HOME=/tmp"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65532, Gid: 65532}
	} else {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s in the image's root: %v\n%s", program, err, out)
	}
	return string(out)
}

// TestImageHoldsWhatTheEngineNeeds lays out the image's root as the Dockerfile does. It
// runs the program in it, and then the engine's own tests: every format is read and written
// with the image's libraries alone.
func TestImageHoldsWhatTheEngineNeeds(t *testing.T) {
	directory := t.TempDir()
	if err := os.Chmod(filepath.Dir(directory), 0o755); err != nil { // Another user must be able to enter it.
		t.Fatal(err)
	}
	programs, engine, root := filepath.Join(directory, "programs"), filepath.Join(directory, "engine.test"), filepath.Join(directory, "root")
	command(t, "env", "CGO_ENABLED=0", "go", "build", "-o", programs+"/", "./cmd/calotype")
	command(t, "go", "build", "-o", programs+"/", "./cmd/calotype-decode")
	command(t, "go", "test", "-c", "-o", engine, "./worker/render")
	command(t, "deployments/docker/rootfs.sh", programs, "presets.json", root)

	removeDevices := addDevices(t, root)
	if version := inside(t, root, "/usr/bin/calotype", "version"); !strings.Contains(version, "libvips 8.") {
		t.Errorf("got %q", version)
	}
	if err := os.Rename(engine, filepath.Join(root, "usr/bin/engine.test")); err != nil {
		t.Fatal(err)
	}
	// The memory of a process is read from /proc, which does not exist here.
	verdict := inside(t, root, "/usr/bin/engine.test", "-test.v", "-test.skip=^TestMemoryIsPredicted$")
	removeDevices()
	if ran := strings.Count(verdict, "\n--- PASS: "); ran < 10 || strings.Contains(verdict, "--- SKIP") {
		t.Errorf("%d of the engine's tests passed, or some were skipped:\n%s", ran, verdict)
	}

	unwanted := regexp.MustCompile(`(?i)magick|poppler|openslide|/(ba|da)?sh$|busybox|perl|python`)
	files := 0
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, root)
		files++
		if strings.HasPrefix(name, "/usr") && unwanted.MatchString(name) {
			t.Errorf("%s is in the image", name)
		}
		if info, err := entry.Info(); err == nil && entry.Type() != os.ModeSymlink && name != "/tmp" && info.Mode().Perm()&0o002 != 0 {
			t.Errorf("%s can be written to", name)
		}
		return nil
	})
	if err != nil || files < 50 {
		t.Errorf("%d files, %v", files, err)
	}
	for _, pkg := range []string{"libvips42*", "libheif1", "libc6"} { // Since Debian 13 libvips42t64.
		records, err := filepath.Glob(filepath.Join(root, "var/lib/dpkg/status.d", pkg))
		if err != nil || len(records) != 1 {
			t.Errorf("records of %s: %q, %v; want one for scanners to read", pkg, records, err)
			continue
		}
		if status, err := os.ReadFile(records[0]); err != nil || !strings.Contains(string(status), "Version: ") {
			t.Errorf("%s: %v, without a version", records[0], err)
		}
	}
}

// addDevices adds to a root what every container runtime adds and what programs need that
// start others: /dev/null, which here is a regular file.
func addDevices(t *testing.T, root string) (remove func()) {
	t.Helper()
	folder := filepath.Join(root, "dev")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	null := filepath.Join(folder, "null")
	if err := os.WriteFile(null, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(null, 0o666); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	}
}
