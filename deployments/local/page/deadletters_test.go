package page_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype"
	"calotype/queue"
)

// get decodes the JSON at a path of the page.
func (f *fixture) get(path string, into any) int {
	f.t.Helper()
	response, err := http.Get(f.url + path)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		f.t.Fatal(err)
	}
	return response.StatusCode
}

// deadLetter sends a dead letter for a source.
func (f *fixture) deadLetter(source, class, detail string) {
	f.t.Helper()
	job := calotype.Job{Source: source, Variants: []calotype.Variant{{Preset: "M"}}}
	if err := f.dead.DeadLetter(f.t.Context(), job.Encode(), queue.Reason{Class: class, Detail: detail, Attempts: 1, Worker: "w", FirstSeen: time.Now()}); err != nil {
		f.t.Fatal(err)
	}
}

type lettered struct {
	Total   int
	Error   string
	Letters []struct{ ID, Key, Class, Detail, Remedy string }
}

func TestDeadLettersAreReplayed(t *testing.T) {
	s := serve(t)
	s.deadLetter("broken.jpg", "too-many-pixels", "300 megapixels")
	if err := s.dead.Send(t.Context(), "not a job", 0); err != nil {
		t.Fatal(err)
	}
	var got lettered
	if s.get("/-/dead-letters", &got); got.Total != 2 {
		t.Fatalf("got %+v", got)
	}
	ids := map[string]string{}
	for _, l := range got.Letters {
		ids[l.Class] = l.ID
		if l.Class == "too-many-pixels" && (l.Key != "broken.jpg" || l.Detail != "300 megapixels" || !strings.Contains(l.Remedy, "--max-pixels")) {
			t.Errorf("got %+v", l)
		}
	}
	post := func(id string, headers ...string) (int, string) {
		response, answer := s.call(http.MethodPost, "/-/dead-letters/"+id, nil, headers...)
		return response.StatusCode, answer.Error
	}
	if status, _ := post(ids["too-many-pixels"], "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
		t.Errorf("another site got %d", status)
	}
	if status, problem := post(ids["too-many-pixels"]); status != http.StatusOK {
		t.Errorf("got %d %s", status, problem)
	}
	if status, _ := post(ids["too-many-pixels"]); status != http.StatusNotFound {
		t.Errorf("a second time: got %d", status)
	}
	if status, problem := post(ids["no-reason"]); status != http.StatusConflict || !strings.Contains(problem, "not a job") {
		t.Errorf("not a job: got %d %s", status, problem)
	}
	messages, err := s.jobs.Receive(t.Context(), 1, time.Second, time.Minute)
	if err != nil || len(messages) != 1 || !strings.Contains(messages[0].Body, "broken.jpg") {
		t.Errorf("the jobs are %v, %v", messages, err)
	}
}

// The reason of a kept copy has the detail that the worker recorded for this class.
func TestReasonOfAKeptCopy(t *testing.T) {
	s := serve(t)
	key := "resized/.failed/folder/broken.jpg"
	_, err := s.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader([]byte(`{"class":"corrupt","detail":"no SOI"}`)), ContentType: aws.String("application/json")})
	if err != nil {
		t.Fatal(err)
	}
	type reason struct{ Class, Detail, Remedy string }
	for path, want := range map[string]reason{
		"/-/failures/folder/broken.jpg?class=corrupt": {"corrupt", "no SOI", "Upload the picture again: nothing in this file can be decoded."},
		"/-/failures/folder/other.jpg?class=as-is":    {"as-is", "", "Nothing: the original is smaller than a rendition of the same format would be, and has no metadata."},
	} {
		var got reason
		if status := s.get(path, &got); status != http.StatusOK || got != want {
			t.Errorf("%s: got %d %+v, want %+v", path, status, got, want)
		}
	}
}

// Every reason of the runbook has a remedy on the page.
func TestRemedies(t *testing.T) {
	s := serve(t)
	runbook, err := os.ReadFile(filepath.Join(here, "../../../docs/dead-letters.md"))
	if err != nil {
		t.Fatal(err)
	}
	classes := 0
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z-]+`[^|]*) \\| (picture|permanent|transient|unknown) ").FindAllStringSubmatch(string(runbook), -1) {
		for _, name := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(row[1], -1) {
			classes++
			var got struct{ Remedy string }
			if s.get("/-/failures/a.jpg?class="+name[1], &got); got.Remedy == "" {
				t.Errorf("no remedy for %s", name[1])
			}
		}
	}
	if classes < 20 {
		t.Errorf("only %d classes in the runbook", classes)
	}
}

// The stream has the depths of the queues and the jobs of the log, old and new.
func TestStreamOfJobs(t *testing.T) {
	s := serve(t)
	write := func(source string) {
		for _, line := range []string{`{"message":"worker starts"}`, `{"message":"job","outcome":"done","source":"` + source + `"}`} {
			if n, err := s.journal.Write([]byte(line + "\n")); err != nil || n != len(line)+1 {
				t.Fatal(n, err)
			}
		}
	}
	write("old.jpg")
	stream := s.events()
	var jobs []struct{ Source, Outcome string }
	if stream.next("jobs", &jobs); len(jobs) != 1 || jobs[0].Source != "old.jpg" {
		t.Errorf("got %+v", jobs)
	}
	var queues []struct {
		Queue            string
		Waiting, Running int
	}
	if stream.next("queues", &queues); len(queues) != 2 || queues[0].Queue != "jobs" || queues[1].Waiting != 0 {
		t.Errorf("got %+v", queues)
	}
	write("new.jpg")
	if stream.next("jobs", &jobs); len(jobs) != 1 || jobs[0].Source != "new.jpg" || jobs[0].Outcome != "done" {
		t.Errorf("got %+v", jobs)
	}
	s.deadLetter("broken.jpg", "corrupt", "")
	if stream.next("queues", &queues); queues[1].Waiting != 1 {
		t.Errorf("got %+v", queues)
	}
	// A journal holds the latest jobs only.
	for range 300 {
		write("many.jpg")
	}
	if s.events().next("jobs", &jobs); len(jobs) != 200 {
		t.Errorf("a new page gets %d jobs", len(jobs))
	}
}
