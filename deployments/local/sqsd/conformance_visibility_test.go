package sqsd_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func checkMessageDelay(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	begin := time.Now()
	_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: aws.String("b"), DelaySeconds: 2})
	if err != nil {
		t.Fatal(err)
	}
	mustReceive(t, c, queue, 20)
	if took := time.Since(begin); took < 1500*time.Millisecond {
		t.Errorf("came after %v, want about 2 s", took)
	}
}

func checkQueueDelay(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, map[string]string{"DelaySeconds": "2"})
	begin := time.Now()
	send(t, c, queue, "b")
	mustReceive(t, c, queue, 20)
	if took := time.Since(begin); took < 1500*time.Millisecond {
		t.Errorf("came after %v, want about 2 s", took)
	}
}

func checkPollWaits(t *testing.T, c *sqs.Client) {
	asked := newQueue(t, c, nil)
	begin := time.Now()
	if m := receive(t, c, asked, 1); m != nil {
		t.Errorf("got %q from an empty queue", *m.Body)
	}
	if took := time.Since(begin); took < 900*time.Millisecond {
		t.Errorf("a poll of 1 s took %v", took)
	}
	configured := newQueue(t, c, map[string]string{"ReceiveMessageWaitTimeSeconds": "1"})
	begin = time.Now()
	if _, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: configured}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 900*time.Millisecond {
		t.Errorf("a poll of the queue's 1 s took %v", took)
	}
}

func checkPollWakes(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	got := make(chan *types.Message)
	begin := time.Now()
	go func() {
		out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue, WaitTimeSeconds: 20})
		if err != nil || len(out.Messages) != 1 {
			t.Errorf("got %v, %v; want one message", out, err)
		}
		close(got)
	}()
	time.Sleep(300 * time.Millisecond) // most likely the poll is waiting by now
	send(t, c, queue, "b")
	<-got
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("the poll ended after %v", took)
	}
}

func checkVisibilityExpires(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, map[string]string{"VisibilityTimeout": "1"})
	send(t, c, queue, "b")
	first := mustReceive(t, c, queue, 20)
	second := mustReceive(t, c, queue, 20)
	if *second.MessageId != *first.MessageId || *second.ReceiptHandle == *first.ReceiptHandle {
		t.Errorf("second receive: message %s, same handle %v; want message %s, another handle",
			*second.MessageId, *second.ReceiptHandle == *first.ReceiptHandle, *first.MessageId)
	}
	if got := second.Attributes["ApproximateReceiveCount"]; got != "2" {
		t.Errorf("ApproximateReceiveCount = %s, want 2", got)
	}
	if got, want := second.Attributes["ApproximateFirstReceiveTimestamp"], first.Attributes["ApproximateFirstReceiveTimestamp"]; got != want {
		t.Errorf("ApproximateFirstReceiveTimestamp = %s, want %s", got, want)
	}
	remove(t, c, queue, second)
	if m := receive(t, c, queue, 2); m != nil {
		t.Error("got the message after its deletion")
	}
}

func checkVisibilityExtended(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, map[string]string{"VisibilityTimeout": "2"})
	send(t, c, queue, "b")
	m := mustReceive(t, c, queue, 20)
	extend(t, c, queue, m, 30)
	if m := receive(t, c, queue, 3); m != nil {
		t.Error("an extended message came back")
	}
}

func checkVisibilityReleased(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	send(t, c, queue, "b")
	extend(t, c, queue, mustReceive(t, c, queue, 20), 0)
	begin := time.Now()
	again := mustReceive(t, c, queue, 20)
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("a released message came after %v", took)
	}
	if got := again.Attributes["ApproximateReceiveCount"]; got != "2" {
		t.Errorf("ApproximateReceiveCount = %s, want 2", got)
	}
}

