package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// programs are the packages whose dependencies are part of a release, by module folder.
var programs = map[string][]string{
	".":                 {"./cmd/..."},
	"deployments/local": {"."},
}

// native are the libraries that a decoder is linked with or loads, with their licences as
// their projects state them. Calotype does not contain them: Debian's packages do.
var native = [][2]string{
	{"libvips", "LGPL-2.1-or-later"}, {"GLib", "LGPL-2.1-or-later"}, {"libjpeg-turbo", "IJG AND BSD-3-Clause"},
	{"libpng", "libpng-2.0"}, {"libwebp", "BSD-3-Clause"}, {"libtiff", "libtiff"}, {"Little CMS", "MIT"},
	{"libheif", "LGPL-3.0-or-later"}, {"libde265", "LGPL-3.0-or-later"}, {"libaom", "BSD-2-Clause"},
	{"dav1d", "BSD-2-Clause"}, {"libjxl", "BSD-3-Clause"}, {"cgif", "MIT"}, {"libimagequant", "GPL-3.0-or-later"},
	{"libexif", "LGPL-2.1-or-later"}, {"libspng", "BSD-2-Clause"}, {"zlib", "Zlib"}, {"expat", "MIT"}, {"ORC", "BSD-3-Clause"},
}

// writeLicences writes a table of all dependencies. A module whose licence is not recognised
// is an error.
func writeLicences(out string) error {
	found := map[string]string{}
	var errs []error
	for folder, packages := range programs {
		modules, err := modulesOf(folder, packages)
		if err != nil {
			return err
		}
		for name, dir := range modules {
			licence, err := licenceIn(dir)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
			found[name] = licence
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	var b strings.Builder
	b.WriteString("# Licences of the dependencies\n\nWritten by `make licences`, checked by `make check-deploy`. The Go modules are part of the programs.\n\n| Go module | Licence |\n|---|---|\n")
	var names []string
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "| %s | %s |\n", name, found[name])
	}
	b.WriteString("\nThe decoder uses these libraries, which come from the system or are in the image. It is linked dynamically.\n\n| Library | Licence |\n|---|---|\n")
	for _, library := range native {
		fmt.Fprintf(&b, "| %s | %s |\n", library[0], library[1])
	}
	return os.WriteFile(out, []byte(b.String()), 0o644)
}

// modulesOf returns the folders of the modules that packages are built from, by name.
func modulesOf(folder string, packages []string) (map[string]string, error) {
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=Module"}, packages...)...)
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	found := map[string]string{}
	decoder := json.NewDecoder(output)
	for {
		var p struct {
			Module *struct {
				Path, Dir string
				Main      bool
			}
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if m := p.Module; m != nil && !m.Main && m.Path != "calotype" {
			found[m.Path] = m.Dir
		}
	}
	return found, cmd.Wait()
}

// marks are words that only one licence has, the most special first.
var marks = []struct{ licence, words string }{
	{"Apache-2.0", "Apache License"},
	{"MPL-2.0", "Mozilla Public License"},
	{"BSD-3-Clause", "Neither the name"},
	{"BSD-3-Clause", "names of its contributors"},
	{"BSD-2-Clause", "Redistributions in binary form"},
	{"ISC", "Permission to use, copy, modify, and/or distribute"},
	{"ISC", "Permission to use, copy, modify, and distribute"},
	{"MIT", "Permission is hereby granted, free of charge"},
	{"Unlicense", "released into the public domain"},
}

// licenceIn recognises the licence of a module by the text in its folder.
func licenceIn(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		name := strings.ToUpper(entry.Name())
		if entry.IsDir() || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return "", err
		}
		plain := strings.Join(strings.Fields(string(text)), " ")
		for _, mark := range marks {
			if strings.Contains(strings.ToLower(plain), strings.ToLower(mark.words)) {
				return mark.licence, nil
			}
		}
	}
	return "", errors.New("no licence is recognised")
}
