package main

import (
	"debug/buildinfo"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// writeSBOM lists Debian's packages and the programs' Go modules, in CycloneDX 1.6
// (https://cyclonedx.org/docs/1.6/json/). It has no time or serial number, so the same
// image gives the same list.
func writeSBOM(o options) error {
	components, err := packages(filepath.Join(o.root, "var/lib/dpkg/status.d"))
	if err != nil {
		return err
	}
	modules, err := modulesOf(filepath.Join(o.root, "usr/bin/calotype"), filepath.Join(o.root, "usr/bin/calotype-decode"))
	if err != nil {
		return err
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Component: &cdx.Component{Type: cdx.ComponentTypeContainer, Name: "calotype"}}
	all := append(components, modules...)
	bom.Components = &all
	file, err := os.Create(o.sbom)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := cdx.NewBOMEncoder(file, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return err
	}
	return file.Close()
}

// packages reads dpkg's records of packages, one file for each.
func packages(folder string) ([]cdx.Component, error) {
	entries, err := os.ReadDir(folder) // Sorted.
	if err != nil {
		return nil, err
	}
	var found []cdx.Component
	for _, entry := range entries {
		record, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		fields := map[string]string{}
		for line := range strings.Lines(string(record)) {
			if name, value, ok := strings.Cut(strings.TrimRight(line, "\n"), ": "); ok && !strings.HasPrefix(line, " ") {
				fields[name] = value
			}
		}
		if fields["Package"] == "" || fields["Version"] == "" {
			return nil, fmt.Errorf("%s: not a record of a package", entry.Name())
		}
		found = append(found, cdx.Component{
			Type: cdx.ComponentTypeLibrary, Name: fields["Package"], Version: fields["Version"],
			PackageURL: fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s", fields["Package"], url.QueryEscape(fields["Version"]), fields["Architecture"]),
		})
	}
	return found, nil
}

// modulesOf returns the Go modules of programs, and Go itself.
func modulesOf(programs ...string) ([]cdx.Component, error) {
	versions := map[string]string{}
	for _, program := range programs {
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			return nil, fmt.Errorf("read the modules of %s: %w", program, err)
		}
		versions["std"] = info.GoVersion
		for _, module := range info.Deps {
			versions[module.Path] = module.Version
		}
	}
	var found []cdx.Component
	for path, version := range versions {
		found = append(found, cdx.Component{
			Type: cdx.ComponentTypeLibrary, Name: path, Version: version, PackageURL: "pkg:golang/" + path + "@" + version,
		})
	}
	slices.SortFunc(found, func(a, b cdx.Component) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}
