package fidelity

import (
	"fmt"
	"os"
	"path"
	"strings"
)

// known is an accepted difference with its reason, a line of testdata/known.tsv: a pattern
// of cases ([path.Match]), the releases of Debian that it applies to, separated by commas,
// and the reason.
type known struct {
	cases    string
	releases []string
	reason   string
}

func readKnown(text string) ([]known, error) {
	var all []known
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("known difference %q has %d fields, want 3", line, len(f))
		}
		if _, err := path.Match(f[0], ""); err != nil {
			return nil, fmt.Errorf("known difference %q: %w", line, err)
		}
		all = append(all, known{f[0], strings.Split(f[1], ","), f[2]})
	}
	return all, nil
}

// find returns the difference that a case is known for on a release of Debian.
func find(all []known, name, release string) (known, bool) {
	for _, k := range all {
		for _, r := range k.releases {
			if ok, _ := path.Match(k.cases, name); ok && r == release {
				return k, true
			}
		}
	}
	return known{}, false
}

// debian returns the release of this machine, such as 13, or "" for another system.
func debian() string {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		fields[name] = strings.Trim(value, `"`)
	}
	if fields["ID"] != "debian" {
		return ""
	}
	return fields["VERSION_ID"]
}

// onDebian is the part of a browser's version that names Debian: Debian's browsers decode
// with the libraries of their release.
func onDebian() string {
	if release := debian(); release != "" {
		return " on Debian " + release
	}
	return ""
}
