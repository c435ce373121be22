package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"calotype"
)

// focalPoint is a flag of a focal point: of all files, or of one.
type focalPoint struct {
	file  string // Empty for all.
	point calotype.Focal
}

// UnmarshalText parses "0.3,0.7" or "kitty.jpg=0.3,0.7". A file's name may contain "=".
func (f *focalPoint) UnmarshalText(text []byte) (err error) {
	file, point, named := cutLast(string(text), "=")
	if !named {
		point = string(text)
	}
	f.file = file
	f.point, err = calotype.ParseFocal(point)
	return err
}

// cutLast is strings.Cut at the last separator. Without one, both parts are empty.
func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+len(separator):], true
}

// names reports whether a flag's file is one of the command line: by its path, or by its
// name alone.
func (f focalPoint) names(file string) bool {
	return filepath.Clean(f.file) == filepath.Clean(file) || f.file == filepath.Base(file)
}

// focalOf returns the focal point of a file. Its own counts before that of all.
func (c *renderCommand) focalOf(file string) calotype.Focal {
	var all calotype.Focal
	for _, f := range c.Focal {
		switch {
		case f.file == "":
			all = f.point
		case f.names(file):
			return f.point
		}
	}
	return all
}

// checkFocal finds points of files that are not rendered, and second points.
func (c *renderCommand) checkFocal() (errs []error) {
	seen := map[string]bool{}
	for _, f := range c.Focal {
		of := "all files"
		if f.file != "" {
			of = f.file
		}
		switch {
		case seen[f.file]:
			errs = append(errs, fmt.Errorf("--focal: there are two points for %s", of))
		case f.file != "" && !slices.ContainsFunc(c.Files, f.names):
			errs = append(errs, fmt.Errorf("--focal %s=%s: the file is not among those to render", f.file, f.point))
		}
		seen[f.file] = true
	}
	return errs
}
