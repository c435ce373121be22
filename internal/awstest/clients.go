package awstest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func load(t testing.TB) aws.Config {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// S3 returns a client for the S3 server.
func S3(t testing.TB, options ...func(*s3.Options)) *s3.Client {
	t.Helper()
	ours := func(o *s3.Options) {
		o.UsePathStyle = true
		o.DisableLogOutputChecksumValidationSkipped = true
	}
	return s3.NewFromConfig(load(t), append([]func(*s3.Options){ours}, options...)...)
}

// SQS returns a client for the SQS server.
func SQS(t testing.TB, options ...func(*sqs.Options)) *sqs.Client {
	t.Helper()
	return sqs.NewFromConfig(load(t), options...)
}

// Bucket makes an empty bucket.
func Bucket(t testing.TB) string {
	t.Helper()
	name := "b-" + strings.ToLower(rand.Text())
	if _, err := S3(t).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	return name
}

// Headers are the headers with which an object is put.
type Headers struct {
	ContentType, CacheControl string
	ContentDisposition        string
	Metadata                  map[string]string
}

// Put puts an object into a bucket and returns its ETag.
func Put(t testing.TB, bucket, key string, body []byte, h Headers) string {
	t.Helper()
	out, err := S3(t).PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(body),
		ContentType: &h.ContentType, CacheControl: &h.CacheControl, Metadata: h.Metadata,
		ContentDisposition: nonEmpty(h.ContentDisposition),
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.ETag
}

// Drain receives and deletes all messages that can be received now, and returns their
// bodies.
func Drain(t testing.TB, url string) []string {
	t.Helper()
	client := SQS(t)
	var bodies []string
	for {
		out, err := client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return bodies
		}
		for _, m := range out.Messages {
			bodies = append(bodies, *m.Body)
			if _, err := client.DeleteMessage(context.Background(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Queues makes an empty queue for jobs, whose messages go to the second after five
// receives.
func Queues(t testing.TB) (jobs, dead string) {
	t.Helper()
	dead = queue(t, nil)
	arn := attribute(t, dead, "QueueArn")
	redrive, err := json.Marshal(map[string]string{"deadLetterTargetArn": arn, "maxReceiveCount": "5"})
	if err != nil {
		t.Fatal(err)
	}
	return queue(t, map[string]string{"RedrivePolicy": string(redrive)}), dead
}

func queue(t testing.TB, attributes map[string]string) string {
	t.Helper()
	name := "q-" + rand.Text()
	out, err := SQS(t).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	return *out.QueueUrl
}

// Waiting returns how many messages of a queue are visible, in flight, and delayed.
func Waiting(t testing.TB, url string) (visible, inFlight, delayed string) {
	t.Helper()
	names := []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed,
	}
	// In one call: between two a message could change from one count to the other.
	out, err := SQS(t).GetQueueAttributes(context.Background(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: names})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes[string(names[0])], out.Attributes[string(names[1])], out.Attributes[string(names[2])]
}

func attribute(t testing.TB, url, name string) string {
	t.Helper()
	out, err := SQS(t).GetQueueAttributes(context.Background(), &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeName(name)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes[name]
}

// nonEmpty returns nil for an empty string, so that it is not sent.
func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
