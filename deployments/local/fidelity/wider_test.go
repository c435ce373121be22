package fidelity

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"calotype/deployments/local/fidelity/cases"
)

// wider compares the pictures of the folder CALOTYPE_CASES, and logs how many renditions
// look as their originals. A table beside the folder, browser.tsv or its name with .tsv,
// may have the columns file and firefox.
func wider(t *testing.T, ctx context.Context, s *site, chromium Browser) {
	t.Helper()
	agreed := firefoxColumn(t)
	entries, err := os.ReadDir(moreCases)
	if err != nil {
		t.Fatal(err)
	}
	var all []cases.Case
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		body, err := os.ReadFile(filepath.Join(moreCases, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, cases.Case{Name: e.Name(), Body: body})
	}
	verdicts, err := judge(ctx, s, chromium, all)
	if err != nil {
		t.Fatal(err)
	}
	shown, same, bothShown, bothSame := 0, 0, 0, 0
	for _, v := range verdicts {
		if strings.HasPrefix(strings.Join(v.Differences, ""), "error") {
			t.Errorf("%s: %s", v.Name, v.Differences[0])
		}
		if !v.Original.Shown {
			continue
		}
		both := agreed[v.Name]
		shown++
		if both {
			bothShown++
		}
		if len(v.Differences) > 0 {
			t.Logf("%s looks different:\n\t%s", v.Name, strings.Join(v.Differences, "\n\t"))
			continue
		}
		same++
		if both {
			bothSame++
		}
	}
	t.Logf("%s: %d of %d that %s shows look the same; of those that Firefox shows alike %d of %d", moreCases, same, shown, chromium.Version(), bothSame, bothShown)
}

// firefoxColumn reads which cases Firefox shows as Chromium does.
func firefoxColumn(t *testing.T) map[string]bool {
	t.Helper()
	var text []byte
	for _, name := range []string{filepath.Join(filepath.Dir(moreCases), "browser.tsv"), filepath.Clean(moreCases) + ".tsv", filepath.Join(moreCases, "browser.tsv")} {
		body, err := os.ReadFile(name)
		if err == nil {
			text = body
			break
		}
	}
	agreed := map[string]bool{}
	var file, firefox = -1, -1
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if file < 0 {
			file, firefox = slices.Index(fields, "file"), slices.Index(fields, "firefox")
			continue
		}
		if max(file, firefox) < len(fields) && firefox >= 0 {
			agreed[fields[file]] = fields[firefox] == "same"
		}
	}
	if len(agreed) == 0 {
		t.Logf("no table beside %s says what Firefox shows", moreCases)
	}
	return agreed
}
