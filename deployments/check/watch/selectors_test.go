package watch

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	text     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	ranges   = regexp.MustCompile(`\[[^\]]*\]`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)`)
	selector = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)(\s*\(|\{[^}]*\})?`)
	words    = []string{"and", "or", "unless", "bool", "offset"}
)

// selectors returns what an expression reads: metric names and label matchers.
func selectors(expression string) []string {
	// Quoted text is masked while brackets are searched.
	var quoted []string
	e := text.ReplaceAllStringFunc(expression, func(s string) string {
		quoted = append(quoted, s)
		return `""`
	})
	e = grouping.ReplaceAllString(ranges.ReplaceAllString(e, ""), "")
	var found []string
	for _, m := range selector.FindAllStringSubmatch(e, -1) {
		name, rest := m[1], m[2]
		if strings.HasSuffix(rest, "(") || slices.Contains(words, name) {
			continue
		}
		for strings.Contains(rest, `""`) {
			rest = strings.Replace(rest, `""`, "\x00"+quoted[0][1:len(quoted[0])-1]+"\x00", 1)
			quoted = quoted[1:]
		}
		found = append(found, name+strings.ReplaceAll(rest, "\x00", `"`))
	}
	return found
}

func TestSelectors(t *testing.T) {
	for expression, want := range map[string][]string{
		`absent(a_total{job="x and y"} == 1)`:                                   {`a_total{job="x and y"}`},
		`sum by (le) (rate(a_bucket[5m])) / sum(b) > 0.1`:                       {"a_bucket", "b"},
		`max(a{q="[{",s!="v"}) > 0 and sum(increase(b_total{c="d"}[10m])) == 0`: {`a{q="[{",s!="v"}`, `b_total{c="d"}`},
		`a > on (instance) group_left() 4 / 3 * b`:                              {"a", "b"},
		`up == 0 or a`: {"up", "a"},
	} {
		if got := selectors(expression); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", expression, got, want)
		}
	}
}
