package cases

import (
	"bytes"
	"slices"
	"testing"
)

func TestCases(t *testing.T) {
	all, again := All(), All()
	if len(all) < 300 {
		t.Errorf("%d cases, want 300 at least", len(all))
	}
	size, used := 0, map[string]bool{}
	for i, c := range all {
		if !bytes.Equal(c.Body, again[i].Body) {
			t.Errorf("%s: not the same bytes twice", c.Name)
		}
		if len(c.Body) > 200_000 {
			t.Errorf("%s: %d bytes", c.Name, len(c.Body))
		}
		if !slices.ContainsFunc(Classes, func(k Class) bool { return k.Name == c.Class }) {
			t.Errorf("%s: class %q is not listed", c.Name, c.Class)
		}
		size += len(c.Body)
		used[c.Class] = true
	}
	for _, k := range Classes {
		if !used[k.Name] {
			t.Errorf("class %s has no cases", k.Name)
		}
	}
	t.Logf("%d cases in %d classes, %d kB", len(all), len(used), size/1000)
}
