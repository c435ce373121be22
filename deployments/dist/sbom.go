package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
)

// component is a part of a release, as CycloneDX 1.6 names its fields.
type component struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl,omitempty"`
}

// writeSBOM lists the Go modules of programs, and Go itself. It has no time and no serial
// number, so the same programs give the same list.
func writeSBOM(out, version string, programs []string) error {
	versions := map[string]string{}
	for _, program := range programs {
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			return fmt.Errorf("read the modules of %s: %w", program, err)
		}
		versions["stdlib"] = info.GoVersion
		for _, module := range info.Deps {
			if module.Replace != nil {
				module = module.Replace
			}
			versions[module.Path] = module.Version
		}
	}
	components := []component{}
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		components = append(components, component{"library", name, versions[name], "pkg:golang/" + name + "@" + versions[name]})
	}
	data, err := json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"metadata":   map[string]any{"component": component{"application", "calotype", version, ""}},
		"components": components,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(data, '\n'), 0o644)
}
