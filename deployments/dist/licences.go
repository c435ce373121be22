package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
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

// nativeHeading begins the part of the page that only Debian 13 can write.
const nativeHeading = "## Native libraries\n"

// writeLicences writes the page of all licences. The part on native libraries is that of an
// image's root, or without one stays as it is.
func writeLicences(out, root string) error {
	page, err := modulesPart()
	if err != nil {
		return err
	}
	native, err := nativePart(out, root)
	if err != nil {
		return err
	}
	return os.WriteFile(out, []byte(page+native), 0o644)
}

func nativePart(page, root string) (string, error) {
	if root == "" {
		text, err := os.ReadFile(page)
		if err != nil {
			return "", err
		}
		_, native, found := strings.Cut(string(text), nativeHeading)
		if !found {
			return "", fmt.Errorf("%s has no %q", page, nativeHeading)
		}
		return nativeHeading + native, nil
	}
	table, err := nativeTable(root)
	if err != nil {
		return "", err
	}
	return nativeHeading + `
The decoder is linked dynamically with libvips and what that needs. The programs do not contain these libraries: they are Debian's packages, and the image of Debian 13 has copies of them. The licences are those of each package's general files, in the words of its copyright file. All of these files are in the image, under ` + "`/usr/share/doc`" + `.

Some are under the GPL, such as libfftw3 and libimagequant, because Debian links libvips with them. Anyone who distributes the image must comply with it.

` + table, nil
}

// modulesPart returns the part of the page on Go modules. A module whose licence is not
// recognised is an error.
func modulesPart() (string, error) {
	found := map[string]string{}
	var errs []error
	for folder, packages := range programs {
		modules, err := modulesOf(folder, packages)
		if err != nil {
			return "", err
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
		return "", errors.Join(errs...)
	}
	var b strings.Builder
	b.WriteString(`# Licences of the dependencies

Written by ` + "`make licences`, checked by `make check-deploy` and on Debian 13 by `make test-debian13`" + `.

## Go modules

They are part of the programs. A release has their texts in ` + "`third-party-licences.txt`" + `.

| Go module | Licence |
|---|---|
`)
	for _, name := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, found[name])
	}
	b.WriteString("\n")
	return b.String(), nil
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
	texts, err := licenceFiles(dir, "LICEN", "COPYING")
	if err != nil {
		return "", err
	}
	for _, text := range texts {
		plain := strings.ToLower(strings.Join(strings.Fields(text), " "))
		for _, mark := range marks {
			if strings.Contains(plain, strings.ToLower(mark.words)) {
				return mark.licence, nil
			}
		}
	}
	return "", errors.New("no licence is recognised")
}

// licenceFiles returns the texts in a module's folder whose names begin in one of these ways.
func licenceFiles(dir string, begins ...string) (texts []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := strings.ToUpper(entry.Name())
		if entry.IsDir() || !slices.ContainsFunc(begins, func(begin string) bool { return strings.HasPrefix(name, begin) }) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(text))
	}
	return texts, nil
}
