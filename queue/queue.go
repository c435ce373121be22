// Package queue accesses Amazon SQS. It sends and receives messages, extends and ends their
// leases, and sends failed ones to a dead-letter queue. It does not know what a message
// means, and it does not decide when to do any of this.
//
// A received message is leased: hidden from others until its visibility timeout ends,
// unless it is extended, released or deleted before. Delivery is at least once.
package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// The bounds that SQS sets.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const (
	MaxBatch = 10
	MaxDelay = 15 * time.Minute
	MaxWait  = 20 * time.Second
)

// ErrLeaseLost is the error for a message that the caller no longer leases: its visibility
// timeout ended, or it was deleted.
var ErrLeaseLost = errors.New("lease lost")

// Queue is one SQS queue.
type Queue struct {
	client *sqs.Client
	url    string
}

// New returns the queue at a URL.
func New(client *sqs.Client, url string) *Queue {
	return &Queue{client, url}
}

// Message is a received message.
type Message struct {
	ID   string
	Body string
	// Receives counts how often it was received, this time included.
	Receives int
	// Sent is when it was sent.
	Sent time.Time
	// Attributes are the string attributes that it was sent with.
	Attributes map[string]string
	// MovedFrom is the ARN of the queue whose redrive policy moved it here, if one did.
	MovedFrom string

	receipt string
}

// Send sends a message that becomes visible after the delay, at most [MaxDelay].
func (q *Queue) Send(ctx context.Context, body string, delay time.Duration) error {
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:     &q.url,
		MessageBody:  &body,
		DelaySeconds: seconds(min(delay, MaxDelay)),
	})
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// Receive leases up to limit messages, at most [MaxBatch], for the visibility timeout. It
// waits for the first message for at most wait, which is at most [MaxWait], but at least a second.
//
// If the context ends during a poll, the messages that the poll would have returned stay
// hidden for a whole visibility timeout. Callers therefore let a poll finish:
// https://github.com/aws/aws-sdk-go-v2/issues/2068
func (q *Queue) Receive(ctx context.Context, limit int, wait, visibility time.Duration) ([]Message, error) {
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:            &q.url,
		MaxNumberOfMessages: int32(min(limit, MaxBatch)),
		// The SDK omits a zero, and the queue's own setting would apply.
		WaitTimeSeconds:             max(1, seconds(min(wait, MaxWait))),
		VisibilityTimeout:           seconds(visibility),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"ApproximateReceiveCount", "SentTimestamp", "DeadLetterQueueSourceArn"},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	messages := make([]Message, len(out.Messages))
	for i, m := range out.Messages {
		messages[i] = message(m)
	}
	return messages, nil
}

func message(m types.Message) Message {
	receives, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	millis, _ := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64)
	attributes := make(map[string]string, len(m.MessageAttributes))
	for name, value := range m.MessageAttributes {
		attributes[name] = aws.ToString(value.StringValue)
	}
	return Message{
		ID:         aws.ToString(m.MessageId),
		Body:       aws.ToString(m.Body),
		Receives:   receives,
		Sent:       time.UnixMilli(millis).UTC(),
		Attributes: attributes,
		MovedFrom:  m.Attributes["DeadLetterQueueSourceArn"],
		receipt:    aws.ToString(m.ReceiptHandle),
	}
}

// Extend sets the end of the lease to a visibility timeout from now.
func (q *Queue) Extend(ctx context.Context, m Message, visibility time.Duration) error {
	return q.changeVisibility(ctx, "extend", m, visibility)
}

// Release ends the lease: the message can be received again at once. The receive still
// counts.
func (q *Queue) Release(ctx context.Context, m Message) error {
	return q.changeVisibility(ctx, "release", m, 0)
}

func (q *Queue) changeVisibility(ctx context.Context, verb string, m Message, visibility time.Duration) error {
	_, err := q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl:          &q.url,
		ReceiptHandle:     &m.receipt,
		VisibilityTimeout: seconds(visibility),
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, m.ID, leaseError(err))
	}
	return nil
}

// Delete acknowledges the message: it will not be received again.
func (q *Queue) Delete(ctx context.Context, m Message) error {
	_, err := q.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{
		QueueUrl:      &q.url,
		ReceiptHandle: &m.receipt,
	})
	if err != nil {
		return fmt.Errorf("delete %s: %w", m.ID, leaseError(err))
	}
	return nil
}

// leaseError wraps the SQS errors that mean a lost lease in ErrLeaseLost. SQS uses one of
// them for wrong parameters too, but the parameters sent here are right.
func leaseError(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", "ReceiptHandleIsInvalid", "InvalidParameterValue":
			return fmt.Errorf("%w: %w", ErrLeaseLost, err)
		}
	}
	return err
}

// seconds rounds up, because SQS counts in whole seconds.
func seconds(d time.Duration) int32 {
	return int32((d + time.Second - 1) / time.Second)
}
