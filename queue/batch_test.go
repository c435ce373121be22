package queue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"calotype/internal/awstest"
)

func TestDeleteBatch(t *testing.T) {
	q, _ := open(t)
	for i := range 3 {
		send(t, q, fmt.Sprint(i))
	}
	var messages []Message
	for len(messages) < 3 {
		messages = append(messages, receive1(t, q))
	}
	messages[1].receipt = "garbage"
	errs := q.DeleteBatch(t.Context(), messages)
	if errs[0] != nil || !errors.Is(errs[1], ErrLeaseLost) || errs[2] != nil {
		t.Errorf("got %v, want the second alone to fail, with %v", errs, ErrLeaseLost)
	}
	if visible, inFlight, delayed := awstest.Waiting(t, q.url); visible+inFlight+delayed != "010" {
		t.Errorf("visible %s, in flight %s, delayed %s, want one in flight", visible, inFlight, delayed)
	}
}

func TestDeleteBatchWithoutResponse(t *testing.T) {
	q := New(awstest.SQS(t), "http://127.0.0.1:1/000000000000/none")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for i, err := range q.DeleteBatch(ctx, []Message{{ID: "a"}, {ID: "b"}}) {
		if err == nil || errors.Is(err, ErrLeaseLost) {
			t.Errorf("%d: got %v", i, err)
		}
	}
}

func TestMaxReceives(t *testing.T) {
	jobs, dead := open(t)
	for name, c := range map[string]struct {
		q    *Queue
		want int
	}{"jobs": {jobs, 5}, "dead letters": {dead, 0}} {
		if got, err := c.q.MaxReceives(t.Context()); err != nil || got != c.want {
			t.Errorf("%s: got %d, %v, want %d", name, got, err, c.want)
		}
	}
	if _, err := New(awstest.SQS(t), jobs.url+"-none").MaxReceives(t.Context()); err == nil {
		t.Error("no error for a queue that is not there")
	}
}

// receive1 receives one of the messages.
func receive1(t *testing.T, q *Queue) Message {
	t.Helper()
	messages, err := q.Receive(t.Context(), 1, 10*time.Second, time.Minute)
	if err != nil || len(messages) != 1 {
		t.Fatalf("got %v, %v, want one message", messages, err)
	}
	return messages[0]
}
