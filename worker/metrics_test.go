package worker

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"calotype"
	"calotype/internal/awstest"
	"calotype/worker/failure"
)

func TestMetricsOfJobs(t *testing.T) {
	b := newFixture(t)
	source := jpegOf(t, photo(300, 200))
	b.put(t, "good.jpg", source)
	b.put(t, "bad.jpg", []byte("no picture"))
	before := awstest.Scrape(t, b.Worker)
	b.do(t, job("good.jpg", "XS"))
	b.do(t, job("good.jpg", "XS"))
	b.do(t, job("bad.jpg", "XS"))
	b.do(t, job("none.jpg", "XS"))
	b.do(t, "no job")
	after := awstest.Scrape(t, b.Worker)

	jobs := func(outcome, class string) string {
		return `calotype_jobs_total{class="` + class + `",outcome="` + outcome + `"}`
	}
	if _, ok := before[jobs("rejected", "poison-message")]; !ok {
		t.Error("a counter without events is missing instead of zero")
	}
	renditions := after["calotype_renditions_total"]
	after.Want(t, awstest.Samples{
		jobs("done", ""):                                1,
		jobs("current", ""):                             1,
		jobs("source-missing", ""):                      1,
		jobs("rejected", "unsupported-format"):          1,
		jobs("rejected", "malformed-job"):               1,
		jobs("rejected", "corrupt"):                     0,
		"calotype_source_bytes_total":                   float64(len(source) + len("no picture")),
		"calotype_miss_to_rendition_seconds_count":      2, // The fallback copy is one.
		`calotype_job_age_seconds_count{queue="jobs"}`:  4, // The sender of a message that is not a job is unknown.
		`calotype_job_stage_seconds_count{stage="get"}`: 2,
		`calotype_slots{queue="jobs"}`:                  2,
		`calotype_slots_used{queue="jobs"}`:             0,
		"calotype_memory_budget_bytes":                  float64(b.Memory),
		"calotype_memory_budget_used_bytes":             0,
		"calotype_jobs_waiting_for_memory":              0,
	})
	if renditions < 2 || after["calotype_rendition_bytes_total"] == 0 {
		t.Errorf("renditions %v, bytes %v", renditions, after["calotype_rendition_bytes_total"])
	}
	for name := range after {
		if strings.Contains(name, "good.jpg") || strings.Contains(name, "none.jpg") {
			t.Errorf("%s: keys are unbounded and must not be labels", name)
		}
		if _, ok := before[name]; !ok {
			t.Errorf("%s appeared only with its first event", name)
		}
	}
}

// The slots and memory that a job holds are visible while it runs.
func TestMetricsOfRunningJobs(t *testing.T) {
	var during awstest.Samples
	var b *fixture
	b = newFixture(t, func(r *http.Request) *http.Response {
		if r.Method == http.MethodPut && during == nil {
			during = awstest.Scrape(t, b.Worker)
		}
		return nil
	})
	b.put(t, "good.jpg", jpegOf(t, photo(300, 200)))
	b.do(t, job("good.jpg", "XS"))
	during.Want(t, awstest.Samples{`calotype_slots_used{queue="jobs"}`: 1})
	if during["calotype_memory_budget_used_bytes"] <= 0 {
		t.Error("no memory in use")
	}
}

// A retried job did not wait in the queue: it was hidden there.
func TestAgeIsOfFirstMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, nil)
		sent := time.Now()
		fresh := calotype.Job{Source: "none.jpg", Variants: []calotype.Variant{{Preset: "XS"}}}
		again := fresh
		again.FirstSeen, again.Attempt = sent.Add(-time.Minute).UTC(), 1
		b.queue.send(fresh.Encode())
		b.queue.send(again.Encode())
		time.Sleep(7 * time.Second)
		stop := b.run(t)
		time.Sleep(time.Second)
		if _, err := stop(); err != nil {
			t.Error(err)
		}
		awstest.Scrape(t, b.Worker).Want(t, awstest.Samples{
			`calotype_jobs_total{class="",outcome="source-missing"}`: 2,
			`calotype_job_age_seconds_count{queue="jobs"}`:           1,
			`calotype_job_age_seconds_bucket{le="5",queue="jobs"}`:   0,
			`calotype_job_age_seconds_bucket{le="10",queue="jobs"}`:  1,
		})
	})
}

// Every class has a kind.
func TestEveryClassHasAKind(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "failure/kind.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		class, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		found[class] = true
		if _, ok := failure.Classes[class]; !ok {
			t.Errorf("%s has no kind", class)
		}
		return true
	})
	if len(found) != len(failure.Classes) || len(found) < 20 {
		t.Errorf("%d classes are constants, and %d have a kind", len(found), len(failure.Classes))
	}
}

// Every outcome exists from the start.
func TestEveryOutcomeIsCounted(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "attempt.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	samples := awstest.Scrape(t, newFixture(t).Worker)
	found := 0
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "outcome" {
			return true
		}
		name, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		found++
		class := ""
		if name == string(rejected) {
			class = failure.Internal
		}
		if _, ok := samples[`calotype_jobs_total{class="`+class+`",outcome="`+name+`"}`]; !ok {
			t.Errorf("%s does not exist before its first event", name)
		}
		return true
	})
	if found < 8 {
		t.Fatalf("found %d outcomes", found)
	}
}

// The runbook's table has each class with its kind, and no others.
func TestEveryClassIsInTheRunbook(t *testing.T) {
	runbook, err := os.ReadFile("../docs/dead-letters.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z`, -]+`) \\| (unknown|transient|permanent|picture) \\|").FindAllSubmatch(runbook, -1) {
		for _, name := range regexp.MustCompile("`([a-z-]+)`").FindAllSubmatch(row[1], -1) {
			documented[string(name[1])] = string(row[2])
		}
	}
	for class, kind := range failure.Classes {
		if documented[class] != kind.String() {
			t.Errorf("docs/dead-letters.md has the kind %q for %s, the code %q", documented[class], class, kind)
		}
	}
	if len(documented) != len(failure.Classes) {
		t.Errorf("%d classes are documented, the code has %d", len(documented), len(failure.Classes))
	}
}
