package sqsd_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calotype/deployments/local/sqsd"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// The following tests are for this server only: counts are exact, polls wake promptly, and
// an old receipt handle is rejected.

func TestCounts(t *testing.T) {
	t.Parallel()
	c := start(t)
	queue := newQueue(t, c, nil)
	want := func(step string, visible, inFlight, delayed int) {
		t.Helper()
		a := attributes(t, c, queue)
		got := fmt.Sprint(a["ApproximateNumberOfMessages"], " ", a["ApproximateNumberOfMessagesNotVisible"], " ",
			a["ApproximateNumberOfMessagesDelayed"])
		if w := fmt.Sprint(visible, " ", inFlight, " ", delayed); got != w {
			t.Errorf("%s: visible, in flight, delayed = %s, want %s", step, got, w)
		}
	}
	batch := entries(6)
	batch[5].DelaySeconds = 900
	if _, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: queue, Entries: batch}); err != nil {
		t.Fatal(err)
	}
	want("sent", 5, 0, 1)
	a, b := mustReceive(t, c, queue, 0), mustReceive(t, c, queue, 0)
	want("two received", 3, 2, 1)
	extend(t, c, queue, a, 0)
	want("one released", 4, 1, 1)
	remove(t, c, queue, b)
	want("the other deleted", 4, 0, 1)
	if _, err := c.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: queue}); err != nil {
		t.Fatal(err)
	}
	want("purged", 0, 0, 0)
}

func TestPollWakes(t *testing.T) {
	t.Parallel()
	c := start(t)
	for name, tt := range map[string]struct {
		begin    func(queue *string) // before the poll
		later    func(queue *string) // while it waits
		earliest time.Duration
	}{
		"send": {
			later: func(queue *string) { send(t, c, queue, "b") },
		},
		"visibility": {
			begin: func(queue *string) {
				send(t, c, queue, "b")
				extend(t, c, queue, mustReceive(t, c, queue, 0), 1)
			},
			earliest: time.Second,
		},
		"visibility shortened": {
			begin: func(queue *string) {
				send(t, c, queue, "b")
				m := mustReceive(t, c, queue, 0)
				time.AfterFunc(200*time.Millisecond, func() { extend(t, c, queue, m, 0) })
			},
		},
		"delay": {
			begin: func(queue *string) {
				in := &sqs.SendMessageInput{QueueUrl: queue, MessageBody: aws.String("b"), DelaySeconds: 1}
				if _, err := c.SendMessage(t.Context(), in); err != nil {
					t.Error(err)
				}
			},
			earliest: time.Second,
		},
		"dead letter": {
			later: func(queue *string) {
				source := newQueue(t, c, map[string]string{
					"VisibilityTimeout": "0",
					"RedrivePolicy":     `{"deadLetterTargetArn":"` + attributes(t, c, queue)["QueueArn"] + `","maxReceiveCount":1}`,
				})
				send(t, c, source, "b")
				mustReceive(t, c, source, 0)
				receive(t, c, source, 0)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue := newQueue(t, c, nil)
			begin := time.Now()
			if tt.begin != nil {
				tt.begin(queue)
			}
			if tt.later != nil {
				time.AfterFunc(200*time.Millisecond, func() { tt.later(queue) })
			}
			mustReceive(t, c, queue, 20)
			if took := time.Since(begin); took < tt.earliest-100*time.Millisecond || took > tt.earliest+2*time.Second {
				t.Errorf("woke after %v, want %v", took, tt.earliest)
			}
		})
	}
}

func TestOldHandle(t *testing.T) {
	t.Parallel()
	c := start(t)
	queue := newQueue(t, c, nil)
	send(t, c, queue, "b")
	old := mustReceive(t, c, queue, 0)
	extend(t, c, queue, old, 0)
	_, err := c.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{
		QueueUrl: queue, ReceiptHandle: old.ReceiptHandle, VisibilityTimeout: 60,
	})
	if !is[*types.MessageNotInflight](err) {
		t.Errorf("extend a visible message: got %v, want MessageNotInflight", err)
	}
	owned := mustReceive(t, c, queue, 0)
	_, err = c.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{
		QueueUrl: queue, ReceiptHandle: old.ReceiptHandle, VisibilityTimeout: 0,
	})
	if code(err) != "InvalidParameterValue" {
		t.Errorf("release another's message: got %v, want InvalidParameterValue", err)
	}
	remove(t, c, queue, old)
	if got := attributes(t, c, queue)["ApproximateNumberOfMessagesNotVisible"]; got != "1" {
		t.Errorf("in flight = %s, want 1: the old handle took the message from its owner", got)
	}
	remove(t, c, queue, owned)
	if got := attributes(t, c, queue)["ApproximateNumberOfMessagesNotVisible"]; got != "0" {
		t.Errorf("in flight = %s, want 0", got)
	}
	other := newQueue(t, c, nil)
	_, err = c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: other, ReceiptHandle: owned.ReceiptHandle})
	if !is[*types.ReceiptHandleIsInvalid](err) {
		t.Errorf("handle of another queue: got %v, want ReceiptHandleIsInvalid", err)
	}
}

