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
	options = append([]func(*s3.Options){func(o *s3.Options) { o.UsePathStyle = true }}, options...)
	return s3.NewFromConfig(load(t), options...)
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

// Put puts an object into a bucket and returns its ETag.
func Put(t testing.TB, bucket, key, contentType string, body []byte) string {
	t.Helper()
	out, err := S3(t).PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, ContentType: &contentType, Body: bytes.NewReader(body),
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.ETag
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

// Waiting returns how many messages of a queue can be received, are in flight, and
// are delayed.
func Waiting(t testing.TB, url string) (visible, inFlight, delayed string) {
	t.Helper()
	return attribute(t, url, "ApproximateNumberOfMessages"),
		attribute(t, url, "ApproximateNumberOfMessagesNotVisible"),
		attribute(t, url, "ApproximateNumberOfMessagesDelayed")
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
