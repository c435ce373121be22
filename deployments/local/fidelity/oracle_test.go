package fidelity

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calotype/deployments/local/fidelity/cases"
	"calotype/internal/awstest"
	"calotype/internal/hermetic"
	"calotype/worker/decoder"
)

//go:embed testdata/known.tsv
var knownText string

//go:embed testdata/looks.tsv
var looksText string

const document = "../../../docs/fidelity.md"

// The test's environment variables: all cases and Firefox, a folder of further cases, and
// whether to record what browsers show now.
var (
	soak      = os.Getenv("CALOTYPE_SOAK") != ""
	moreCases = os.Getenv("CALOTYPE_CASES")
	record    = os.Getenv("CALOTYPE_RECORD") != ""
)

func TestMain(m *testing.M) {
	hermetic.Isolate()
	code, err := testMain(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func testMain(m *testing.M) (code int, err error) {
	program, err := awstest.Decoder()
	if err != nil {
		return 1, err
	}
	pool, err := decoder.NewPool(context.Background(), decoder.Config{Path: program})
	if err != nil {
		return 1, err
	}
	defer pool.Close()
	decoders = pool
	return m.Run(), nil
}

// A rendition looks as the browser shows its original, except for known differences. A
// tenth of the cases is compared, or all with CALOTYPE_SOAK.
func TestRenditionsLookAsOriginals(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	s := newSite()
	defer s.Close()
	chromium, end, err := startChromium(ctx, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	differences, err := readKnown(knownText)
	if err != nil {
		t.Fatal(err)
	}
	all := cases.All()
	if !soak && !record {
		all = tenth(all)
	}
	start := time.Now()
	verdicts, err := judge(ctx, s, chromium, all)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d cases in %s, %v", len(all), chromium.Version(), time.Since(start).Round(time.Millisecond))
	versions, records, err := readRecords(looksText)
	if err != nil {
		t.Fatal(err)
	}
	if soak || record {
		firefoxVersion := secondOpinion(t, ctx, s, all, verdicts, chromium.Version(), versions, records)
		if record {
			writeDown(t, chromium.Version()+", "+firefoxVersion, verdicts, records)
			return
		}
	}
	release := debian()
	if !slices.Contains(releases, release) {
		t.Logf("known differences are of Debian %s, not of this system: the list is only compared, and differences are not failures", strings.Join(releases, " and "))
	}
	for _, v := range verdicts {
		check(t, v, differences, release, chromium.Version(), versions, records[v.Name])
	}
	if moreCases != "" {
		wider(t, ctx, s, chromium)
	}
}

// tenth selects one case of ten, and one of each class at least.
func tenth(all []cases.Case) []cases.Case {
	var some []cases.Case
	number := map[string]int{}
	for _, c := range all {
		if number[c.Class]%10 == 0 {
			some = append(some, c)
		}
		number[c.Class]++
	}
	return some
}

// check fails for an unknown difference, and for a known one that no longer appears. A
// difference that only another browser version explains is logged.
func check(t *testing.T, v Verdict, differences []known, release, version, versions string, recorded Record) {
	t.Helper()
	_, expected := find(differences, v.Name, release)
	differs := len(v.Differences) > 0
	if differs == expected {
		return
	}
	report := t.Errorf
	text := "looks the same, and is listed in testdata/known.tsv for Debian " + release
	if differs {
		text = "looks different:\n\t" + strings.Join(v.Differences, "\n\t")
	}
	now := recordOf(v.Name, v.Original)
	switch {
	case !slices.Contains(releases, release):
		report = t.Logf
	case !strings.HasPrefix(versions, version+",") && !now.same(recorded):
		report = t.Logf
		text += fmt.Sprintf("\n\tno failure: %s shows the original as %v, and %s as %v", version, now, versions, recorded)
	}
	report("%s %s", v.Name, text)
}

// secondOpinion asks Firefox about the cases that Chromium shows, and compares with the
// record.
func secondOpinion(t *testing.T, ctx context.Context, s *site, all []cases.Case, verdicts []Verdict, chromiumVersion, versions string, records map[string]Record) string {
	t.Helper()
	firefox, end, err := startFirefox(ctx, t.TempDir(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	same, asked := 0, 0
	for i := 0; i < len(all); i += batch {
		var pictures []Picture
		for _, c := range all[i:min(len(all), i+batch)] {
			pictures = append(pictures, Picture{c.Name, c.Body})
		}
		looks, err := s.Look(ctx, firefox, pictures)
		if err != nil {
			t.Fatal(err)
		}
		for j, l := range looks {
			c, r := all[i+j], records[all[i+j].Name]
			opinion := "-"
			if c.Want == nil {
				opinion = "differs"
				asked++
				if agree(verdicts[i+j].Original, l) {
					opinion = "same"
					same++
				}
			}
			if !record && r.Firefox != opinion {
				text := fmt.Sprintf("%s: Firefox %s, the record says %s", c.Name, opinion, r.Firefox)
				if versions == chromiumVersion+", "+firefox.Version() {
					t.Error(text)
				} else {
					t.Log(text + "; no failure: it was made with " + versions)
				}
			}
			r.Firefox = opinion
			records[c.Name] = r
		}
	}
	t.Logf("%s shows %d of %d cases as Chromium does", firefox.Version(), same, asked)
	return firefox.Version()
}

// agree reports whether two browsers show the same, or neither shows anything.
func agree(a, b Look) bool {
	if !a.Shown || !b.Shown {
		return a.Shown == b.Shown
	}
	return len(Differences(a, b, atNatural)) == 0
}

// writeDown records what browsers show, and logs all differences.
func writeDown(t *testing.T, versions string, verdicts []Verdict, records map[string]Record) {
	t.Helper()
	var list []Record
	for _, v := range verdicts {
		r := recordOf(v.Name, v.Original)
		r.Firefox = records[v.Name].Firefox
		list = append(list, r)
	}
	file, err := os.Create(filepath.Join("testdata", "looks.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := writeRecords(file, versions, list); err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		if len(v.Differences) > 0 {
			t.Logf("%s\t%s", v.Name, strings.Join(v.Differences, "\t"))
		}
	}
}

// The table in the documentation matches the record and the list of differences.
func TestTable(t *testing.T) {
	differences, err := readKnown(knownText)
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := os.ReadFile(filepath.Join("testdata", "looks.tsv")) // It may have just been written.
	if err != nil {
		t.Fatal(err)
	}
	versions, records, err := readRecords(string(recorded))
	if err != nil {
		t.Fatal(err)
	}
	all := cases.All()
	for _, c := range all {
		if _, ok := records[c.Name]; !ok {
			t.Errorf("%s is not in testdata/looks.tsv", c.Name)
		}
	}
	if len(records) != len(all) {
		t.Errorf("testdata/looks.tsv has %d cases, there are %d", len(records), len(all))
	}
	for _, k := range differences {
		for _, release := range k.releases {
			if !slices.ContainsFunc(all, func(c cases.Case) bool {
				found, ok := find(differences, c.Name, release)
				return ok && found.cases == k.cases
			}) {
				t.Errorf("testdata/known.tsv: %s on Debian %s is of no case", k.cases, release)
			}
		}
	}
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, got, after := around(t, string(text))
	want := table(versions, all, records, differences)
	switch {
	case got == want:
	case record:
		if err := os.WriteFile(document, []byte(before+want+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table in docs/fidelity.md is out of date: CALOTYPE_RECORD=1 go test -run Table ./fidelity, in deployments/local, writes it")
	}
}

// around splits the document at its table.
func around(t *testing.T, text string) (before, between, after string) {
	t.Helper()
	const start, end = "<!-- table -->\n", "<!-- end of table -->"
	i, j := strings.Index(text, start), strings.Index(text, end)
	if i < 0 || j < i {
		t.Fatal("docs/fidelity.md has no table")
	}
	i += len(start)
	return text[:i], text[i:j], text[j:]
}