func checkVisibilityBatch(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	if _, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: queue, Entries: entries(2)}); err != nil {
		t.Fatal(err)
	}
	batch := []types.ChangeMessageVisibilityBatchRequestEntry{{Id: aws.String("bad"), ReceiptHandle: aws.String("garbage")}}
	for body, m := range receiveAll(t, c, queue, 2) {
		batch = append(batch, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(body), ReceiptHandle: m.ReceiptHandle})
	}
	out, err := c.ChangeMessageVisibilityBatch(t.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: queue, Entries: batch})
	if err != nil || len(out.Successful) != 2 || len(out.Failed) != 1 || *out.Failed[0].Code != "ReceiptHandleIsInvalid" {
		t.Fatalf("got %v, %v; want 2 done and 1 failed", out, err)
	}
	receiveAll(t, c, queue, 2)
}

func checkVisibilityRefused(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	send(t, c, queue, "b")
	m := mustReceive(t, c, queue, 20)
	change := func(handle *string, seconds int32) error {
		_, err := c.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{
			QueueUrl: queue, ReceiptHandle: handle, VisibilityTimeout: seconds,
		})
		return err
	}
	if err := change(m.ReceiptHandle, 43201); code(err) != "InvalidParameterValue" {
		t.Errorf("above 12 h: got %v, want InvalidParameterValue", err)
	}
	if err := change(aws.String("garbage"), 1); !is[*types.ReceiptHandleIsInvalid](err) {
		t.Errorf("garbage: got %v, want ReceiptHandleIsInvalid", err)
	}
	remove(t, c, queue, m)
	if err := change(m.ReceiptHandle, 1); code(err) != "InvalidParameterValue" {
		t.Errorf("deleted: got %v, want InvalidParameterValue", err)
	}
}

// deadLetterPair makes a queue that gives up after two receives, and its dead-letter queue.
func deadLetterPair(t *testing.T, c *sqs.Client, visibility string) (queue, dead *string) {
	dead = newQueue(t, c, nil)
	queue = newQueue(t, c, map[string]string{
		"VisibilityTimeout": visibility,
		"RedrivePolicy":     `{"deadLetterTargetArn":"` + attributes(t, c, dead)["QueueArn"] + `","maxReceiveCount":2}`,
	})
	return queue, dead
}

func checkDeadLetters(t *testing.T, c *sqs.Client) {
	queue, dead := deadLetterPair(t, c, "1")
	_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: queue, MessageBody: aws.String("poison"),
		MessageAttributes: map[string]types.MessageAttributeValue{"a": str("v")},
	})
	if err != nil {
		t.Fatal(err)
	}
	first := mustReceive(t, c, queue, 20)
	mustReceive(t, c, queue, 20)
	checkDeadLetter(t, c, queue, dead, first)
}

func checkDeadLettersAfterRelease(t *testing.T, c *sqs.Client) {
	queue, dead := deadLetterPair(t, c, "600")
	send(t, c, queue, "poison")
	first := mustReceive(t, c, queue, 20)
	extend(t, c, queue, first, 0)
	extend(t, c, queue, mustReceive(t, c, queue, 20), 0)
	checkDeadLetter(t, c, queue, dead, first)
}

func checkDeadLetter(t *testing.T, c *sqs.Client, queue, dead *string, want *types.Message) {
	t.Helper()
	if m := receive(t, c, queue, 3); m != nil {
		t.Fatalf("got the message a third time: %v", m.Attributes)
	}
	got := mustReceive(t, c, dead, 20)
	if *got.MessageId != *want.MessageId || *got.Body != *want.Body ||
		aws.ToString(got.MD5OfMessageAttributes) != aws.ToString(want.MD5OfMessageAttributes) {
		t.Errorf("the dead letter is %s %q, want %s %q", *got.MessageId, *got.Body, *want.MessageId, *want.Body)
	}
	if g, w := got.Attributes["SentTimestamp"], want.Attributes["SentTimestamp"]; g != w {
		t.Errorf("SentTimestamp = %s, want %s", g, w)
	}
	if g, w := got.Attributes["DeadLetterQueueSourceArn"], attributes(t, c, queue)["QueueArn"]; g != w {
		t.Errorf("DeadLetterQueueSourceArn = %s, want %s", g, w)
	}
}
