package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// programFolders hold what changes with each build.
var programFolders = []string{"usr/bin", "etc/calotype"}

func isProgram(path string) bool {
	for _, folder := range programFolders {
		if strings.HasPrefix(path, folder+"/") {
			return true
		}
	}
	return false
}

// layers returns the root's files as two layers.
func layers(root string, created time.Time) (libraries, programs v1.Layer, err error) {
	var archives [2]bytes.Buffer
	writers := [2]*tar.Writer{tar.NewWriter(&archives[0]), tar.NewWriter(&archives[1])}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error { // In lexical order.
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil || relative == "." {
			return err
		}
		w := writers[0]
		if isProgram(relative) {
			w = writers[1]
		}
		if err := add(w, path, relative, entry, created); err != nil {
			return fmt.Errorf("add %s: %w", relative, err)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	var made [2]v1.Layer
	for i, w := range writers {
		if err := w.Close(); err != nil {
			return nil, nil, err
		}
		data := archives[i].Bytes()
		made[i], err = tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
		if err != nil {
			return nil, nil, err
		}
	}
	return made[0], made[1], nil
}

// add writes a file, folder or symbolic link, which belongs to root.
func add(w *tar.Writer, path, relative string, entry fs.DirEntry, created time.Time) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: relative, Mode: int64(info.Mode().Perm()), ModTime: created, Format: tar.FormatPAX}
	if info.Mode()&fs.ModeSticky != 0 {
		header.Mode |= 0o1000
	}
	switch {
	case info.IsDir():
		header.Typeflag, header.Name = tar.TypeDir, relative+"/"
	case info.Mode()&fs.ModeSymlink != 0:
		header.Typeflag, header.Mode = tar.TypeSymlink, 0o777
		if header.Linkname, err = os.Readlink(path); err != nil {
			return err
		}
	case info.Mode().IsRegular():
		header.Typeflag, header.Size = tar.TypeReg, info.Size()
	default:
		return fmt.Errorf("%v: not a file, folder or symbolic link", info.Mode())
	}
	if err := w.WriteHeader(header); err != nil || header.Typeflag != tar.TypeReg {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, file)
	return err
}
