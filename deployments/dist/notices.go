package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// writeNotices writes the licence texts of all Go modules that the programs are built from,
// and Go's own: most licences ask that a copy goes with the program.
func writeNotices(out string) error {
	modules, err := modulesOf(".", programs["."])
	if err != nil {
		return err
	}
	goRoot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("find Go: %w", err)
	}
	goLicence, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(goRoot)), "LICENSE"))
	if err != nil {
		return fmt.Errorf("the licence of Go: %w", err)
	}
	var b strings.Builder
	notice := func(name, text string) {
		fmt.Fprintf(&b, "%s\n%s\n\n%s\n\n", name, strings.Repeat("=", len(name)), strings.TrimSpace(text))
	}
	notice("Go", string(goLicence))
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		texts, err := licenceFiles(modules[name], "LICEN", "COPYING", "NOTICE")
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, text := range texts {
			notice(name, text)
		}
	}
	return os.WriteFile(out, []byte(b.String()), 0o644)
}
