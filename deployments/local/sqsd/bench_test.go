package sqsd_test

import (
	"runtime/debug"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// BenchmarkCycle sends, receives and deletes a message, in a request each, from many
// goroutines. The client does more than half of the work.
func BenchmarkCycle(b *testing.B) { benchmark(b, 1, cycle) }

// BenchmarkBatch does the same with ten messages in each request.
func BenchmarkBatch(b *testing.B) { benchmark(b, 10, cycleBatch) }

func benchmark(b *testing.B, messages int, cycle func(*testing.B, *sqs.Client, *string)) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // most of the garbage is the client's
	c := start(b)
	queue := newQueue(b, c, nil)
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			cycle(b, c, queue)
		}
	})
	b.ReportMetric(float64(b.N*messages)/b.Elapsed().Seconds(), "messages/s")
}

func cycle(b *testing.B, c *sqs.Client, queue *string) {
	body := strings.Repeat("x", 300)
	_, err := c.SendMessage(b.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &body})
	if err != nil {
		b.Error(err)
		return
	}
	got, err := c.ReceiveMessage(b.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue, WaitTimeSeconds: 10})
	if err != nil || len(got.Messages) != 1 {
		b.Error(got, err)
		return
	}
	_, err = c.DeleteMessage(b.Context(), &sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: got.Messages[0].ReceiptHandle})
	if err != nil {
		b.Error(err)
	}
}

func cycleBatch(b *testing.B, c *sqs.Client, queue *string) {
	batch := entries(10)
	for i := range batch {
		batch[i].MessageBody = aws.String(strings.Repeat("x", 300))
	}
	_, err := c.SendMessageBatch(b.Context(), &sqs.SendMessageBatchInput{QueueUrl: queue, Entries: batch})
	if err != nil {
		b.Error(err)
		return
	}
	got, err := c.ReceiveMessage(b.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 10})
	if err != nil || len(got.Messages) == 0 {
		b.Error(got, err)
		return
	}
	var gone []types.DeleteMessageBatchRequestEntry
	for i, m := range got.Messages {
		gone = append(gone, types.DeleteMessageBatchRequestEntry{Id: batch[i].Id, ReceiptHandle: m.ReceiptHandle})
	}
	_, err = c.DeleteMessageBatch(b.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: queue, Entries: gone})
	if err != nil {
		b.Error(err)
	}
}
