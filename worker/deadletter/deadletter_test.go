package deadletter

import (
	"strings"
	"testing"
	"time"

	"calotype"
	"calotype/internal/hermetic"
	"calotype/queue"
)

func TestMain(m *testing.M) { hermetic.Main(m) }

func letter(id, class, source string) Letter {
	m := queue.Message{ID: id, Body: "no job", Attributes: map[string]string{"Class": class}}
	if source != "" {
		m.Body = calotype.Job{Source: source, Variants: []calotype.Variant{{Preset: "M"}}}.Encode()
	}
	return Read(m)
}

func TestFilter(t *testing.T) {
	corrupt := letter("1", "corrupt", "cats/kitty.jpg")
	broken := letter("2", "malformed-job", "")
	for name, c := range map[string]struct {
		filter          Filter
		corrupt, broken bool
	}{
		"all":                 {Filter{}, true, true},
		"by reason":           {Filter{Classes: []string{"forbidden", "corrupt"}}, true, false},
		"by prefix":           {Filter{Prefix: "cats/"}, true, false},
		"by another prefix":   {Filter{Prefix: "dogs/"}, false, false},
		"by key":              {Filter{Which: []string{"cats/kitty.jpg"}}, true, false},
		"by id":               {Filter{Which: []string{"x", "2"}}, false, true},
		"no job by empty key": {Filter{Which: []string{""}}, false, false},
		"all must match":      {Filter{Which: []string{"1"}, Classes: []string{"malformed-job"}}, false, false},
	} {
		if got := c.filter.chooses(corrupt); got != c.corrupt {
			t.Errorf("%s: chooses the picture: %v", name, got)
		}
		if got := c.filter.chooses(broken); got != c.broken {
			t.Errorf("%s: chooses a body that is not a job: %v", name, got)
		}
	}
}

func TestReadWithoutAReason(t *testing.T) {
	body := calotype.Job{Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M"}}}.Encode()
	for want, m := range map[string]queue.Message{
		ClassRedriven: {Body: body, Receives: 6, MovedFrom: "arn:aws:sqs:us-east-1:1:jobs"},
		ClassNone:     {Body: body},
	} {
		if l := Read(m); l.Reason.Class != want || l.Malformed != nil || l.Job.Source != "kitty.jpg" {
			t.Errorf("got %+v, want the class %s", l, want)
		}
	}
}

// An event that the redrive policy moved is read as the job that a worker would have made
// of it: it can be found by its key, and replayed.
func TestReadAnEvent(t *testing.T) {
	event := calotype.Event{Name: "ObjectCreated:Put", Bucket: "pictures", Key: "a b.jpg"}.Encode()
	for body, want := range map[string]string{event: "a b.jpg", strings.Replace(event, "a+b", "../b", 1): "", `{"Records":[]}`: ""} {
		l := Read(queue.Message{Body: body, MovedFrom: "arn:aws:sqs:us-east-1:1:events"})
		if l.Job.Source != want || l.Job.Reconcile != (want != "") || (l.Malformed == nil) != (want != "") {
			t.Errorf("%s: got %+v, %v", body, l.Job, l.Malformed)
		}
	}
}

func TestTally(t *testing.T) {
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var tally Tally
	for i, l := range []Letter{letter("1", "forbidden", "a.jpg"), letter("2", "corrupt", "b.jpg"), letter("3", "corrupt", "c.jpg"), letter("4", "corrupt", "d.jpg")} {
		l.Sent = day.AddDate(0, 0, (i+2)%4)
		tally.add(l)
	}
	got := tally.Groups()
	want := []Group{
		{"corrupt", 3, day, day.AddDate(0, 0, 3), "b.jpg", "2"},
		{"forbidden", 1, day.AddDate(0, 0, 2), day.AddDate(0, 0, 2), "a.jpg", "1"},
	}
	if tally.Total != 4 || len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %d, %+v, want %+v", tally.Total, got, want)
	}
}

// A replayed job starts with no attempts, days or dead letter.
func TestReplayedJobIsNew(t *testing.T) {
	got := calotype.Job{
		Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M"}}, Quality: 70, Exact: true, Reconcile: true,
		Request: "r-1", Attempt: 9, FirstSeen: time.Now(), DeadLettered: true, Unknown: 2,
	}.Replayed().Encode()
	want := calotype.Job{
		Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M"}}, Quality: 70, Exact: true, Reconcile: true, Again: true,
	}.Encode()
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The workers may be faster than the replay. A job that fails again while the replay runs
// must neither be merged with the earlier letter nor be sent endlessly.
func TestReplayKeepsJobsThatFailAgain(t *testing.T) {
	out := sender{dryRun: true, sent: map[string]*delivery{}}
	first := letter("1", "corrupt", "kitty.jpg")
	failed := Read(queue.Message{ID: "2", Body: first.Job.Replayed().Encode()})
	retriedAndFailed := failed
	retriedAndFailed.Job.Attempt = 3
	for i, c := range []struct {
		letter Letter
		want   Outcome
	}{
		{first, Sent}, {letter("3", "corrupt", "kitty.jpg"), Merged}, {failed, Returned}, {retriedAndFailed, Returned},
		{letter("4", "corrupt", "another.jpg"), Sent}, {letter("5", "malformed-job", ""), Skipped},
	} {
		if got, err := out.deliver(t.Context(), c.letter); got != c.want || err != nil {
			t.Errorf("%d: got %q, %v, want %q", i, got, err, c.want)
		}
	}
}

// Dead letters of the first builds are read, and are listed under today's reasons.
func TestRecordedDeadLetters(t *testing.T) {
	for name, c := range map[string]struct {
		class, body string
		want        string
		job         calotype.Job
	}{
		"a class that was renamed": {
			"kills-workers", `{"v":1,"source":"kitty.jpg","variants":["M"]}`, "poison-message",
			calotype.Job{Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M"}}},
		},
		"a retry with its dead letter": {
			"corrupt", `{"v":1,"source":"kitty.jpg","variants":["M.webp"],"attempt":2,"first_seen":"2026-11-01T02:03:04Z","buried":true}`, "corrupt",
			calotype.Job{
				Source: "kitty.jpg", Variants: []calotype.Variant{{Preset: "M", Format: calotype.WebP}},
				Attempt: 2, FirstSeen: time.Date(2026, 11, 1, 2, 3, 4, 0, time.UTC), DeadLettered: true,
			},
		},
	} {
		l := Read(queue.Message{ID: "1", Body: c.body, Attributes: map[string]string{
			"Class": c.class, "Detail": "a line", "Attempts": "3", "Worker": "host-1", "FirstSeen": "2026-11-01T02:03:04Z",
		}})
		if l.Reason.Class != c.want || l.Reason.Detail != "a line" || l.Reason.Attempts != 3 || l.Reason.Worker != "host-1" || l.Reason.FirstSeen.IsZero() {
			t.Errorf("%s: got %+v", name, l.Reason)
		}
		if l.Malformed != nil || l.Job.Encode() != c.job.Encode() {
			t.Errorf("%s: got %+v, %v", name, l.Job, l.Malformed)
		}
	}
}

// A message that the redrive policy moved has been tried, but how often is not known, since
// reading the letter counts as a receive.
func TestRedrivenHasNoAttempts(t *testing.T) {
	l := Read(queue.Message{ID: "1", Body: "{}", Receives: 9, MovedFrom: "arn:aws:sqs:us-east-1:1:jobs"})
	if l.Reason.Class != ClassRedriven || l.Reason.Attempts != 0 {
		t.Errorf("got %+v", l.Reason)
	}
}
