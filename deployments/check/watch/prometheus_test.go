package watch

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"calotype/internal/awstest"
)

// run starts a program that is killed at the end of the test.
func run(t *testing.T, program string, args ...string) (*exec.Cmd, *awstest.Log) {
	t.Helper()
	log := &awstest.Log{}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(program), log)
		}
	})
	return cmd, log
}

// logged waits for a field in a program's log.
func logged(t *testing.T, log *awstest.Log, field string) (value string) {
	t.Helper()
	pattern := regexp.MustCompile(`"` + field + `":"([^"]+)"`)
	awstest.Eventually(t, time.Minute, field+" is logged", func() bool {
		if m := pattern.FindStringSubmatch(log.String()); m != nil {
			value = m[1]
		}
		return value != ""
	})
	return value
}

// server is a Prometheus.
type server struct{ url string }

// startPrometheus starts a server with the delivered configuration. Only the targets
// differ, and the intervals, which are shorter for the test.
func startPrometheus(t *testing.T, worker, edge string) server {
	t.Helper()
	folder := t.TempDir()
	for _, name := range append(files(t, false), "prometheus.yml") {
		content, err := os.ReadFile(filepath.Join(rulesFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "prometheus.yml" {
			content = []byte(strings.NewReplacer(
				`"worker-1.internal:9090", "worker-2.internal:9090"`, strconv.Quote(worker),
				`"edge-1.internal:9090"`, strconv.Quote(edge), "interval: 15s", "interval: 1s").Replace(string(content)))
			if strings.Contains(string(content), "internal") || strings.Contains(string(content), "15s") {
				t.Fatalf("not made one for tests:\n%s", content)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	run(t, tool(t, "prometheus"), "--config.file="+filepath.Join(folder, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(folder, "data"),
		"--web.listen-address="+address, "--log.level=warn")
	s := server{"http://" + address}
	awstest.Eventually(t, time.Minute, "Prometheus has scraped both, more than once", func() bool {
		response, err := http.Get(s.url + "/-/ready")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK && len(s.ask(t, "count_over_time(calotype_ready[1m]) > 2")) == 2
	})
	return s
}

// sample is one of a query's results.
type sample struct {
	Metric map[string]string
	Value  [2]any
}

func (s sample) String() string { return fmt.Sprintf("%v %v", s.Metric, s.Value[1]) }

// ask evaluates an expression now. It leaves out values that are not a number.
func (s server) ask(t *testing.T, expression string) []sample {
	t.Helper()
	response, err := http.PostForm(s.url+"/api/v1/query", url.Values{"query": {expression}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Status, Error string
		Data          struct{ Result []sample }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	if answer.Status != "success" {
		t.Errorf("%s: %s", expression, answer.Error)
	}
	var samples []sample
	for _, r := range answer.Data.Result {
		if r.Value[1] != "NaN" {
			samples = append(samples, r)
		}
	}
	return samples
}

// firing returns the alerts whose condition holds now, with the results.
func (s server) firing(t *testing.T) map[string][]sample {
	t.Helper()
	firing := map[string][]sample{}
	for name, expression := range alerts(t) {
		if samples := s.ask(t, expression); len(samples) > 0 {
			firing[name] = samples
		}
	}
	return firing
}

// wantSoundRules checks what the server reports about the rules.
func (s server) wantSoundRules(t *testing.T) {
	t.Helper()
	response, err := http.Get(s.url + "/api/v1/rules")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	sound := 0
	for _, group := range answer.Data.Groups {
		for _, rule := range group.Rules {
			if rule.Health != "ok" {
				t.Errorf("%s: %s: %s", rule.Name, rule.Health, rule.LastError)
			}
			sound++
		}
	}
	if sound != len(alerts(t)) {
		t.Errorf("the server has %d rules, want %d", sound, len(alerts(t)))
	}
}

func wantRinging(t *testing.T, s server, when string, want ...string) {
	t.Helper()
	got := s.firing(t)
	for _, name := range want {
		if got[name] == nil {
			t.Errorf("%s: %s does not fire", when, name)
		}
		delete(got, name)
	}
	for name, samples := range got {
		t.Errorf("%s: %s fires: %v", when, name, samples)
	}
}

// A Prometheus with the delivered rules scrapes a worker and an edge under load. Every
// metric that alerts and dashboard read is served, every panel has data, and the alerts are
// silent until something is wrong.
func TestPrometheusScrapesAWorkerAndAnEdge(t *testing.T) {
	calotype, err := awstest.Build("calotype", "cmd/calotype")
	if err != nil {
		t.Fatal(err)
	}
	bucket := awstest.Bucket(t)
	jobs, dead := awstest.Queues(t)
	place := []string{"--bucket=" + bucket, "--queue-url=" + jobs, "--admin-listen=127.0.0.1:0"}
	worker, workerLog := run(t, calotype, append([]string{"worker", "--dead-letter-url=" + dead, "--memory=256MiB"}, place...)...)
	_, edgeLog := run(t, calotype, append([]string{"edge", "--listen=127.0.0.1:0"}, place...)...)
	prometheus := startPrometheus(t, logged(t, workerLog, "admin"), logged(t, edgeLog, "admin"))
	pictures := "http://" + logged(t, edgeLog, "address")

	load(t, pictures, bucket, 20)
	settled := func(what, expression string) {
		t.Helper()
		awstest.Eventually(t, time.Minute, what, func() bool { return len(prometheus.ask(t, expression)) > 0 })
	}
	settled("jobs and responses are counted", `sum(calotype_jobs_total{outcome="done"}) >= 20 and sum(calotype_responses_total{state="rendition"}) > 20`)
	settled("the queue is reported as empty", `max(calotype_queue_messages{queue="jobs",state="visible"}) == 0`)
	wantRinging(t, prometheus, "everything is healthy")

	awstest.Put(t, bucket, "broken.jpg", []byte("no picture"), awstest.Headers{ContentType: "image/jpeg"})
	view(t, pictures+"/broken.jpg?size=M")
	settled("the dead letter is counted", `max(calotype_queue_messages{queue="dead",state="visible"}) > 0`)
	wantRinging(t, prometheus, "a picture is broken", "CalotypeDeadLetters")

	prometheus.wantSoundRules(t)
	for name, expression := range alerts(t) {
		for _, s := range selectors(expression) {
			if len(prometheus.ask(t, s)) == 0 {
				t.Errorf("%s reads %s, which no process serves", name, s)
			}
		}
	}
	for title, expressions := range panels(t) {
		for _, expression := range expressions {
			got := prometheus.ask(t, strings.ReplaceAll(expression, "$__rate_interval", "1m"))
			if len(got) == 0 {
				t.Errorf("%s: no data for %s", title, expression)
			}
			t.Logf("%-28s %v", title, got)
		}
	}

	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait() // It reports that it was killed.
	settled("the worker has ended", `up{job="calotype-worker"} == 0`)
	wantRinging(t, prometheus, "the worker was killed", "CalotypeNoWorkers", "CalotypeNotReady")
}

// load requests pictures, each until its rendition exists.
func load(t *testing.T, pictures, bucket string, n int) {
	t.Helper()
	for i := range n {
		key := fmt.Sprintf("%02d.jpg", i)
		awstest.Put(t, bucket, key, awstest.Photo(t, 900, 600, i), awstest.Headers{ContentType: "image/jpeg"})
		view(t, pictures+"/"+key+"?size=M&to_webp=1")
		view(t, pictures+"/"+key)
	}
	view(t, pictures+"/none.jpg")
	for i := range n {
		url := fmt.Sprintf("%s/%02d.jpg?size=M&to_webp=1", pictures, i)
		awstest.Eventually(t, time.Minute, url+" is a rendition", func() bool { return view(t, url) == "rendition" })
		view(t, strings.Replace(url, "size=M", "size=S", 1)) // A sibling of the requested variant.
	}
}

// view requests a picture as a viewer does and returns the X-Calotype state of the
// response.
func view(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.Header.Get("X-Calotype")
}
