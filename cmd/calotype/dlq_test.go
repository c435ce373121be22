package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"calotype"
	"calotype/internal/awstest"
	"calotype/queue"
)

// deadLetters is a dead-letter queue with some dead letters, and the flags that name it.
type deadLetters struct {
	jobsURL, deadURL string
	jobs, dead       *queue.Queue
	flags            []string
}

func newDeadLetters(t *testing.T) *deadLetters {
	t.Helper()
	b := &deadLetters{}
	b.jobsURL, b.deadURL = awstest.Queues(t)
	client := awstest.SQS(t)
	b.jobs, b.dead = queue.New(client, b.jobsURL), queue.New(client, b.deadURL)
	b.flags = []string{"--queue-url=" + b.jobsURL, "--dead-letter-url=" + b.deadURL}
	return b
}

func jobBody(source string) string {
	return calotype.Job{Source: source, Variants: []calotype.Variant{{Preset: "M", Format: calotype.WebP}}}.Encode()
}

func (b *deadLetters) deadLetter(t *testing.T, class string, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		reason := queue.Reason{Class: class, Detail: class + " it is", Attempts: 2, Worker: "host-1", FirstSeen: time.Date(2026, 11, 1, 2, 3, 4, 0, time.UTC)}
		if err := b.dead.DeadLetter(t.Context(), body, reason); err != nil {
			t.Fatal(err)
		}
	}
}

// redrive lets SQS's own redrive policy move a job.
func (b *deadLetters) redrive(t *testing.T, body string) {
	t.Helper()
	if err := b.jobs.Send(t.Context(), body, 0); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		messages, err := b.jobs.Receive(t.Context(), 1, 0, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			if err := b.jobs.Release(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// some sends one or two dead letters for every reason that matters.
func (b *deadLetters) some(t *testing.T) {
	t.Helper()
	b.deadLetter(t, "corrupt", jobBody("cats/a.jpg"), jobBody("cats/b.jpg"), jobBody("dogs/c.jpg"))
	b.deadLetter(t, "too-many-pixels", jobBody("cats/d.jpg"))
	b.deadLetter(t, "malformed-job", "not a job")
	b.redrive(t, jobBody("killer.jpg"))
}

// dlq runs a verb and returns the JSON lines that it printed; the last is the summary. The
// verb must succeed and leave nothing hidden.
func (b *deadLetters) dlq(t *testing.T, args ...string) (lines []map[string]any, last map[string]any) {
	t.Helper()
	code, stdout, stderr := call(t, append(append([]string{"dlq"}, args...), append(b.flags, "--json")...)...)
	if code != exitOK || stderr != "" {
		t.Fatalf("%v: exit code %d, %s", args, code, stderr)
	}
	for line := range strings.Lines(stdout) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, object)
	}
	last = lines[len(lines)-1]
	if last["kind"] != "summary" {
		t.Errorf("%v: the last line is %v", args, last)
	}
	if _, inFlight, _ := awstest.Waiting(t, b.deadURL); inFlight != "0" {
		t.Errorf("%v: %s dead letters are still hidden", args, inFlight)
	}
	return lines[:len(lines)-1], last
}

// left returns the number of dead letters for each reason.
func (b *deadLetters) left(t *testing.T) string {
	t.Helper()
	reasons := map[string]any{}
	lines, _ := b.dlq(t, "list")
	for _, line := range lines {
		reasons[line["reason"].(string)] = line["count"]
	}
	var all []string
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		all = append(all, fmt.Sprintf("%s %v", reason, reasons[reason]))
	}
	return strings.Join(all, ", ")
}

const allOfSome = "corrupt 3, malformed-job 1, redriven 1, too-many-pixels 1"

func TestDLQList(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	b.some(t)
	if got := b.left(t); got != allOfSome {
		t.Errorf("got %s, want %s", got, allOfSome)
	}
	lines, last := b.dlq(t, "list", "--reason=corrupt", "--prefix=cats/")
	if len(lines) != 1 || lines[0]["count"] != 2.0 || lines[0]["sample_id"] == "" || !strings.HasPrefix(lines[0]["sample"].(string), "cats/") {
		t.Errorf("got %v", lines)
	}
	if last["inspected"] != 6.0 || last["chosen"] != 2.0 || last["elsewhere"] != 0.0 {
		t.Errorf("got %v", last)
	}
	code, stdout, stderr := call(t, append([]string{"dlq", "list"}, b.flags...)...)
	for _, want := range []string{"REASON", "corrupt", "3", "redriven", "killer.jpg", "6 dead letters.", "hidden from other receivers", "up to 2m0s longer"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestDLQListEmpty(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	if lines, last := b.dlq(t, "list"); len(lines) != 0 || last["inspected"] != 0.0 {
		t.Errorf("got %v, %v", lines, last)
	}
	if code, stdout, _ := call(t, append([]string{"dlq", "list"}, b.flags...)...); code != exitOK || !strings.HasPrefix(stdout, "0 dead letters.") {
		t.Errorf("got %d, %s", code, stdout)
	}
}

// Dead letters that another receiver holds are not inspected, and the summary says so.
func TestDLQCountsLettersHeldElsewhere(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	b.deadLetter(t, "corrupt", jobBody("a.jpg"), jobBody("b.jpg"))
	messages, err := b.dead.Receive(t.Context(), 1, time.Second, time.Minute)
	if err != nil || len(messages) != 1 {
		t.Fatal(messages, err)
	}
	code, stdout, _ := call(t, append([]string{"dlq", "list"}, b.flags...)...)
	if code != exitOK || !strings.Contains(stdout, "1 dead letter.") || !strings.Contains(stdout, "1 more could not be inspected") {
		t.Errorf("got %d, %s", code, stdout)
	}
}

func TestDLQPurge(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	b.some(t)
	for _, c := range []struct {
		args    []string
		deleted float64
		left    string
	}{
		{[]string{"--prefix=no-such"}, 0, allOfSome},
		{[]string{"--reason=corrupt", "--prefix=dogs/"}, 1, "corrupt 2, malformed-job 1, redriven 1, too-many-pixels 1"},
		{[]string{"--prefix=cats/"}, 3, "malformed-job 1, redriven 1"},
		{[]string{"killer.jpg"}, 1, "malformed-job 1"},
		{[]string{"--all"}, 1, ""},
	} {
		_, last := b.dlq(t, append([]string{"purge", "--yes"}, c.args...)...)
		if last["deleted"] != c.deleted || last["chosen"] != c.deleted {
			t.Errorf("%v: got %v, want %v deleted", c.args, last, c.deleted)
		}
		if got := b.left(t); got != c.left {
			t.Errorf("%v: left is %s, want %s", c.args, got, c.left)
		}
	}
}

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, " YES \n": true, "n\n": false, "\n": false, "": false, "yesterday\n": false} {
		var asked strings.Builder
		if got, err := confirm(t.Context(), strings.NewReader(answer), &asked, "Sure? "); got != want || err != nil || asked.String() != "Sure? " {
			t.Errorf("%q: got %v, %v after %q, want %v", answer, got, err, asked.String(), want)
		}
	}
}

func TestConfirmEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, answer := io.Pipe() // There is no answer.
	defer answer.Close()
	cancel()
	if yes, err := confirm(ctx, in, &strings.Builder{}, "Sure? "); yes || err == nil {
		t.Errorf("got %v, %v", yes, err)
	}
}

func TestDLQMistakes(t *testing.T) {
	q := "http://h/1/q"
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"nothing set":           {[]string{"list"}, []string{"calotype dlq list: --dead-letter-url is missing", "CALOTYPE_DEAD_LETTER_URL"}},
		"replay nothing":        {[]string{"replay", "--rate=0"}, []string{"--dead-letter-url is missing", "--queue-url is missing", "--rate 0: want", "say which dead letters: --reason"}},
		"all and some":          {[]string{"purge", "--all", "--prefix=a", "--dead-letter-url=" + q}, []string{"--all cannot be combined with"}},
		"no terminal to ask on": {[]string{"purge", "--all", "--dead-letter-url=" + q}, []string{"--yes is missing"}},
		"the jobs' queue":       {[]string{"list", "--queue-url=" + q, "--dead-letter-url=" + q}, []string{"--dead-letter-url is the same as --queue-url"}},
		"--hide too short":      {[]string{"show", "--hide=1s", "--limit=0", "--dead-letter-url=" + q}, []string{"--hide 1s: want 10s to 12h0m0s", "--limit 0: want 1"}},
		"not a queue":           {[]string{"list", "--dead-letter-url=dead"}, []string{`--dead-letter-url "dead" is not a queue URL`}},
		"no verb":               {nil, []string{"list, show, replay, purge"}},
		"a time without a unit": {[]string{"list", "--hide=20"}, []string{"--hide (or CALOTYPE_HIDE)", "--dead-letter-url is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := call(t, append([]string{"dlq"}, c.args...)...)
			if code != exitUsage {
				t.Errorf("exit code %d, want %d", code, exitUsage)
			}
			for _, want := range c.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("no %q in\n%s", want, stderr)
				}
			}
		})
	}
}

func TestDLQMissingQueue(t *testing.T) {
	b := newDeadLetters(t)
	code, _, stderr := call(t, "dlq", "replay", "--all", "--queue-url="+b.jobsURL+"-none", "--dead-letter-url="+b.deadURL)
	if code != exitUsage || !strings.Contains(stderr, "--queue-url") || !strings.Contains(stderr, "there is no such queue") {
		t.Errorf("got %d, %s", code, stderr)
	}
}

// A reason that no dead letter has is an error that lists the existing reasons.
func TestDLQUnknownReason(t *testing.T) {
	t.Parallel()
	b := newDeadLetters(t)
	b.some(t)
	const want = "--reason corupt: no dead letter has this reason; there are corrupt, malformed-job, redriven, too-many-pixels"
	for _, verb := range [][]string{{"list"}, {"show"}, {"replay"}, {"purge", "--yes"}} {
		code, _, stderr := call(t, append(append([]string{"dlq"}, append(verb, "--reason=corupt")...), b.flags...)...)
		if code != exitFailure || !strings.Contains(stderr, want) {
			t.Errorf("%s: got %d, %s", verb, code, stderr)
		}
	}
	if got := b.left(t); got != allOfSome {
		t.Errorf("left are %s", got)
	}
}

func TestDLQHelpExplainsHiding(t *testing.T) {
	for _, verb := range []string{"list", "show", "replay", "purge"} {
		if code, stdout, _ := call(t, "dlq", verb, "--help"); code != exitOK || !strings.Contains(stdout, "if it is killed, they reappear after --hide") || !strings.Contains(stdout, "--hide=2m") {
			t.Errorf("%s: got %d, %s", verb, code, stdout)
		}
	}
}
