package sqsd_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// TestManyConsumers has 32 consumers share 10,000 messages while they are sent: each
// message must arrive exactly once. It is not parallel, since it would starve tests that
// depend on the clock.
func TestManyConsumers(t *testing.T) {
	const messages, consumers, producers = manyMessages, 32, 4
	c := start(t)
	queue := newQueue(t, c, map[string]string{"VisibilityTimeout": "3600"})

	var all sync.WaitGroup
	for p := range producers {
		all.Go(func() {
			for first := p * messages / producers; first < (p+1)*messages/producers; first += 10 {
				batch := entries(10)
				for i := range batch {
					batch[i].MessageBody = aws.String(fmt.Sprint(first + i))
				}
				out, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: queue, Entries: batch})
				if err != nil || len(out.Failed) > 0 {
					t.Error(out, err)
					return
				}
			}
		})
	}
	var mu sync.Mutex
	times := map[string]int{}
	var left atomic.Int64
	left.Store(messages)
	for range consumers {
		all.Go(func() {
			for left.Load() > 0 && !t.Failed() {
				out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
					QueueUrl: queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 1,
				})
				if err != nil {
					t.Error(err)
					return
				}
				if len(out.Messages) == 0 {
					continue
				}
				var gone []types.DeleteMessageBatchRequestEntry
				mu.Lock()
				for i, m := range out.Messages {
					times[*m.Body]++
					gone = append(gone, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
				}
				mu.Unlock()
				left.Add(-int64(len(gone)))
				deleted, err := c.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: queue, Entries: gone})
				if err != nil || len(deleted.Failed) > 0 {
					t.Error(deleted, err)
				}
			}
		})
	}
	all.Wait()
	if len(times) != messages {
		t.Errorf("%d messages came, want %d", len(times), messages)
	}
	for body, n := range times {
		if n != 1 {
			t.Errorf("message %s came %d times", body, n)
		}
	}
	if got := attributes(t, c, queue); got["ApproximateNumberOfMessages"] != "0" || got["ApproximateNumberOfMessagesNotVisible"] != "0" {
		t.Errorf("left over: %v", got)
	}
}