// TestDeadLetterCounts checks that a moved message keeps its count, and that the second
// queue counts from zero for its own policy.
func TestDeadLetterCounts(t *testing.T) {
	t.Parallel()
	c := start(t)
	last := newQueue(t, c, nil)
	policy := func(target *string) map[string]string {
		return map[string]string{
			"VisibilityTimeout": "0",
			"RedrivePolicy":     `{"deadLetterTargetArn":"` + attributes(t, c, target)["QueueArn"] + `","maxReceiveCount":2}`,
		}
	}
	second := newQueue(t, c, policy(last))
	first := newQueue(t, c, policy(second))
	send(t, c, first, "poison")
	count := 0
	for i, queue := range []*string{first, second} {
		for range 2 {
			count++
			if got := mustReceive(t, c, queue, 0).Attributes["ApproximateReceiveCount"]; got != fmt.Sprint(count) {
				t.Errorf("queue %d: ApproximateReceiveCount = %s, want %d", i, got, count)
			}
		}
		if m := receive(t, c, queue, 0); m != nil {
			t.Errorf("queue %d: got the message a third time", i)
		}
	}
	if got := mustReceive(t, c, last, 0).Attributes["ApproximateReceiveCount"]; got != "5" {
		t.Errorf("last queue: ApproximateReceiveCount = %s, want 5", got)
	}
}

func TestRedriveAllowPolicy(t *testing.T) {
	t.Parallel()
	c := start(t)
	friend := newQueue(t, c, nil)
	redrive := func(queue, dead *string) error {
		_, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
			QueueUrl: queue, Attributes: map[string]string{
				"RedrivePolicy": `{"deadLetterTargetArn":"` + attributes(t, c, dead)["QueueArn"] + `","maxReceiveCount":2}`,
			},
		})
		return err
	}
	for name, tt := range map[string]struct {
		policy           string
		friend, stranger string
	}{
		"all":   {`{"redrivePermission":"allowAll"}`, "", ""},
		"none":  {`{"redrivePermission":"denyAll"}`, "InvalidParameterValue", "InvalidParameterValue"},
		"named": {`{"redrivePermission":"byQueue","sourceQueueArns":["` + attributes(t, c, friend)["QueueArn"] + `"]}`, "", "InvalidParameterValue"},
	} {
		dead := newQueue(t, c, map[string]string{"RedriveAllowPolicy": tt.policy})
		if got := code(redrive(friend, dead)); got != tt.friend {
			t.Errorf("%s: friend got %q, want %q", name, got, tt.friend)
		}
		if got := code(redrive(newQueue(t, c, nil), dead)); got != tt.stranger {
			t.Errorf("%s: stranger got %q, want %q", name, got, tt.stranger)
		}
	}
}

func TestListQueuesPages(t *testing.T) {
	t.Parallel()
	c := start(t)
	for i := range 5 {
		_, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(fmt.Sprint("page-", i))})
		if err != nil {
			t.Fatal(err)
		}
	}
	newQueue(t, c, nil)
	var got []string
	pages := sqs.NewListQueuesPaginator(c, &sqs.ListQueuesInput{MaxResults: aws.Int32(2), QueueNamePrefix: aws.String("page-")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.QueueUrls {
			got = append(got, u[len(u)-1:])
		}
	}
	if s := strings.Join(got, ""); s != "01234" {
		t.Errorf("listed %s, want 01234", s)
	}
}

func TestUnsupported(t *testing.T) {
	t.Parallel()
	c := start(t)
	queue := newQueue(t, c, nil)
	_, fifo := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("a.fifo")})
	_, sse := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: queue, Attributes: map[string]string{"KmsMasterKeyId": "k"},
	})
	for name, err := range map[string]error{"FIFO queues": fifo, "KmsMasterKeyId": sse} {
		if !is[*types.UnsupportedOperation](err) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want UnsupportedOperation by that name", name, err)
		}
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "queues.db"))
	entered := make(chan bool, 1)
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "ReceiveMessage") {
			entered <- true
		}
		s.ServeHTTP(w, r)
	}), s)
	queue := newQueue(t, c, nil)
	begin := time.Now()
	go func() {
		<-entered
		s.Drain()
	}()
	for range 2 { // one that may already wait, and a later one
		if m := receive(t, c, queue, 20); m != nil {
			t.Errorf("got %q", *m.Body)
		}
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("drained polls took %v", took)
	}
}

func TestOpenRefused(t *testing.T) {
	t.Parallel()
	good := sqsd.Config{Path: filepath.Join(t.TempDir(), "queues.db"), AccessKey: accessKey, SecretKey: secretKey, Region: region}
	open(t, good.Path)
	taken, nowhere, secretless := good, good, good
	nowhere.Path = filepath.Join(t.TempDir(), "absent", "queues.db")
	secretless.SecretKey = ""
	for want, cfg := range map[string]sqsd.Config{"locked": taken, "no such file": nowhere, "secret key": secretless} {
		s, err := sqsd.Open(cfg)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error about %q", err, want)
		}
	}
}
