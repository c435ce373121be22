package main

import (
	"context"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"calotype/internal/awstest"
	"calotype/queue"
)

// startEdge starts an edge in front of a worker's bucket and queue. It returns the
// addresses of the pictures and of the metrics.
func startEdge(t *testing.T, w process) (pictures, admin string, log *awstest.Log) {
	t.Helper()
	program, err := awstest.Build("calotype", "cmd/calotype")
	if err != nil {
		t.Fatal(err)
	}
	log = &awstest.Log{}
	cmd := exec.Command(program, "edge", "--bucket", w.bucket, "--queue-url", w.jobs, "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0")
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // It may have ended before.
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log)
		}
	})
	awstest.Eventually(t, time.Minute, "the edge serves", func() bool { return log.Count("edge serves") > 0 })
	_, rest, _ := strings.Cut(log.String(), `"address":"`)
	address, _, _ := strings.Cut(rest, `"`)
	return "http://" + address, adminURL(log), log
}

func get(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	response, body, err := awstest.Ask(t, http.MethodGet, url, header...)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// A picture's path appears in the metrics and, by its request id, in the logs of both
// programs.
func TestFollowOnePicture(t *testing.T) {
	w := startWorker(t)
	pictures, edge, edgeLog := startEdge(t, w)
	awstest.Put(t, w.bucket, "kitty.jpg", awstest.Photo(t, 600, 400, 1), awstest.Headers{ContentType: "image/jpeg"})
	const request = "request-of-this-test"
	get(t, pictures+"/kitty.jpg?size=S", "X-Amz-Cf-Id", request)
	awstest.Eventually(t, time.Minute, "the rendition is there", func() bool {
		r, _ := get(t, pictures+"/kitty.jpg?size=S")
		return r.Header.Get("X-Calotype") == "rendition"
	})
	awstest.Eventually(t, time.Minute, "both name the request", func() bool {
		return edgeLog.Count(`"message":"enqueue"`, `"request":"`+request+`"`) == 1 &&
			w.log.Count(`"message":"job"`, `"request":"`+request+`"`, `"outcome":"done"`) == 1
	})
	_, text := get(t, w.admin+"/metrics")
	samples := awstest.ParseSamples(t, strings.NewReader(text))
	samples.Want(t, awstest.Samples{
		`calotype_jobs_total{class="",outcome="done"}`: 1,
		"calotype_miss_to_rendition_seconds_count":     1,
		`calotype_job_age_seconds_count{queue="jobs"}`: 1,
		"calotype_ready": 1,
		`calotype_queue_messages{queue="dead",state="visible"}`: 0,
	})
	_, text = get(t, edge+"/metrics")
	awstest.ParseSamples(t, strings.NewReader(text)).Want(t, awstest.Samples{
		`calotype_enqueues_total{result="sent"}`: 1,
		"calotype_ready":                         1,
		"calotype_healthy":                       1,
	})
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := httpStatus(t, edge+path); got != http.StatusOK {
			t.Errorf("%s: got %d", path, got)
		}
	}
}

// The served metrics are those of docs/operations.md, and vice versa.
func TestMetricsAreDocumented(t *testing.T) {
	w := startWorker(t)
	_, edge, _ := startEdge(t, w)
	served := map[string]string{}
	for who, url := range map[string]string{"worker": w.admin, "edge": edge} {
		_, text := get(t, url+"/metrics")
		for name, kind := range families(text) {
			if served[name] != "" {
				kind, who := served[name][:strings.Index(served[name], " | ")], "both"
				served[name] = kind + " | " + who
				continue
			}
			served[name] = kind + " | " + who
		}
	}
	documented := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `([a-z_*]+)(?:\\{([a-z_,]+)\\})?` \\| (\\w+) \\| (\\w+) \\|")
	for _, m := range row.FindAllStringSubmatch(section(t, "Metrics"), -1) {
		documented[m[1]] = m[3] + "{" + m[2] + "} | " + m[4]
	}
	if len(documented) < 10 {
		t.Fatalf("only %d rows in the table", len(documented))
	}
	for _, name := range slices.Sorted(maps.Keys(served)) {
		if documented[name] != served[name] {
			t.Errorf("%s: the document says %q, it is %q", name, documented[name], served[name])
		}
	}
	for name := range documented {
		if served[name] == "" {
			t.Errorf("%s is documented and not served", name)
		}
	}
}

// families returns the type and labels of each metric. Metrics of Go and of the system are
// grouped as one each.
func families(text string) map[string]string {
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\w+) (\w+)$`).FindAllStringSubmatch(text, -1) {
		name, kind := m[1], m[2]
		if prefix, _, _ := strings.Cut(name, "_"); prefix == "go" || prefix == "process" {
			found[prefix+"_*"] = "various{}"
			continue
		}
		labels := ""
		if sample := regexp.MustCompile(`(?m)^` + name + `(?:_bucket)?\{([^}]*)\}`).FindStringSubmatch(text); sample != nil {
			for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(sample[1], -1) {
				if label[1] != "le" {
					labels += "," + label[1]
				}
			}
		}
		found[name] = kind + "{" + strings.TrimPrefix(labels, ",") + "}"
	}
	return found
}

// section returns the text under a heading of docs/operations.md.
func section(t *testing.T, heading string) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(doc), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("docs/operations.md has no section %q", heading)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

// A queue that does not respond delays the scrape no longer than its timeout, and the
// failure is counted.
func TestQueueDepthTimeout(t *testing.T) {
	jobs, _ := awstest.Queues(t)
	client := awstest.SQS(t)
	d := newQueueDepth(map[string]*queue.Queue{
		"jobs": queue.New(client, jobs),
		"dead": queue.New(client, jobs+"-that-is-not-there"),
	})
	if err := queue.New(client, jobs).Send(context.Background(), "{}", 0); err != nil {
		t.Fatal(err)
	}
	for range 3 { // One call is enough.
		got := awstest.Scrape(t, d)
		got.Want(t, awstest.Samples{
			`calotype_queue_messages{queue="jobs",state="visible"}`: 1,
			`calotype_queue_messages{queue="jobs",state="leased"}`:  0,
			`calotype_queue_count_failures_total{queue="jobs"}`:     0,
			`calotype_queue_count_failures_total{queue="dead"}`:     1,
		})
		if _, ok := got[`calotype_queue_messages{queue="dead",state="visible"}`]; ok {
			t.Error("an unknown value is reported as a number")
		}
	}
}
