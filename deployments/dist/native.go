package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// nativeTable returns a table of the Debian packages in an image's root, as rootfs.sh lays it
// out, with the licences that their copyright files name.
func nativeTable(root string) (string, error) {
	records, err := os.ReadDir(filepath.Join(root, "var/lib/dpkg/status.d"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	var errs []error
	b.WriteString("| Debian package | Licence |\n|---|---|\n")
	for _, record := range records {
		text, err := os.ReadFile(filepath.Join(root, "usr/share/doc", record.Name(), "copyright"))
		if err != nil {
			return "", err
		}
		licences := debianLicences(string(text))
		if len(licences) == 0 {
			errs = append(errs, fmt.Errorf("%s: no licence is recognised in its copyright file", record.Name()))
		}
		fmt.Fprintf(&b, "| %s | %s |\n", record.Name(), strings.Join(licences, ", "))
	}
	if len(records) < 20 {
		errs = append(errs, fmt.Errorf("only %d packages in %s", len(records), root))
	}
	return b.String(), errors.Join(errs...)
}

// debianLicences returns what a copyright file says of the package. In Debian's format
// (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/) it is the licence of
// the files in general, or of all files but the packaging's. Other texts are recognised by
// their words.
func debianLicences(text string) (found []string) {
	if !machineReadable.MatchString(text) {
		plain := strings.ToLower(strings.Join(strings.Fields(text), " "))
		for _, mark := range debianMarks {
			if strings.Contains(plain, strings.ToLower(mark.words)) && !slices.Contains(found, mark.licence) {
				found = append(found, mark.licence)
			}
		}
		return found
	}
	var others []string
	for _, paragraph := range blankLine.Split(text, -1) {
		files := strings.Fields(field(paragraph, "Files"))
		licence := strings.TrimSpace(field(paragraph, "License"))
		licence, _, _ = strings.Cut(licence, "\n")
		switch {
		case len(files) == 0 || licence == "":
		case slices.Contains(files, "*"):
			found = append(found, licence)
		case !strings.HasPrefix(files[0], "debian/") && !slices.Contains(others, licence):
			others = append(others, licence)
		}
	}
	if len(found) == 0 {
		return others
	}
	return found
}

var (
	machineReadable = regexp.MustCompile(`(?i)^\s*Format(-Specification)?:`)
	blankLine       = regexp.MustCompile(`\n[ \t]*\n`)
)

// field returns a field of a paragraph, with its further lines.
func field(paragraph, name string) string {
	found := regexp.MustCompile(`(?m)^` + name + `:(.*(?:\n[ \t].*)*)`).FindStringSubmatch(paragraph)
	if found == nil {
		return ""
	}
	return found[1]
}

// debianMarks are words of the licences in copyright files without Debian's format.
var debianMarks = []struct{ licence, words string }{
	{"GPL", "GNU General Public License"},
	{"LGPL", "Lesser General Public License"},
	{"LGPL", "Library General Public License"},
	{"MPL", "Mozilla Public License"},
	{"Apache", "Apache License"},
	{"MIT", "Permission is hereby granted, free of charge"},
	{"HPND", "Permission to use, copy, modify"},
	{"BSD", "Redistribution and use in source and binary forms"},
}
