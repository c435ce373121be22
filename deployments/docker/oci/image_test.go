package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const record = "Package: libexample1\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.2-3+b1\nDescription: an example\n of a record\n"

// newRoot lays out a small root, as rootfs.sh does.
func newRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for path, content := range map[string]string{
		"usr/lib/libexample.so.1": "a library", "etc/calotype/presets.json": "{}", "var/lib/dpkg/status.d/libexample1": record,
	} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, path), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable() // A Go program, which has modules.
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "usr/bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"calotype", "calotype-decode"} {
		if err := os.WriteFile(filepath.Join(root, "usr/bin", program), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("usr/lib", filepath.Join(root, "lib")), os.Mkdir(filepath.Join(root, "tmp"), 0o755), os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky)); err != nil {
		t.Fatal(err)
	}
	return root
}

func optionsFor(t *testing.T, root string) options {
	out := t.TempDir()
	return options{
		dockerfile: filepath.Join("..", "Dockerfile"), root: root, image: filepath.Join(out, "image.tar"), sbom: filepath.Join(out, "sbom.json"),
		tag: "calotype:test", architecture: "arm64", created: time.Unix(1_700_000_000, 0).UTC(),
	}
}

// The same content gives the same bytes, whatever the times and owners of the files are.
func TestSameBytes(t *testing.T) {
	root := newRoot(t)
	var images, boms [][]byte
	for i := range 2 {
		o := optionsFor(t, root)
		if err := run(o); err != nil {
			t.Fatal(err)
		}
		image, err := os.ReadFile(o.image)
		if err != nil {
			t.Fatal(err)
		}
		bom, err := os.ReadFile(o.sbom)
		if err != nil {
			t.Fatal(err)
		}
		images, boms = append(images, image), append(boms, bom)
		other := time.Unix(int64(i)*1000, 0)
		if err := os.Chtimes(filepath.Join(root, "usr/lib/libexample.so.1"), other, other); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(images[0], images[1]) || !bytes.Equal(boms[0], boms[1]) {
		t.Error("two builds differ")
	}
	if err := os.WriteFile(filepath.Join(root, "usr/lib/libexample.so.1"), []byte("another library"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := optionsFor(t, root)
	if err := run(o); err != nil {
		t.Fatal(err)
	}
	if image, err := os.ReadFile(o.image); err != nil || bytes.Equal(image, images[0]) {
		t.Errorf("another library gives the same image, %v", err)
	}
}

func TestImage(t *testing.T) {
	o := optionsFor(t, newRoot(t))
	if err := run(o); err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(o.image, nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config := file.Config
	if file.OS != "linux" || file.Architecture != "arm64" || !file.Created.Equal(o.created) {
		t.Errorf("%s/%s of %v", file.OS, file.Architecture, file.Created)
	}
	if config.User != "65532:65532" || !slices.Equal(config.Entrypoint, []string{"/usr/bin/calotype"}) || !slices.Equal(config.Cmd, []string{"worker"}) ||
		!slices.Contains(config.Env, "CALOTYPE_PRESETS=/etc/calotype/presets.json") || config.StopSignal != "SIGTERM" ||
		config.Labels["org.opencontainers.image.title"] != "calotype" ||
		!slices.Equal(config.Healthcheck.Test, []string{"CMD", "/usr/bin/calotype", "health"}) || config.Healthcheck.Retries != 3 {
		t.Errorf("the settings are not the Dockerfile's: %+v", config)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"etc/ 755, etc/calotype/ 755, lib 777 -> usr/lib, tmp/ 1777, usr/ 755, usr/bin/ 755, usr/lib/ 755, usr/lib/libexample.so.1 644, var/ 755, var/lib/ 755, var/lib/dpkg/ 755, var/lib/dpkg/status.d/ 755, var/lib/dpkg/status.d/libexample1 644",
		"etc/calotype/presets.json 644, usr/bin/calotype 755, usr/bin/calotype-decode 755",
	} {
		content, err := layers[i].Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		if got := listing(t, content); got != want {
			t.Errorf("layer %d has %s, want %s", i, got, want)
		}
	}
}

// listing describes the entries of an archive, which all belong to root.
func listing(t *testing.T, content io.Reader) string {
	t.Helper()
	var entries []string
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(entries, ", ")
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.ModTime.Unix() != 1_700_000_000 {
			t.Errorf("%s: owner %d:%d, time %v", header.Name, header.Uid, header.Gid, header.ModTime)
		}
		entry := fmt.Sprintf("%s %o", header.Name, header.Mode)
		if header.Linkname != "" {
			entry += " -> " + header.Linkname
		}
		entries = append(entries, entry)
	}
}

func TestSBOM(t *testing.T) {
	o := optionsFor(t, newRoot(t))
	if err := writeSBOM(o); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(o.sbom)
	if err != nil {
		t.Fatal(err)
	}
	var bom cdx.BOM
	if err := json.Unmarshal(data, &bom); err != nil {
		t.Fatal(err)
	}
	var urls []string
	for _, component := range *bom.Components {
		urls = append(urls, component.PackageURL)
	}
	for _, want := range []string{"pkg:deb/debian/libexample1@1.2-3%2Bb1?arch=amd64", "pkg:golang/github.com/CycloneDX/cyclonedx-go@v0.9.3", "pkg:golang/std@go1"} {
		if !slices.ContainsFunc(urls, func(url string) bool { return strings.HasPrefix(url, want) }) {
			t.Errorf("%s is missing in %q", want, urls)
		}
	}
}

// A Dockerfile with an instruction that this program does not know is an error.
func TestUnknownInstruction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "Dockerfile")
	if err := os.WriteFile(path, []byte("FROM scratch\nCOPY x /\nRUN true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readDockerfile(path); err == nil || !strings.Contains(err.Error(), "RUN is not known") {
		t.Errorf("got %v", err)
	}
}
