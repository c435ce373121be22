// Program pack does what the build of the Lambda@Edge function needs besides its compilers.
// It checks a presets file for the linker, and writes a ZIP whose bytes depend only on the
// files.
package main

import (
	"archive/zip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"calotype"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	switch {
	case len(args) == 2 && args[0] == "presets":
		return presets(args[1], stdout)
	case len(args) > 2 && args[0] == "zip":
		return archive(args[1], args[2:])
	}
	return errors.New("usage: pack presets FILE, or pack zip ARCHIVE FILE [FILE ...]")
}

// presets prints a presets file in the linker's form.
func presets(name string, stdout io.Writer) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("presets: %w", err)
	}
	table, err := calotype.ParsePresets(data)
	if err != nil {
		return fmt.Errorf("presets %s: %w", name, err)
	}
	if data, err = table.MarshalJSON(); err != nil {
		return fmt.Errorf("presets %s: %w", name, err)
	}
	_, err = fmt.Fprintln(stdout, base64.StdEncoding.EncodeToString(data))
	return err
}

// epoch is the modification time of every file: the earliest that a ZIP can hold.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

func archive(name string, files []string) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("zip: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zip.NewWriter(f)
	slices.SortFunc(files, func(a, b string) int {
		if filepath.Base(a) < filepath.Base(b) {
			return -1
		}
		return 1
	})
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("zip: %w", err)
		}
		header := &zip.FileHeader{Name: filepath.Base(file), Method: zip.Deflate, Modified: epoch}
		header.SetMode(0o644)
		if header.Name == "bootstrap" {
			header.SetMode(0o755) // Lambda starts it.
		}
		w, err := z.CreateHeader(header)
		if err != nil {
			return fmt.Errorf("zip %s: %w", file, err)
		}
		if _, err := w.Write(data); err != nil {
			return fmt.Errorf("zip %s: %w", file, err)
		}
	}
	return z.Close()
}
