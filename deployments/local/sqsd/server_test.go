package sqsd_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"calotype/deployments/local/sqsd"
	"calotype/queue"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

const (
	accessKey = "AKIDLOCAL"
	secretKey = "local/secret+key"
	region    = "us-east-1"
)

func open(t testing.TB, path string) *sqsd.Server {
	t.Helper()
	s, err := sqsd.Open(sqsd.Config{Path: path, AccessKey: accessKey, SecretKey: secretKey, Region: region})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// serve serves with the handler until the test ends.
func serve(t testing.TB, h http.Handler, s *sqsd.Server) *sqs.Client {
	t.Helper()
	front := httptest.NewServer(h)
	t.Cleanup(func() {
		s.Drain()
		front.Close()
	})
	return client(front.URL)
}

func start(t testing.TB) *sqs.Client {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "queues.db"))
	return serve(t, s, s)
}

func client(endpoint string, with ...func(*sqs.Options)) *sqs.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	return sqs.New(sqs.Options{
		BaseEndpoint:     aws.String(endpoint),
		Region:           region,
		Credentials:      credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		HTTPClient:       queue.WholeResponses{Client: &http.Client{Transport: transport}},
		RetryMaxAttempts: 1,
	}, with...)
}

func newName() string { return "conformance-" + rand.Text() }

// newQueue makes a queue with a unique name, and deletes it when the test ends.
func newQueue(t testing.TB, c *sqs.Client, attributes map[string]string) *string {
	t.Helper()
	out, err := c.CreateQueue(context.Background(), &sqs.CreateQueueInput{QueueName: aws.String(newName()), Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := c.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl})
		if _, gone := errors.AsType[*types.QueueDoesNotExist](err); err != nil && !gone {
			t.Error(err)
		}
	})
	return out.QueueUrl
}

func send(t testing.TB, c *sqs.Client, queue *string, body string) *sqs.SendMessageOutput {
	t.Helper()
	out, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &body})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// receive polls for one message with all its attributes; it returns nil if there is none.
func receive(t testing.TB, c *sqs.Client, queue *string, wait int32) *types.Message {
	t.Helper()
	out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: queue, WaitTimeSeconds: wait,
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Messages) == 0 {
		return nil
	}
	return &out.Messages[0]
}

// mustReceive polls for a message that must arrive.
func mustReceive(t testing.TB, c *sqs.Client, queue *string, wait int32) *types.Message {
	t.Helper()
	m := receive(t, c, queue, wait)
	if m == nil {
		t.Fatalf("no message within %d s", wait)
	}
	return m
}

func extend(t testing.TB, c *sqs.Client, queue *string, m *types.Message, seconds int32) {
	t.Helper()
	_, err := c.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{
		QueueUrl: queue, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, c *sqs.Client, queue *string, m *types.Message) {
	t.Helper()
	_, err := c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: m.ReceiptHandle})
	if err != nil {
		t.Fatal(err)
	}
}

// attributes returns all attributes of the queue.
func attributes(t testing.TB, c *sqs.Client, queue *string) map[string]string {
	t.Helper()
	out, err := c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: queue, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes
}

// code returns SQS's name for the error, or "".
func code(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return fmt.Sprintf("not an API error: %v", err)
}

// is reports whether an error is of one of the SDK's types.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
