package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"calotype/internal/awstest"
	"calotype/queue"
)

// partial is an SQS server that refuses the chosen messages in batches, with an error code.
type partial struct {
	codes map[string]string
	mu    sync.Mutex
	calls []string // Each call's action and number of messages.
}

func (p *partial) Do(r *http.Request) (*http.Response, error) {
	var in struct {
		ReceiptHandle string
		Entries       []struct{ ID, ReceiptHandle string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	p.mu.Lock()
	p.calls = append(p.calls, fmt.Sprintf("%s %d", action, len(in.Entries)))
	p.mu.Unlock()
	var done, failed []map[string]any
	for i, e := range in.Entries {
		if code := p.codes[fmt.Sprint(i)]; code != "" {
			failed = append(failed, map[string]any{"Id": e.ID, "Code": code, "SenderFault": false})
		} else {
			done = append(done, map[string]any{"Id": e.ID})
		}
	}
	answer, err := json.Marshal(map[string]any{"Successful": done, "Failed": failed})
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(string(answer))),
	}, err
}

// Ten messages are deleted with one call. Failed ones are retried alone, unless their lease
// is lost.
func TestAcknowledgeTogether(t *testing.T) {
	server := &partial{codes: map[string]string{"3": "InternalError", "5": "ReceiptHandleIsInvalid"}}
	client := awstest.SQS(t, func(o *sqs.Options) { o.HTTPClient, o.Retryer = server, aws.NopRetryer{} })
	a := newAcknowledger(queue.New(client, "http://sqs/0/jobs"))
	var mu sync.Mutex
	var retried, lost, failed int
	var all sync.WaitGroup
	for range queue.MaxBatch {
		all.Go(func() {
			again, err := a.delete(t.Context(), queue.Message{ID: "m"})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, queue.ErrLeaseLost):
				lost++
			case err != nil:
				failed++
			case again:
				retried++
			}
		})
	}
	all.Wait()
	if retried != 1 || lost != 1 || failed != 0 {
		t.Errorf("%d retried, %d lost, %d failed, want 1, 1, 0", retried, lost, failed)
	}
	batches := 0
	for _, call := range server.calls {
		if strings.HasPrefix(call, "DeleteMessageBatch") {
			batches++
		}
	}
	if singles := len(server.calls) - batches; batches > 5 || singles != 1 {
		t.Errorf("calls: %q", server.calls)
	}
}

// A delete that no other joins is sent alone after the window.
func TestAcknowledgeAlone(t *testing.T) {
	b := newFixture(t)
	if err := b.jobQueue.Send(t.Context(), "a", 0); err != nil {
		t.Fatal(err)
	}
	messages, err := b.jobQueue.Receive(t.Context(), 1, 5*time.Second, Visibility)
	if err != nil || len(messages) != 1 {
		t.Fatalf("got %v, %v", messages, err)
	}
	if retried, err := b.queues[0].acks.delete(t.Context(), messages[0]); retried || err != nil {
		t.Errorf("got %v, %v", retried, err)
	}
	b.wantDone(t)
}
