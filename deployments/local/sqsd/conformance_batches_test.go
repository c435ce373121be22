package sqsd_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// entries returns n messages "body-0", "body-1" and so on.
func entries(n int) (all []types.SendMessageBatchRequestEntry) {
	for i := range n {
		all = append(all, types.SendMessageBatchRequestEntry{
			Id: aws.String(fmt.Sprint("id-", i)), MessageBody: aws.String(fmt.Sprint("body-", i)),
		})
	}
	return all
}

// receiveAll receives n messages, in as many calls as needed.
func receiveAll(t *testing.T, c *sqs.Client, queue *string, n int) map[string]types.Message {
	t.Helper()
	all := map[string]types.Message{}
	for end := time.Now().Add(30 * time.Second); len(all) < n && time.Now().Before(end); {
		out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 5,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			all[*m.Body] = m
		}
	}
	if len(all) != n {
		t.Fatalf("received %d messages, want %d", len(all), n)
	}
	return all
}

func checkBatches(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, map[string]string{"VisibilityTimeout": "5"})
	sent, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: queue, Entries: entries(10)})
	if err != nil {
		t.Fatal(err)
	}
	if len(sent.Successful) != 10 || len(sent.Failed) != 0 {
		t.Fatalf("sent %d, failed %v; want 10 and none", len(sent.Successful), sent.Failed)
	}
	ids := map[string]string{}
	for _, e := range sent.Successful {
		ids[strings.Replace(*e.Id, "id", "body", 1)] = *e.MessageId
	}
	var gone []types.DeleteMessageBatchRequestEntry
	for body, m := range receiveAll(t, c, queue, 10) {
		if *m.MessageId != ids[body] {
			t.Errorf("%s has the id %s, want %s", body, *m.MessageId, ids[body])
		}
		gone = append(gone, types.DeleteMessageBatchRequestEntry{Id: aws.String(body), ReceiptHandle: m.ReceiptHandle})
	}
	deleted, err := c.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: queue, Entries: gone})
	if err != nil || len(deleted.Successful) != 10 || len(deleted.Failed) != 0 {
		t.Errorf("deleted = %v, %v; want 10", deleted, err)
	}
}

func checkBatchPartlyFailed(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	three := entries(3)
	three[1].MessageBody = aws.String("bell\a")
	sent, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: queue, Entries: three})
	if err != nil {
		t.Fatal(err)
	}
	if len(sent.Successful) != 2 || len(sent.Failed) != 1 {
		t.Fatalf("sent %d and failed %d, want 2 and 1", len(sent.Successful), len(sent.Failed))
	}
	if f := sent.Failed[0]; *f.Id != "id-1" || *f.Code != "InvalidMessageContents" || !f.SenderFault {
		t.Errorf("failed = %s %s, sender's fault %v", *f.Id, *f.Code, f.SenderFault)
	}
	var gone []types.DeleteMessageBatchRequestEntry
	for body, m := range receiveAll(t, c, queue, 2) {
		gone = append(gone, types.DeleteMessageBatchRequestEntry{Id: aws.String(body), ReceiptHandle: m.ReceiptHandle})
	}
	gone = append(gone, types.DeleteMessageBatchRequestEntry{Id: aws.String("bad"), ReceiptHandle: aws.String("garbage")})
	deleted, err := c.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: queue, Entries: gone})
	if err != nil || len(deleted.Successful) != 2 || len(deleted.Failed) != 1 {
		t.Fatalf("deleted = %v, %v; want 2, and 1 failed", deleted, err)
	}
	if f := deleted.Failed[0]; *f.Id != "bad" || *f.Code != "ReceiptHandleIsInvalid" || !f.SenderFault {
		t.Errorf("failed = %s %s, sender's fault %v", *f.Id, *f.Code, f.SenderFault)
	}
}

func checkBatchRefused(t *testing.T, c *sqs.Client) {
	queue := newQueue(t, c, nil)
	half := aws.String(strings.Repeat("x", maxMessage/2))
	same, odd, large := entries(2), entries(1), entries(3)
	same[1].Id = same[0].Id
	odd[0].Id = aws.String("not an id")
	large[0].MessageBody, large[1].MessageBody = half, half
	for name, tt := range map[string]struct {
		entries []types.SendMessageBatchRequestEntry
		want    func(error) bool
	}{
		"empty":    {[]types.SendMessageBatchRequestEntry{}, is[*types.EmptyBatchRequest]},
		"eleven":   {entries(11), is[*types.TooManyEntriesInBatchRequest]},
		"same ids": {same, is[*types.BatchEntryIdsNotDistinct]},
		"odd id":   {odd, is[*types.InvalidBatchEntryId]},
		"too long": {large, is[*types.BatchRequestTooLong]},
	} {
		_, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: queue, Entries: tt.entries})
		if !tt.want(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := c.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{
		QueueUrl: queue, Entries: []types.DeleteMessageBatchRequestEntry{},
	})
	if !is[*types.EmptyBatchRequest](err) {
		t.Errorf("delete nothing: got %v, want EmptyBatchRequest", err)
	}
}
