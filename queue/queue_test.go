package queue

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"calotype/internal/awstest"
)

func TestMain(m *testing.M) { awstest.Main(m) }

func open(t *testing.T) (jobs, dead *Queue) {
	jobsURL, deadURL := awstest.Queues(t)
	client := awstest.SQS(t, func(o *sqs.Options) { o.HTTPClient = WholeResponses{o.HTTPClient} })
	return New(client, jobsURL), New(client, deadURL)
}

func send(t *testing.T, q *Queue, body string) {
	t.Helper()
	if err := q.Send(t.Context(), body, 0); err != nil {
		t.Fatal(err)
	}
}

// receive expects exactly one message.
func receive(t *testing.T, q *Queue, visibility time.Duration) Message {
	t.Helper()
	messages, err := q.Receive(t.Context(), 10, 10*time.Second, visibility)
	if err != nil {
		t.Fatal(err)
	}
	if len(messages) != 1 {
		t.Fatalf("%d messages, want 1", len(messages))
	}
	return messages[0]
}

func empty(t *testing.T, q *Queue) {
	t.Helper()
	if messages, err := q.Receive(t.Context(), 10, 0, time.Minute); err != nil || len(messages) != 0 {
		t.Errorf("got %v, %v, want no message", messages, err)
	}
}

func TestSendReceiveDelete(t *testing.T) {
	q, _ := open(t)
	send(t, q, `{"key":"été"}`)
	m := receive(t, q, time.Minute)
	if m.Body != `{"key":"été"}` || m.Receives != 1 || time.Since(m.Sent).Abs() > time.Hour {
		t.Errorf("got %+v", m)
	}
	empty(t, q) // It is leased.
	if err := q.Delete(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if visible, inFlight, delayed := awstest.Waiting(t, q.url); visible+inFlight+delayed != "000" {
		t.Errorf("visible %s, in flight %s, delayed %s after the delete", visible, inFlight, delayed)
	}
}

func TestReleaseCountsAsAReceive(t *testing.T) {
	q, _ := open(t)
	send(t, q, "a")
	for want := 1; want <= 3; want++ {
		m := receive(t, q, time.Minute)
		if m.Receives != want {
			t.Errorf("got %d receives, want %d", m.Receives, want)
		}
		if err := q.Release(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRedriveAfterFiveReceives(t *testing.T) {
	q, dead := open(t)
	send(t, q, "kills workers")
	for range 5 {
		if err := q.Release(t.Context(), receive(t, q, time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	empty(t, q)
	if m := receive(t, dead, time.Minute); m.Body != "kills workers" || ReasonOf(m) != (Reason{}) {
		t.Errorf("got %+v", m)
	}
}

func TestExtend(t *testing.T) {
	q, _ := open(t)
	send(t, q, "a")
	m := receive(t, q, time.Second)
	if err := q.Extend(t.Context(), m, time.Minute); err != nil {
		t.Fatal(err)
	}
	// A poll of two seconds outlasts the extended lease.
	if messages, err := q.Receive(t.Context(), 1, 2*time.Second, time.Minute); err != nil || len(messages) != 0 {
		t.Errorf("got %v, %v: the lease was not extended", messages, err)
	}
}

func TestLostLease(t *testing.T) {
	q, _ := open(t)
	send(t, q, "a")
	m := receive(t, q, time.Minute)
	if err := q.Delete(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if err := q.Extend(t.Context(), m, time.Minute); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("extend: got %v, want %v", err, ErrLeaseLost)
	}
}

func TestDelay(t *testing.T) {
	q, _ := open(t)
	if err := q.Send(t.Context(), "later", time.Hour); err != nil { // At most 15 minutes.
		t.Fatal(err)
	}
	if visible, _, delayed := awstest.Waiting(t, q.url); visible != "0" || delayed != "1" {
		t.Errorf("visible %s, delayed %s", visible, delayed)
	}
}

func TestDeadLetter(t *testing.T) {
	_, dead := open(t)
	want := Reason{
		Class: "corrupt", Detail: "pngload: été", Attempts: 2, Worker: "host-1",
		FirstSeen: time.Date(2026, 11, 1, 2, 3, 4, 0, time.UTC),
	}
	if err := dead.DeadLetter(t.Context(), "as it came", want); err != nil {
		t.Fatal(err)
	}
	m := receive(t, dead, time.Minute)
	if got := ReasonOf(m); m.Body != "as it came" || got != want {
		t.Errorf("got %q %+v, want %+v", m.Body, got, want)
	}
}

func TestDeadLetterWithRefusedCharacters(t *testing.T) {
	_, dead := open(t)
	if err := dead.DeadLetter(t.Context(), "{", Reason{Class: "malformed-job", Detail: "a\x00b\x1bc\n"}); err != nil {
		t.Fatal(err)
	}
	if got := ReasonOf(receive(t, dead, time.Minute)); got.Detail != "a b c " {
		t.Errorf("got %q", got.Detail)
	}
}

// A server with low latency responds before net/http has finished the request.
func TestLargeResponsesAreComplete(t *testing.T) {
	q, _ := open(t)
	body := strings.Repeat("x", 2000)
	for range 100 {
		for range 10 {
			send(t, q, body)
		}
		messages, err := q.Receive(t.Context(), 10, time.Second, time.Minute)
		if err != nil || len(messages) != 10 {
			t.Fatalf("got %d messages, %v", len(messages), err)
		}
	}
}

func TestErrorsSayWhatWasAttempted(t *testing.T) {
	q := New(awstest.SQS(t), "http://127.0.0.1:1/000000000000/none")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Send(ctx, "a", 0); err == nil || !strings.HasPrefix(err.Error(), "send: ") {
		t.Errorf("got %v", err)
	}
}
